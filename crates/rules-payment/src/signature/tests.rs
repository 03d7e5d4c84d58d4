use proptest::prelude::*;

use super::*;

const SECRET: &[u8] = b"a secret of thirty-two bytes or so";

fn signed<'a>(path_and_query: &'a str, body_sha256: &'a [u8; 32]) -> Signed<'a> {
    Signed { method: "POST", path_and_query, timestamp: "1767225600", nonce: "3f1c9a7e5b2d4860", body_sha256 }
}

#[test]
fn the_mac_is_the_one_of_rfc_4231_case_2() {
    let mac = keyed(b"Jefe").chain_update("what do ya want for nothing?");
    assert_eq!(
        hex(&mac.finalize().into_bytes()),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

#[test]
fn the_canonical_string_has_six_lines_and_no_line_feed_at_its_end() {
    let text = signed("/a?b=%20", &body_sha256(b"")).canonical();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(text, format!("MOALOG-HMAC-SHA256-V1\nPOST\n/a?b=%20\n1767225600\n3f1c9a7e5b2d4860\n{empty}"));
}

#[test]
fn a_signature_is_good_for_its_own_request_alone() {
    let (braces, spaced) = (body_sha256(b"{}"), body_sha256(b"{} "));
    let request = signed("/api/payments/authorize", &braces);
    let signature = request.sign(SECRET);
    assert!(request.verify(SECRET, &signature));
    assert!(request.verify(SECRET, &signature.to_uppercase()));
    let others = [
        Signed { method: "PUT", ..request },
        Signed { path_and_query: "/api/payments/authorize?", ..request },
        Signed { path_and_query: "/api/payments/capture", ..request },
        Signed { timestamp: "1767225601", ..request },
        Signed { nonce: "3f1c9a7e5b2d4861", ..request },
        Signed { body_sha256: &spaced, ..request },
    ];
    for other in others {
        assert!(!other.verify(SECRET, &signature), "{other:?}");
    }
    assert!(!request.verify(b"another secret", &signature));
    for cut in [&signature[..62], &signature[..0], &format!("{signature}00"), &"g".repeat(64)] {
        assert!(!request.verify(SECRET, cut), "{cut}");
    }
}

#[test]
fn headers_are_all_there_well_formed_and_in_time_or_refused() {
    let sign = "0".repeat(64);
    let good = [Some("mk_1"), Some("1000"), Some("0123456789abcdef"), Some(sign.as_str())];
    let read = |sent, now_s| SignatureHeaders::read(sent, now_s);
    assert!(read(good, 1_000).is_ok_and(|headers| headers.signed_at_s == 1_000));
    assert!(read(good, 1_300).is_ok() && read(good, 700).is_ok());
    assert_eq!(read(good, 1_301), Err(HeaderFault::Skewed));
    assert_eq!(read(good, 699), Err(HeaderFault::Skewed));
    assert_eq!(read([None; 4], 1_000), Err(HeaderFault::Unsigned));
    for missing in 0..4 {
        let mut sent = good;
        sent[missing] = None;
        assert_eq!(read(sent, 1_000), Err(HeaderFault::Malformed), "without {missing}");
    }
    let long = "n".repeat(65);
    for (place, text) in [
        (0, ""),
        (0, "a b"),
        (1, "-1000"),
        (1, "1e3"),
        (1, "9999999999999"),
        (2, "short"),
        (2, &long),
        (2, "0123456789abcde\u{7f}"),
        (3, "00"),
    ] {
        let mut sent = good;
        sent[place] = Some(text);
        assert_eq!(read(sent, 1_000), Err(HeaderFault::Malformed), "{place} {text:?}");
    }
}

proptest! {
    #[test]
    fn one_changed_digit_of_a_signature_is_refused(
        at in 0_usize..64,
        digit in prop::sample::select(b"0123456789abcdef".to_vec()),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let hash = body_sha256(&body);
        let request = signed("/x", &hash);
        let signature = request.sign(SECRET);
        let mut changed = signature.clone().into_bytes();
        changed[at] = digit;
        let changed = String::from_utf8(changed).unwrap();
        prop_assert_eq!(request.verify(SECRET, &changed), changed == signature);
    }

    #[test]
    fn any_text_as_a_signature_is_looked_at_without_harm(text in "\\PC{0,80}") {
        prop_assert!(!signed("/x", &[0; 32]).verify(SECRET, &text) || text.len() == 64);
    }

    #[test]
    fn two_keys_of_one_master_have_different_secrets(a in "[a-z0-9_]{1,40}", b in "[a-z0-9_]{1,40}") {
        prop_assert_eq!(secret_of(SECRET, &a) == secret_of(SECRET, &b), a == b);
    }
}
