use super::*;

#[test]
fn only_the_entry_our_own_proxy_wrote_is_believed() {
    let forged = ["6.6.6.6, 203.0.113.9", "10.0.0.1"];
    assert_eq!(nth_from_right(forged.into_iter(), 2), Some("203.0.113.9".parse().unwrap()));
    assert_eq!(nth_from_right(forged.into_iter(), 1), Some("10.0.0.1".parse().unwrap()));
    assert_eq!(nth_from_right(forged.into_iter(), 4), None);
    assert_eq!(nth_from_right(["unknown"].into_iter(), 1), None);
}

#[test]
fn a_malformed_bearer_header_has_no_token() {
    assert_eq!(bearer("Bearer a.b.c"), Some("a.b.c"));
    assert_eq!(bearer("bearer a.b.c"), Some("a.b.c"));
    for header in ["Bearer", "Bearer ", "Basic a", "Bearer a b", "a.b.c"] {
        assert_eq!(bearer(header), None, "{header:?}");
    }
}
