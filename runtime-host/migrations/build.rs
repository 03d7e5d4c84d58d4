//! Puts the migrations of the checkout into the binary, so that it can migrate from anywhere.

use std::fmt::Write;
use std::path::Path;

fn main() {
    // From the package's folder, as checkouts share what cargo built.
    const FOLDER: &str = "../../infra/postgres/migrations";
    println!("cargo::rerun-if-changed={FOLDER}");
    let entries = std::fs::read_dir(FOLDER)
        .unwrap_or_else(|error| panic!("the migrations in {FOLDER} cannot be read: {error}"));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a folder entry can be read").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.file_name().expect("a file has a name").to_string_lossy();
        let text = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{} cannot be read: {error}", file.display()));
        writeln!(table, "    ({name:?}, {text:?}),").expect("a string can be written to");
    }
    table.push_str("]\n");
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&out).join("embedded.rs"), table).expect("OUT_DIR can be written to");
}
