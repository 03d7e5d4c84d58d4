//! A route as the manifest writes it: exact (`/rooms`), named (`/rooms/:id`), everything below (`/static/...`).

use routefinder::{RouteSpec, Segment};

/// A route that the router understands.
#[derive(Clone, Debug)]
pub struct RoutePattern {
    raw: String,
    based: String,
    spec: RouteSpec,
}

/// Why a route cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteFault {
    /// Something else than visible ASCII, or `?` or `#`.
    #[error(
        "has the character {0:?}; allowed: visible ASCII without \"?\" and \"#\", others percent-encoded"
    )]
    Character(char),
    /// `*` or `...` before the end.
    #[error("has a wildcard before its end; allowed: \"/...\" as the last segment")]
    Wildcard,
    /// `:` without a name, or with one that cannot stand in a header's name.
    #[error("has a parameter without a usable name; allowed: \":\" and letters, digits, \"_\" or \"-\"")]
    Parameter,
    /// The same parameter name twice.
    #[error("has the parameter {0:?} twice; allowed: each name once")]
    ParameterTwice(String),
}

impl RoutePattern {
    /// Reads a route. A missing `/` at its beginning is added and one at its end is ignored, as in Spin.
    pub fn parse(raw: &str) -> Result<Self, RouteFault> {
        let odd = |c: &char| !c.is_ascii_graphic() || matches!(c, '?' | '#');
        if let Some(odd) = raw.chars().find(odd) {
            return Err(RouteFault::Character(odd));
        }
        let absolute = if raw.starts_with('/') { raw.to_owned() } else { format!("/{raw}") };
        let based = absolute.strip_suffix('/').unwrap_or(&absolute).to_owned();
        let (stem, wildcard) = match based.strip_suffix("/...").or_else(|| based.strip_suffix("/*")) {
            Some(stem) => (stem, "/*"),
            None => (based.as_str(), ""),
        };
        if stem.contains("...") || stem.contains('*') {
            return Err(RouteFault::Wildcard);
        }
        let spec: RouteSpec = format!("{stem}{wildcard}").parse().map_err(|_| RouteFault::Parameter)?;
        let mut names: Vec<&str> = Vec::new();
        for segment in spec.segments() {
            if let Segment::Param(name) = segment {
                if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
                    return Err(RouteFault::Parameter);
                }
                if names.contains(&name.as_ref()) {
                    return Err(RouteFault::ParameterTwice(name.to_string()));
                }
                names.push(name);
            }
        }
        Ok(Self { raw: raw.to_owned(), based, spec })
    }

    /// The route as written.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The route with its leading and without its trailing `/`: empty for `/`, as Spin has it.
    pub fn based(&self) -> &str {
        &self.based
    }

    /// True for `/.well-known/spin/…`, of which Spin answers `health` and `info` itself.
    pub fn is_reserved_by_spin(&self) -> bool {
        self.based.starts_with("/.well-known/spin/")
    }

    /// What the paths that fit have in common; equal for two routes that fit the same paths.
    pub(crate) fn shape(&self) -> String {
        let mut shape = String::new();
        for segment in self.spec.segments() {
            match segment {
                Segment::Slash => shape.push('/'),
                Segment::Dot => shape.push('.'),
                Segment::Exact(text) => shape.push_str(text),
                // Neither can be part of a route's text.
                Segment::Param(_) => shape.push('?'),
                Segment::Wildcard => shape.push('#'),
            }
        }
        shape
    }

    pub(crate) fn spec(&self) -> &RouteSpec {
        &self.spec
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(raw: &str) -> String {
        RoutePattern::parse(raw).unwrap().shape()
    }

    #[test]
    fn routes_that_fit_the_same_paths_have_one_shape() {
        assert_eq!(shape("/rooms/:id"), shape("/rooms/:room/"));
        assert_eq!(shape("/a/..."), shape("a/*"));
        assert_eq!(shape("/"), shape(""));
        assert_ne!(shape("/rooms/:id"), shape("/rooms/..."));
        assert_ne!(shape("/rooms"), shape("/rooms/..."));
        assert_ne!(shape("/a.b"), shape("/a/b"));
    }

    #[test]
    fn a_wildcard_can_only_be_the_last_segment() {
        for bad in ["/*/a", "/a/.../b", "/a...", "/a*", "/*.json", "/..../"] {
            assert_eq!(RoutePattern::parse(bad).unwrap_err(), RouteFault::Wildcard, "{bad}");
        }
    }

    #[test]
    fn parameters_have_usable_names_each_once() {
        assert_eq!(RoutePattern::parse("/:").unwrap_err(), RouteFault::Parameter);
        assert_eq!(RoutePattern::parse("/:a+b").unwrap_err(), RouteFault::Parameter);
        assert_eq!(RoutePattern::parse("/:a/:a").unwrap_err(), RouteFault::ParameterTwice("a".into()));
        assert_eq!(RoutePattern::parse("/a b").unwrap_err(), RouteFault::Character(' '));
    }
}
