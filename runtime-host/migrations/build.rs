//! Puts the migrations of the checkout into the binary, so that it can migrate from anywhere.

use std::fmt::Write;
use std::path::Path;

fn main() {
    let folder = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"))
        .join("../../infra/postgres/migrations");
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("the migrations in {} cannot be read: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a folder entry can be read").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let file = file.canonicalize().expect("a file just listed exists");
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
        writeln!(table, "    ({name:?}, include_str!({:?})),", file.display().to_string())
            .expect("a string can be written to");
    }
    table.push_str("]\n");
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&out).join("embedded.rs"), table).expect("OUT_DIR can be written to");
}
