//! Every statement is understood by the migrated schema, for the role that sends it.

use tests_statements::{Base, literal_statements, statement_files};

#[tokio::test]
async fn every_statement_of_the_project_can_be_prepared_by_the_application() {
    let base = Base::new().await;
    let app = base.app().await;
    let files: Vec<_> = statement_files()
        .into_iter()
        .map(|file| (file.clone(), std::fs::read_to_string(file).unwrap()))
        .collect();
    let literals = literal_statements();
    assert!(files.len() >= 12, "only {} files were found", files.len());
    assert!(literals.len() >= 20, "only {} literals were found", literals.len());
    let mut problems = Vec::new();
    for (place, text) in files.iter().chain(&literals) {
        if let Err(error) = app.prepare(text).await {
            let said = error
                .as_db_error()
                .map_or_else(|| error.to_string(), |e| format!("{}: {}", e.code().code(), e.message()));
            problems.push(format!(
                "{}: {text}: {said}",
                place.strip_prefix(tests_checkout::top()).unwrap().display()
            ));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_file_of_a_statement_begins_with_what_must_hold() {
    for file in statement_files() {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("-- "), "{}", file.display());
    }
}
