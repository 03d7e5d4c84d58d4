//! Runs the shell blocks of the README's journeys, each section in one shell, against the app under test.

use std::process::Command;

/// Addresses as the README writes them.
const APP: &str = "http://127.0.0.1:3000";
const SANDBOX: &str = "http://127.0.0.1:3002";

/// The shell blocks of a section, in order.
fn blocks<'r>(readme: &'r str, section: &str) -> Vec<&'r str> {
    let (_, section) = readme.split_once(section).expect("the README has this journey");
    let section = section.split("\n## ").next().unwrap_or(section);
    section.split("```sh\n").skip(1).filter_map(|block| block.split("\n```").next()).collect()
}

/// Runs a section in a folder of its own, beside the repository's scripts, and returns what it said.
async fn journey(section: &str, steps_min: usize) -> String {
    let app = tests_support::app().await;
    let root = tests_checkout::top();
    let readme = std::fs::read_to_string(root.join("README.md")).expect("README.md");
    let blocks = blocks(&readme, section);
    assert!(blocks.len() >= steps_min, "the journey has lost its steps");
    let script = blocks.join("\n").replace(APP, &app.url).replace(SANDBOX, &app.sandbox_url);
    let name = section.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let folder = std::env::temp_dir().join(format!("moalog-readme{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for cookies");
    let scripts = std::fs::canonicalize(root.join("scripts")).expect("scripts/");
    std::os::unix::fs::symlink(scripts, folder.join("scripts")).expect("a link");
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(&folder)
        .output()
        .expect("bash runs");
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n---\n{said}\n---\n{complained}");
    said.into_owned()
}

#[test]
fn the_readme_shows_as_many_migrations_and_components_as_there_are() {
    let root = tests_checkout::top();
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect(path);
    let migrations = std::fs::read_dir(root.join("infra/postgres/migrations")).expect("migrations").count();
    let components: usize = ["spin.toml", "sandbox/dev-routes.toml"]
        .iter()
        .map(|path| read(path).lines().filter(|line| line.starts_with("source = ")).count())
        .sum();
    let readme = read("README.md");
    for line in
        [format!("✓ schema: {migrations} migrations applied"), format!("✓ {components} components ready")]
    {
        assert!(readme.contains(&line), "the README does not show `{line}`");
    }
}

#[test]
fn the_first_journey_of_the_readme_works_as_written() {
    tests_support::run(async {
        let said = journey("## First journey", 4).await;
        assert!(said.contains("Keep the demo on Friday"), "the answer was not read back:\n{said}");
    });
}

#[test]
fn the_payment_of_the_readme_works_as_written() {
    tests_support::run(async {
        let said = journey("## A payment", 4).await;
        for expected in [
            "\"status\":\"CAPTURE_REQUESTED\"",
            "\"timeline\":[",
            "\"code\":\"PAYMENT_DECLINED\"",
            "(402)",
            "\"code\":\"PROVIDER_TIMEOUT\"",
            "(504)",
            "(200)",
        ] {
            assert!(said.contains(expected), "{expected} is missing:\n{said}");
        }
        assert_eq!(said.matches("\"chargeId\"").count(), 1, "one charge:\n{said}");
    });
}
