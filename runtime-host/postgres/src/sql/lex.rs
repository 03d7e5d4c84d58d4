//! Cuts a statement into tokens as PostgreSQL's scanner does (`src/backend/parser/scan.l`): enough to tell words from
//! what stands in strings and comments.

/// One token; comments and white space are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or an unquoted name in lower case, or the inside of a quoted name as it stands.
    Word(String),
    /// A string constant of any kind, by its content as written.
    Text(String),
    /// Anything else, one character at a time; digits of numbers too.
    Mark(char),
}

/// Text whose meaning hangs on a server setting, or that ends inside a string or comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ambiguous;

/// The statement's tokens.
pub(super) fn tokens(sql: &str) -> Result<Vec<Token>, Ambiguous> {
    let mut rest = sql;
    let mut tokens = Vec::with_capacity(sql.len() / 6);
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        rest = if first.is_whitespace() {
            after
        } else if rest.starts_with("--") {
            rest.find(['\n', '\r']).map_or("", |end| &rest[end..])
        } else if rest.starts_with("/*") {
            after_block_comment(rest)?
        } else if first == '\'' {
            let (text, after) = quoted(after, '\'')?;
            // With standard_conforming_strings off, a backslash would hide the quote behind it.
            if text.contains("\\'") || text.ends_with('\\') {
                return Err(Ambiguous);
            }
            tokens.push(Token::Text(text));
            after
        } else if first == '"' {
            let (name, after) = quoted(after, '"')?;
            tokens.push(Token::Word(name));
            after
        } else if first == '$' {
            dollar(rest, &mut tokens)?
        } else if is_word_start(first) {
            word(rest, &mut tokens)?
        } else {
            tokens.push(Token::Mark(first));
            after
        };
    }
    Ok(tokens)
}

fn is_word_start(first: char) -> bool {
    first.is_ascii_alphabetic() || first == '_' || !first.is_ascii()
}

fn is_word_part(part: char) -> bool {
    is_word_start(part) || part.is_ascii_digit() || part == '$'
}

/// A word, or the string that its one letter announces (`E'…'`, `B'…'`, `X'…'`, `N'…'`).
fn word<'a>(rest: &'a str, tokens: &mut Vec<Token>) -> Result<&'a str, Ambiguous> {
    let end = rest.find(|part| !is_word_part(part)).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    if word.eq_ignore_ascii_case("e") && after.starts_with('\'') {
        let (text, after) = escaped(&after[1..])?;
        tokens.push(Token::Text(text));
        return Ok(after);
    }
    if word.eq_ignore_ascii_case("u") && (after.starts_with("&'") || after.starts_with("&\"")) {
        // Escapes could spell any name.
        return Err(Ambiguous);
    }
    tokens.push(Token::Word(word.to_ascii_lowercase()));
    Ok(after)
}

/// The content up to the closing quote; a doubled quote stands for one.
fn quoted(rest: &str, quote: char) -> Result<(String, &str), Ambiguous> {
    let mut content = String::new();
    let mut rest = rest;
    loop {
        let end = rest.find(quote).ok_or(Ambiguous)?;
        content.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix(quote) {
            Some(more) => {
                content.push(quote);
                rest = more;
            }
            None => return Ok((content, rest)),
        }
    }
}

/// The content of an `E'…'` string, escapes left as written.
fn escaped(rest: &str) -> Result<(String, &str), Ambiguous> {
    let mut characters = rest.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '\'' if characters.peek().is_some_and(|&(_, next)| next == '\'') => {
                characters.next();
            }
            '\'' => return Ok((rest[..at].to_owned(), &rest[at + 1..])),
            _ => {}
        }
    }
    Err(Ambiguous)
}

/// `$1` or `$tag$…$tag$`.
fn dollar<'a>(rest: &'a str, tokens: &mut Vec<Token>) -> Result<&'a str, Ambiguous> {
    let tag_end = rest[1..].find('$').map(|at| at + 2).filter(|&end| {
        let tag = &rest[1..end - 1];
        tag.is_empty()
            || (tag.starts_with(is_word_start) && tag.chars().all(|part| is_word_part(part) && part != '$'))
    });
    let Some(tag_end) = tag_end else {
        tokens.push(Token::Mark('$'));
        return Ok(&rest[1..]);
    };
    let (tag, body) = rest.split_at(tag_end);
    let end = body.find(tag).ok_or(Ambiguous)?;
    tokens.push(Token::Text(body[..end].to_owned()));
    Ok(&body[end + tag.len()..])
}

/// Block comments nest.
fn after_block_comment(rest: &str) -> Result<&str, Ambiguous> {
    let mut depth = 0_usize;
    let mut at = 0;
    let bytes = rest.as_bytes();
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Ok(&rest[at..]);
                }
            }
            _ => at += 1,
        }
    }
    Err(Ambiguous)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn word(text: &str) -> Token {
        Token::Word(text.to_owned())
    }

    #[test]
    fn strings_and_comments_hide_words() {
        let sql = "SELECT /* a /* nested */ still */ 'begin '' x', E'it\\'s', $q$ set $q$, $1 -- listen\n, \"Na\"\"me\"";
        let seen = tokens(sql).unwrap();
        let words: Vec<_> = seen.iter().filter(|token| matches!(token, Token::Word(_))).cloned().collect();
        assert_eq!(words, [word("select"), word("Na\"me")]);
        let texts: Vec<_> = seen.iter().filter(|token| matches!(token, Token::Text(_))).cloned().collect();
        assert_eq!(texts, ["begin ' x", "it\\'s", " set "].map(|text| Token::Text(text.to_owned())).to_vec());
    }

    #[test]
    fn text_that_could_be_read_in_two_ways_is_ambiguous() {
        for sql in
            ["SELECT 'a\\'", "SELECT 'open", "SELECT /* open", "SELECT $x$ open", "SELECT U&\"d\\0061ta\""]
        {
            assert_eq!(tokens(sql), Err(Ambiguous), "{sql}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(sql in "[-a-zA-Z0-9_$'\"/*\\\\ \n(),é;&]{0,60}") {
            let _ = tokens(&sql);
        }

        #[test]
        fn what_stands_in_a_string_is_never_a_word(inside in "[-a-zA-Z0-9_$\"/* (),é;&]{0,40}") {
            let sql = format!("SELECT '{inside}', $q${}$q$ -- {inside}\n /* {} */", inside.replace('$', ""), inside.replace(['*', '/'], ""));
            let seen = tokens(&sql).unwrap();
            let words = seen.iter().filter(|token| matches!(token, Token::Word(_))).count();
            prop_assert_eq!(words, 1, "{:?}", seen);
        }
    }
}
