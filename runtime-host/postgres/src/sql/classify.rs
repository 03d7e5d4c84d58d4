//! Where a statement may run, judged by its text alone.
//!
//! On Spin a component's connection is a session of its own: what one statement leaves in it (a transaction, a setting,
//! a temporary table, a lock) the next one finds. A statement that can leave nothing behind may run on any session of
//! the pool; only those on the list here count as such, anything unknown keeps its session.
//!
//! What cannot be seen here: a user-defined function that changes its session (`set_config(…, false)` in its body, say).
//! A component that calls such functions is given [`Sessions::Dedicated`](crate::Sessions::Dedicated).

use super::lex::{Token, tokens};

/// Where a statement may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Needs nothing of its session and leaves nothing in it: any session will do.
    Shared,
    /// Uses or changes its session, in a way that a reset undoes.
    Session,
    /// Changes its session in a way that a reset might not undo: the session is closed after use.
    SessionOnce,
    /// Speaks a part of the protocol that the interface cannot carry.
    Refused,
}

/// Statements that leave nothing behind by themselves.
const SHARED_FIRST_WORDS: [&str; 9] =
    ["select", "insert", "update", "delete", "merge", "values", "table", "with", "explain"];

/// Statements that leave behind what the reset of a session does not see: prepared statements by name, or anything at
/// all that procedural code does.
const ONCE_FIRST_WORDS: [&str; 6] = ["prepare", "deallocate", "discard", "load", "do", "call"];

/// Functions that use or change their session, by the beginning of their names.
const SESSION_FUNCTIONS: [&str; 13] = [
    "pg_advisory_lock",
    "pg_advisory_unlock",
    "pg_try_advisory_lock",
    "pg_backend_pid",
    "pg_my_temp_schema",
    "pg_replication_origin_session",
    "pg_replication_origin_xact",
    "currval",
    "lastval",
    "setval",
    "setseed",
    "dblink",
    "pg_temp",
];

/// Judges one statement.
pub(crate) fn classify(sql: &str) -> Class {
    let Ok(tokens) = tokens(sql) else { return Class::SessionOnce };
    let first = tokens.iter().find_map(|token| match token {
        Token::Mark('(') => None,
        Token::Word(word) => Some(word.as_str()),
        Token::Text(_) | Token::Mark(_) => Some(""),
    });
    match first {
        // An empty statement.
        None => Class::Shared,
        Some("copy") => Class::Refused,
        Some(word) if ONCE_FIRST_WORDS.contains(&word) => Class::SessionOnce,
        Some(word) if SHARED_FIRST_WORDS.contains(&word) && !touches_session(&tokens) => Class::Shared,
        Some(_) => Class::Session,
    }
}

fn touches_session(tokens: &[Token]) -> bool {
    let returns = tokens.iter().any(|token| is_word(token, "returning"));
    tokens.iter().enumerate().any(|(at, token)| {
        let Token::Word(word) = token else { return false };
        match word.as_str() {
            "set_config" => !is_for_this_statement(&tokens[at + 1..]),
            // `SELECT … INTO` makes a table, which may be a temporary one.
            "into" => !at.checked_sub(1).is_some_and(|before| {
                is_word(&tokens[before], "insert") || is_word(&tokens[before], "merge")
            }),
            // Who takes the number without asking for it back will ask `currval` for it.
            "nextval" => !returns,
            name => SESSION_FUNCTIONS.iter().any(|function| {
                name.get(..function.len()).is_some_and(|start| start.eq_ignore_ascii_case(function))
            }),
        }
    })
}

fn is_word(token: &Token, expected: &str) -> bool {
    match token {
        Token::Word(word) => word == expected,
        Token::Text(_) | Token::Mark(_) => false,
    }
}

