//! What a guest's SQL may do: everything within its own database file, nothing that reaches beyond.
//!
//! SQLite asks for each action while it prepares a statement. The answer is an allow-list, so that an action of a newer
//! SQLite can do nothing until a line here says so.

use rusqlite::hooks::{AuthAction, Authorization};

/// When SQLite asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// While the guest's statement is prepared.
    Preparing,
    /// While it runs: SQLite prepares statements of its own then, `VACUUM` for instance.
    Running,
}

/// Whether the guest may do `action`.
pub(crate) fn authorize(action: AuthAction<'_>, moment: Moment) -> Authorization {
    if is_allowed(action, moment) { Authorization::Allow } else { Authorization::Deny }
}

fn is_allowed(action: AuthAction<'_>, moment: Moment) -> bool {
    match action {
        // Reading and changing its own tables, views, indexes and triggers.
        AuthAction::Select
        | AuthAction::Recursive
        | AuthAction::Read { .. }
        | AuthAction::Insert { .. }
        | AuthAction::Update { .. }
        | AuthAction::Delete { .. }
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::AlterTable { .. }
        | AuthAction::Analyze { .. }
        | AuthAction::Reindex { .. }
        | AuthAction::CreateIndex { .. }
        | AuthAction::CreateTable { .. }
        | AuthAction::CreateTrigger { .. }
        | AuthAction::CreateView { .. }
        | AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::CreateTempView { .. }
        | AuthAction::DropIndex { .. }
        | AuthAction::DropTable { .. }
        | AuthAction::DropTrigger { .. }
        | AuthAction::DropView { .. }
        | AuthAction::DropTempIndex { .. }
        | AuthAction::DropTempTable { .. }
        | AuthAction::DropTempTrigger { .. }
        | AuthAction::DropTempView { .. }
        | AuthAction::DropVtable { .. } => true,
        AuthAction::CreateVtable { module_name, .. } => is_listed(MODULES, module_name),
        AuthAction::Function { function_name } => !is_listed(FORBIDDEN_FUNCTIONS, function_name),
        AuthAction::Pragma { pragma_name, pragma_value: None } => {
            is_listed(PRAGMAS_READ, pragma_name) || is_listed(PRAGMAS, pragma_name)
        }
        AuthAction::Pragma { pragma_name, pragma_value: Some(_) } => is_listed(PRAGMAS, pragma_name),
        // VACUUM's own scratch file has no name; a guest's ATTACH would be asked about while preparing, and
        // VACUUM INTO has a name.
        AuthAction::Attach { filename } => moment == Moment::Running && filename.is_empty(),
        AuthAction::Detach { .. } => moment == Moment::Running,
        // Also an ATTACH whose file name is computed.
        AuthAction::Unknown { .. } => false,
        _ => false,
    }
}

fn is_listed(list: &[&str], name: &str) -> bool {
    list.iter().any(|listed| listed.eq_ignore_ascii_case(name))
}

/// Kinds of virtual tables that live inside the database file.
const MODULES: &[&str] = &["fts3", "fts4", "fts5", "fts5vocab", "rtree", "rtree_i32"];

/// Functions that run code or touch files from outside the database; none but the first is compiled in today.
const FORBIDDEN_FUNCTIONS: &[&str] = &["load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"];

/// Pragmas that may be read and set: they concern the file's own contents, or the connection's view of them.
#[rustfmt::skip]
const PRAGMAS: &[&str] = &[
    "analysis_limit", "application_id", "auto_vacuum", "automatic_index", "case_sensitive_like", "defer_foreign_keys",
    "foreign_key_check", "foreign_key_list", "foreign_keys", "ignore_check_constraints", "incremental_vacuum",
    "index_info", "index_list", "index_xinfo", "integrity_check", "legacy_alter_table", "optimize", "query_only",
    "quick_check", "read_uncommitted", "recursive_triggers", "reverse_unordered_selects", "table_info", "table_list",
    "table_xinfo", "user_version",
];

/// Pragmas that may be read only: where the file lies, how it is locked, and how much memory and disk it may take, is
/// the host's to say.
#[rustfmt::skip]
const PRAGMAS_READ: &[&str] = &[
    "busy_timeout", "cache_size", "collation_list", "compile_options", "data_version", "encoding", "freelist_count",
    "function_list", "journal_mode", "max_page_count", "module_list", "page_count", "page_size", "pragma_list",
    "schema_version", "synchronous", "temp_store", "wal_checkpoint",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn pragma(name: &'static str, value: Option<&'static str>) -> bool {
        is_allowed(AuthAction::Pragma { pragma_name: name, pragma_value: value }, Moment::Preparing)
    }

    #[test]
    fn settings_of_the_host_can_be_read_but_not_changed() {
        assert!(pragma("journal_mode", None) && !pragma("journal_mode", Some("DELETE")));
        assert!(pragma("MAX_PAGE_COUNT", None) && !pragma("max_page_count", Some("99999999")));
        assert!(pragma("user_version", Some("3")) && pragma("table_info", Some("t")));
    }

    #[test]
    fn pragmas_that_leave_the_file_or_are_unknown_are_refused_in_any_form() {
        for name in
            ["temp_store_directory", "data_store_directory", "writable_schema", "mmap_size", "no_such"]
        {
            assert!(!pragma(name, None) && !pragma(name, Some("x")), "{name}");
        }
    }

    #[test]
    fn attaching_is_for_vacuum_alone() {
        let attach = |filename| AuthAction::Attach { filename };
        assert!(is_allowed(attach(""), Moment::Running));
        assert!(!is_allowed(attach(""), Moment::Preparing));
        assert!(!is_allowed(attach(":memory:"), Moment::Preparing));
        assert!(!is_allowed(attach("/etc/passwd"), Moment::Running));
        let computed = AuthAction::Unknown { code: 24, arg1: None, arg2: None };
        assert!(!is_allowed(computed, Moment::Preparing));
    }
}
