//! `spin:variables` 3: what a component was given, and nothing else.

use tests_capabilities::{bed, err, ok, run};

#[test]
fn granted_variables_are_read_with_their_templates_filled() {
    run(async {
        let bed = bed().await;
        for (name, value) in [
            ("greeting", "hello"),
            ("sentence", "hello, you hello"),
            ("literal", "as it is"),
            ("password", "planted-secret-value"),
        ] {
            assert_eq!(*ok(&bed.get_json(&format!("/variables/get?name={name}")).await), value);
        }
    });
}

#[test]
fn a_variable_of_the_application_is_not_the_components() {
    run(async {
        let bed = bed().await;
        for name in ["database_url", "nothing"] {
            assert_eq!(err(&bed.get_json(&format!("/variables/get?name={name}")).await)["kind"], "undefined");
        }
        let answer = bed.get_json("/ungranted/variables/get?name=greeting").await;
        assert_eq!(err(&answer)["kind"], "undefined");
    });
}

#[test]
fn a_malformed_name_is_told_apart() {
    run(async {
        let answer = bed().await.get_json("/variables/get?name=Not-A-Name").await;
        assert_eq!(err(&answer)["kind"], "invalid-name");
    });
}
