//! From a request's path to its component, with the precedence that Spin has: exact text before `:named` before
//! `/...`, segment by segment.

use crate::app::{App, Exposure};
use routefinder::{RouteSpec, Router, Segment};
use std::borrow::Cow;

/// The public routes of an app, most specific first.
#[derive(Clone, Debug)]
pub struct RouteTable {
    routes: Vec<(RouteSpec, Entry)>,
}

#[derive(Clone, Debug)]
struct Entry {
    component: String,
    raw: String,
    based: String,
}

impl RouteTable {
    /// The routes of `app`, without the private ones.
    pub fn new(app: &App) -> Self {
        let public = app.routes.iter().filter_map(|route| match &route.exposure {
            Exposure::Public(pattern) => {
                let entry = Entry {
                    component: route.component.clone(),
                    raw: pattern.raw().to_owned(),
                    based: pattern.based().to_owned(),
                };
                Some((pattern.spec().clone(), entry))
            }
            Exposure::Private => None,
        });
        // The router sorts by precedence; after that a plain list is enough.
        Self { routes: public.collect::<Router<Entry>>().into_iter().collect() }
    }

    /// The route that answers `path` (of the URL, without query, as sent).
    pub fn find<'r, 'p>(&'r self, path: &'p str) -> Option<RouteMatch<'r, 'p>> {
        self.routes.iter().find_map(|(spec, entry)| {
            let captured = spec.matches(path)?;
            let mut found = RouteMatch {
                component: &entry.component,
                raw_route: &entry.raw,
                based_route: &entry.based,
                trailing: Cow::Borrowed(""),
                named: Vec::new(),
            };
            let captures =
                spec.segments().iter().filter(|s| matches!(s, Segment::Param(_) | Segment::Wildcard));
            for (segment, value) in captures.zip(captured) {
                if let Segment::Param(name) = segment {
                    found.named.push((name, value));
                } else {
                    found.trailing = with_slashes(path, value);
                }
            }
            Some(found)
        })
    }
}

/// A path's route, with all that Spin's `spin-*` headers tell about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteMatch<'r, 'p> {
    /// The key in [`App::components`] of what answers.
    pub component: &'r str,
    /// The route as the manifest writes it (`spin-raw-component-route`).
    pub raw_route: &'r str,
    /// The route with its leading and without its trailing `/`: empty for `/` (`spin-matched-route`).
    pub based_route: &'r str,
    /// What `/...` stood for, with its leading `/`; empty without such (`spin-path-info`).
    pub trailing: Cow<'p, str>,
    /// What each `:name` stood for.
    pub named: Vec<(&'r str, &'p str)>,
}

impl<'r, 'p> RouteMatch<'r, 'p> {
    /// The match of a service-chaining call, which reaches its component by name and not by route.
    pub fn chained(component: &'r str, path: &'p str) -> Self {
        Self {
            component,
            raw_route: "/...",
            based_route: "/...",
            trailing: Cow::Borrowed(path),
            named: Vec::new(),
        }
    }

    /// What each `:name` stood for, by the header that tells it: small letters, and `-` for `_`, as Spin has it.
    pub fn named_headers(&self) -> impl Iterator<Item = (String, &'p str)> {
        self.named.iter().map(|(name, value)| {
            (format!("spin-path-match-{}", name.to_ascii_lowercase().replace('_', "-")), *value)
        })
    }

    /// The route as written, without `/...` at its end (`spin-component-route`).
    pub fn raw_route_or_prefix(&self) -> &'r str {
        self.raw_route.strip_suffix("/...").unwrap_or(self.raw_route)
    }
}

/// `rest`, a slice of `path` without slashes around it, with the slash before it and the one at the path's end.
fn with_slashes<'p>(path: &'p str, rest: &'p str) -> Cow<'p, str> {
    match (rest.is_empty(), path.ends_with('/')) {
        (true, false) => Cow::Borrowed(""),
        (true, true) => Cow::Borrowed("/"),
        (false, false) if path.len() > rest.len() => Cow::Borrowed(&path[path.len() - rest.len() - 1..]),
        (false, false) => Cow::Owned(format!("/{rest}")),
        (false, true) => Cow::Owned(format!("/{rest}/")),
    }
}
