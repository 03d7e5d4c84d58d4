//! The checkout, held against every house rule.

use tests_house_rules::{Broken, Tree, layers, manifests, names, notes, places, size, sources};

fn hold(rule: fn(&Tree) -> Vec<Broken>) {
    let tree = match Tree::of_checkout() {
        Ok(tree) => tree,
        Err(reason) => panic!("{reason}"),
    };
    assert!(tree.crates().len() > 10, "the checkout's crates were not found");
    let found: Vec<String> = rule(&tree).iter().map(Broken::to_string).collect();
    assert!(found.is_empty(), "{} places:\n{}", found.len(), found.join("\n"));
}

#[test]
fn dependencies_keep_to_the_layer_table() {
    hold(layers::broken);
}

#[test]
fn a_crates_name_follows_from_its_folder() {
    hold(names::of_crates);
}

#[test]
fn no_file_or_folder_has_a_name_that_says_nothing() {
    hold(names::of_files);
}

#[test]
fn shipped_code_has_no_placeholder_and_no_bare_unwrap() {
    hold(sources::broken);
}

#[test]
fn nothing_compiled_names_its_checkout() {
    hold(sources::naming_a_checkout);
}

#[test]
fn files_keep_to_the_size_aim_and_the_list_of_longer_ones_only_shrinks() {
    hold(size::broken);
}

#[test]
fn each_crate_and_each_folder_of_modules_has_a_head_note() {
    hold(notes::broken);
}

#[test]
fn each_crate_takes_lints_and_edition_from_the_workspace() {
    hold(manifests::of_crates);
}

#[test]
fn the_production_manifest_names_nothing_of_the_development_machine() {
    hold(manifests::of_production);
}

#[test]
fn every_component_is_built_again_when_its_sources_change() {
    hold(manifests::of_watched);
}

#[test]
fn nothing_names_one_machines_folders_or_a_package_registry() {
    hold(places::broken);
}
