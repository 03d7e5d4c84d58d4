//! Name, version and public routes of the application, as `spin.toml` had them when this component was built.

/// One public route.
pub(crate) struct Route {
    /// First word of the component's name: its folder under `components/`.
    pub(crate) area: &'static str,
    pub(crate) component: &'static str,
    pub(crate) path: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/manifest.rs"));

/// The routes by area, both in order.
pub(crate) fn areas() -> impl Iterator<Item = &'static [Route]> {
    ROUTES.chunk_by(|one, next| one.area == next.area)
}

/// Whether a path is served by this application.
pub(crate) fn serves(path: &str) -> bool {
    ROUTES.iter().any(|route| fits(route.path, path))
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for expected in pattern.split('/') {
        match (expected, parts.next()) {
            ("...", _) => return true,
            (expected, Some(part)) if expected.starts_with(':') || expected == part => {}
            (_, Some(_) | None) => return false,
        }
    }
    parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_its_exact_named_or_open_pattern() {
        assert!(fits("/a/b", "/a/b"));
        assert!(fits("/a/:id", "/a/7"));
        assert!(fits("/a/...", "/a/7/8"));
        assert!(fits("/", "/"));
    }

    #[test]
    fn a_path_that_is_longer_shorter_or_other_does_not_fit() {
        assert!(!fits("/a/b", "/a"));
        assert!(!fits("/a", "/a/b"));
        assert!(!fits("/a/b", "/a/c"));
    }

    #[test]
    fn areas_are_whole_and_come_once() {
        let names: Vec<_> = areas().map(|routes| routes[0].area).collect();
        let mut once = names.clone();
        once.dedup();
        assert_eq!(names, once);
        assert_eq!(areas().map(<[Route]>::len).sum::<usize>(), ROUTES.len());
    }
}
