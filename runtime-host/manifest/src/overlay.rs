//! Two manifests as one app, e.g. an app and the sandbox that stands in for the outside world in development.

use crate::app::{App, Exposure};
use crate::problem::{Place, Problem, Problems};
use std::collections::BTreeMap;

impl App {
    /// This app with the components, routes and variables of `other` added; name and version stay this one's.
    ///
    /// Errors with every clash: a component id or a route that both have, or a variable that both declare differently.
    pub fn with_overlay(mut self, other: Self) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let mut clash = |place: &Place, text: String| {
            problems.push(Problem { place: Some(place.clone()), text });
        };
        for (name, added) in other.variables {
            match self.variables.get(&name) {
                Some(first) if !added.declares_the_same_as(first) => clash(
                    &added.declared,
                    format!("variable {name:?} is declared differently in {}", first.declared),
                ),
                Some(_) => {}
                None => _ = self.variables.insert(name, added),
            }
        }
        for (id, added) in other.components {
            match self.components.get(&id) {
                Some(first) => clash(
                    &added.declared,
                    format!("component {id:?} is declared in {} too; allowed: another id", first.declared),
                ),
                None => _ = self.components.insert(id, added),
            }
        }
        let shapes: BTreeMap<String, (String, Place)> = self
            .routes
            .iter()
            .filter_map(|route| match &route.exposure {
                Exposure::Public(pattern) => {
                    Some((pattern.shape(), (pattern.raw().to_owned(), route.declared.clone())))
                }
                Exposure::Private => None,
            })
            .collect();
        for added in other.routes {
            if let Exposure::Public(pattern) = &added.exposure
                && let Some((raw, place)) = shapes.get(&pattern.shape())
            {
                clash(&added.declared, format!("route {:?} clashes with {raw:?} in {place}", pattern.raw()));
            }
            self.routes.push(added);
        }
        self.notes.extend(other.notes);
        if problems.is_empty() { Ok(self) } else { Err(Problems(problems)) }
    }
}