/// True when the arguments of `set_config` that follow end in the literal `true`: the setting then lasts as long as
/// the transaction, which in autocommit is this statement.
fn is_for_this_statement(after_name: &[Token]) -> bool {
    let mut depth = 0_u32;
    let mut arguments = vec![Vec::new()];
    for token in after_name {
        match token {
            Token::Mark('(') if depth == 0 => depth = 1,
            _ if depth == 0 => return false,
            Token::Mark(')') if depth == 1 => {
                return matches!(&arguments[..], [_, _, last] if matches!(&last[..], [only] if is_word(only, "true")));
            }
            Token::Mark(',') if depth == 1 => arguments.push(Vec::new()),
            token => {
                match token {
                    Token::Mark('(' | '[') => depth += 1,
                    Token::Mark(')' | ']') => depth -= 1,
                    Token::Word(_) | Token::Text(_) | Token::Mark(_) => {}
                }
                if let Some(argument) = arguments.last_mut() {
                    argument.push(token.clone());
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_reads_and_writes_share_a_session() {
        for sql in [
            "SELECT 1",
            "  -- why\n /* what */ select * from t where a = 'begin; set x'",
            "(SELECT 1) UNION (SELECT 2)",
            "INSERT INTO t (a) VALUES ($1) RETURNING id",
            "WITH gone AS (DELETE FROM t RETURNING *) INSERT INTO archive SELECT * FROM gone",
            "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE",
            "INSERT INTO t VALUES (nextval('s')) RETURNING id",
            "SELECT set_config('app.tenant_id', $1, true), f($2)",
            "SELECT SET_CONFIG('a', coalesce($1, (ARRAY['x','y'])[1]), TRUE)",
            "SELECT pg_advisory_xact_lock(1), pg_try_advisory_xact_lock(2)",
            "SELECT 'nextval', \"begin\" FROM t FOR UPDATE",
            "VALUES (1)",
            "TABLE t",
            "",
        ] {
            assert_eq!(classify(sql), Class::Shared, "{sql}");
        }
    }

    #[test]
    fn what_uses_or_changes_the_session_keeps_it() {
        for sql in [
            "BEGIN",
            "/* x */ Start Transaction",
            "COMMIT",
            "ROLLBACK",
            "SET search_path = a",
            "LISTEN c",
            "CREATE TEMP TABLE t (a int)",
            "CREATE TABLE t (a int)",
            "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
            "SELECT 1 INTO TEMP t",
            "WITH a AS (SELECT 1) SELECT * INTO b FROM a",
            "SELECT pg_advisory_lock(1)",
            "SELECT \"pg_advisory_lock\"(1)",
            "SELECT pg_catalog.pg_try_advisory_lock_shared(1)",
            "SELECT set_config('a', 'b', false)",
            "SELECT set_config('a', 'b', $1)",
            "SELECT set_config('a', 'b', true or false)",
            "SELECT nextval('s')",
            "INSERT INTO t VALUES (nextval('s'))",
            "SELECT lastval()",
            "SELECT currval('s')",
            "SELECT * FROM pg_temp.t",
            "VACUUM t",
            "12",
        ] {
            assert_eq!(classify(sql), Class::Session, "{sql}");
        }
    }

    #[test]
    fn what_a_reset_would_miss_is_run_on_a_session_that_is_closed_after() {
        for sql in ["PREPARE p AS SELECT 1", "DISCARD ALL", "DO $$ BEGIN END $$", "CALL p()", "SELECT 'a\\'"]
        {
            assert_eq!(classify(sql), Class::SessionOnce, "{sql}");
        }
    }

    #[test]
    fn copy_is_refused() {
        assert_eq!(classify("copy t from stdin"), Class::Refused);
    }

    proptest! {
        #[test]
        fn an_unknown_first_word_never_shares(word in "[a-z]{1,12}", rest in "[a-z0-9 ,()*']{0,40}") {
            prop_assume!(!SHARED_FIRST_WORDS.contains(&word.as_str()));
            prop_assert_ne!(classify(&format!("{word} {rest}")), Class::Shared);
        }

        #[test]
        fn a_session_function_is_found_wherever_it_stands(before in "[a-z0-9 ,(*=]{0,20}", after in "[a-z0-9 ,)*=]{0,20}", function in prop::sample::select(SESSION_FUNCTIONS.to_vec()), upper: bool) {
            let function = if upper { function.to_uppercase() } else { function.to_owned() };
            let sql = format!("SELECT {before} {function}() {after}");
            prop_assert_ne!(classify(&sql), Class::Shared);
        }

        #[test]
        fn comments_and_case_change_nothing(sql in prop::sample::select(vec!["select 1", "begin", "insert into t values (1)", "call p()"])) {
            prop_assert_eq!(classify(&format!("/* c */ -- d\n{}", sql.to_uppercase())), classify(sql));
        }
    }
}
