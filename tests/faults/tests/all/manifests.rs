//! `moalog serve` with each broken manifest: everything that is wrong with it, at once, and no open port.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tests_faults::{Launch, run};

/// Cases that are about what a sound manifest means.
const SOUND: [&str; 2] = ["only-remarks", "sound"];

fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(tests_checkout::top().join("tests/cases/host")).unwrap();
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.retain(|folder| !SOUND.iter().any(|sound| folder.ends_with(sound)));
    folders
}

/// A copy of the case in which each `.wat` is a `.wasm`.
fn assembled(case: &Path, into: &Path) {
    for file in
        std::fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
    {
        let copy = into.join(file.file_name().unwrap());
        if file.extension().is_some_and(|extension| extension == "wat") {
            std::fs::write(copy.with_extension("wasm"), wat::parse_file(&file).unwrap()).unwrap();
        } else {
            std::fs::copy(&file, copy).unwrap();
        }
    }
}

fn has_wat(case: &Path) -> bool {
    let mut files = std::fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path());
    files.any(|file| file.extension().is_some_and(|extension| extension == "wat"))
}

/// What `moalog serve` said, and how it ended.
async fn served(folder: &Path) -> (Option<i32>, String) {
    let mut launch = Launch::serve(folder.join("spin.toml"));
    if folder.join("overlay.toml").exists() {
        launch = launch.flag("--overlay", folder.join("overlay.toml").display());
    }
    for value in std::fs::read_to_string(folder.join("values.env")).unwrap_or_default().lines() {
        launch = launch.flag("--variable", value);
    }
    let mut host = launch.spawn().unwrap();
    let address = host.address();
    let knocking = tokio::spawn(async move {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let ended = host.ended(Duration::from_secs(30)).await;
    assert!(!knocking.is_finished(), "{}: its port was open", folder.display());
    knocking.abort();
    (ended.code, host.log().replace(&format!("{}/", folder.display()), ""))
}

#[test]
fn every_broken_manifest_is_refused_with_all_that_is_wrong_and_no_port_is_opened() {
    run(async {
        let mut wrong = Vec::new();
        for case in cases() {
            let copy = tempfile::tempdir().unwrap();
            let folder = if has_wat(&case) {
                assembled(&case, copy.path());
                copy.path()
            } else {
                &case
            };
            let (code, said) = served(folder).await;
            let expected = std::fs::read_to_string(case.join("expected.txt")).unwrap();
            let missing: Vec<&str> = expected.lines().filter(|line| !said.contains(line)).collect();
            if code != Some(1) || !missing.is_empty() {
                wrong
                    .push(format!("{}: exit {code:?}; not said: {missing:#?}\nsaid: {said}", case.display()));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    });
}

#[test]
fn a_port_in_use_is_one_sentence() {
    run(async {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut host = Launch::components().on(taken.local_addr().unwrap()).spawn().unwrap();
        assert_eq!(host.ended(Duration::from_secs(10)).await.code, Some(1));
        let said = host.log();
        assert!(said.contains("is in use by another program") && said.contains("--listen"), "{said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    });
}
