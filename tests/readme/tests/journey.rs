//! Runs every shell block of the README's section "First journey" in one shell, against the app under test.

use std::process::Command;

const SECTION: &str = "## First journey";
/// Addresses as the README writes them.
const APP: &str = "http://127.0.0.1:3000";
const SANDBOX: &str = "http://127.0.0.1:3002";

/// The shell blocks of the section, in order.
fn blocks(readme: &str) -> Vec<&str> {
    let (_, section) = readme.split_once(SECTION).expect("the README has its first journey");
    let section = section.split("\n## ").next().unwrap_or(section);
    section.split("```sh\n").skip(1).filter_map(|block| block.split("\n```").next()).collect()
}

#[test]
fn the_first_journey_of_the_readme_works_as_written() {
    tests_support::run(async {
        let app = tests_support::app().await;
        let readme =
            std::fs::read_to_string(tests_support::repository().join("README.md")).expect("README.md");
        let blocks = blocks(&readme);
        assert!(blocks.len() >= 4, "the journey has lost its steps");
        let script = blocks.join("\n").replace(APP, &app.url).replace(SANDBOX, &app.sandbox_url);
        let folder = std::env::temp_dir().join(format!("moalog-readme-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for cookies");
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .current_dir(&folder)
            .output()
            .expect("bash runs");
        std::fs::remove_dir_all(&folder).expect("the folder goes");
        let (said, complained) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}\n---\n{said}\n---\n{complained}");
        assert!(said.contains("Keep the demo on Friday"), "the answer was not read back:\n{said}");
    });
}
