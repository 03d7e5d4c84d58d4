//! Every statement is understood by the migrated schema, for the role that sends it.

use tests_statements::{Base, root, statement_files};

#[tokio::test]
async fn every_statement_of_the_project_can_be_prepared_by_the_application() {
    let base = Base::new().await;
    let app = base.app().await;
    let files = statement_files();
    assert!(files.len() >= 12, "only {} statements were found", files.len());
    let mut problems = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        if let Err(error) = app.prepare(&text).await {
            let said = error
                .as_db_error()
                .map_or_else(|| error.to_string(), |e| format!("{}: {}", e.code().code(), e.message()));
            problems.push(format!("{name}: {said}"));
        }
        if !text.starts_with("-- ") {
            problems.push(format!("{name}: begins without a comment that says what must hold"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
