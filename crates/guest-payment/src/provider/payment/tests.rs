//! Bodies of our own making, in the shape that Toss documents.

use proptest::prelude::*;
use rules_payment::provider::Mismatch;

use super::*;

fn body(status: &str, total: &str, currency: &str, acquired: &str, more: &str) -> String {
    format!(
        r#"{{"version":"2022-11-16","paymentKey":"tgen_1_a","orderId":"mo-1-42","status":"{status}",
            "totalAmount":{total},"currency":"{currency}","balanceAmount":0,"method":"카드",
            "card":{{"approveNo":"00000001","acquireStatus":"{acquired}","number":"433012******1234"}}{more}}}"#
    )
}

fn outcome(body: &str, money: Money, wanted: Wanted) -> Outcome {
    Payment::read(body.as_bytes()).unwrap().outcome("mo-1-42", money, wanted)
}

fn won(minor: i64) -> Money {
    Money::new(minor, Currency::KRW).unwrap()
}

#[test]
fn a_held_payment_is_approved_with_key_and_number() {
    let approved = outcome(&body("DONE", "1000", "KRW", "READY", ""), won(1000), Wanted::Held);
    let Outcome::Approved(approval) = approved else { panic!("{approved:?}") };
    assert_eq!(
        (approval.payment_key.as_str(), approval.approval_number.as_deref()),
        ("tgen_1_a", Some("00000001"))
    );
}

#[test]
fn an_answer_with_another_amount_is_for_review_with_both_numbers() {
    let answer = outcome(&body("DONE", "1001", "KRW", "READY", ""), won(1000), Wanted::Held);
    let Outcome::Review(Mismatch { asked_minor, echoed_minor, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!((asked_minor, echoed_minor), (1000, 1001));
    for other in [body("DONE", "1000", "JPY", "READY", ""), body("DONE", "10.00", "USD", "READY", "")] {
        assert!(matches!(outcome(&other, won(1000), Wanted::Held), Outcome::Review(_)), "{other}");
    }
    let elsewhere = body("DONE", "1000", "KRW", "READY", "").replace("mo-1-42", "mo-1-43");
    assert!(matches!(outcome(&elsewhere, won(1000), Wanted::Held), Outcome::Review(_)));
}

#[test]
fn a_success_that_does_not_show_what_was_asked_is_unknown() {
    for (status, acquired, wanted) in [
        ("IN_PROGRESS", "READY", Wanted::Held),
        ("DONE", "READY", Wanted::Taken),
        ("DONE", "COMPLETED", Wanted::Canceled),
        ("SOMETHING_NEW", "READY", Wanted::Held),
    ] {
        let answer = outcome(&body(status, "1000", "KRW", acquired, ""), won(1000), wanted);
        assert!(matches!(answer, Outcome::Unknown(Doubt::Unreadable)), "{status} {answer:?}");
    }
    assert!(Payment::read(b"[]").is_none());
    assert!(Payment::read(br#"{"paymentKey":"a b"}"#).is_none());
}

#[test]
fn a_refund_is_compared_by_its_own_amount() {
    let cancels =
        r#","cancels":[{"cancelAmount":300,"cancelReason":"a"},{"cancelAmount":200,"cancelReason":"b"}]"#;
    let told = body("PARTIAL_CANCELED", "1000", "KRW", "COMPLETED", cancels);
    assert!(matches!(outcome(&told, won(200), Wanted::GivenBack), Outcome::Approved(_)));
    assert!(matches!(outcome(&told, won(300), Wanted::GivenBack), Outcome::Review(_)));
    let none = body("DONE", "1000", "KRW", "COMPLETED", "");
    assert!(matches!(outcome(&none, won(200), Wanted::GivenBack), Outcome::Unknown(_)));
}

#[test]
fn an_inquiry_tells_each_state_apart() {
    let seen = |status: &str, acquired: &str| {
        Payment::read(body(status, "1000", "KRW", acquired, "").as_bytes())
            .unwrap()
            .seen("mo-1-42", won(1000))
    };
    assert!(matches!(seen("DONE", "READY"), Sight::Held(_)));
    assert!(matches!(seen("DONE", "COMPLETED"), Sight::Taken(_)));
    assert!(matches!(seen("IN_PROGRESS", "READY"), Sight::Pending(_)));
    assert!(matches!(seen("CANCELED", "COMPLETED"), Sight::Canceled(_)));
    assert!(matches!(seen("PARTIAL_CANCELED", "COMPLETED"), Sight::PartlyCanceled(_)));
    assert!(matches!(seen("ABORTED", "READY"), Sight::Declined(_)));
}

proptest! {
    #[test]
    fn every_amount_of_every_currency_survives_the_wire(
        minor_units in 1_i64..=rules_payment::money::MINOR_UNITS_MAX,
        currency in prop::sample::select(Currency::all().collect::<Vec<_>>()),
    ) {
        let money = Money::new(minor_units, currency).unwrap();
        prop_assert_eq!(minor(&number(money), currency.code()), Some(minor_units));
    }
}
