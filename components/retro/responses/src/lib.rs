//! `GET /api/v1/retrospects/:id/responses`: submitted answers, for members of the room, in an order that tells nothing.

use guest::prelude::*;
use rules_retro::format::{Category, NoSuchQuestion, QuestionNumber};
use serde::Deserialize;
use wire::{Author, AuthorKind, Code, Cursor, Language, ResponseEntry, ResponsePage};

const LIST: Read = Read { sql: include_str!("list.sql"), nothing: Code::Retro4041 };

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![GET list]).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    revealed: bool,
    question_known: bool,
    responses: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    response_id: i64,
    question_number: i32,
    author: Author,
    content: Option<String>,
    hidden_reason: Option<String>,
    like_count: i32,
    comment_count: i32,
}

async fn list(call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let retrospect = call.path_id("id")?;
    let category = Category::parse(call.query("category").as_deref().unwrap_or("ALL"))?;
    let (page, language) = (call.page()?, call.language());
    let question = category.question().map(QuestionNumber::get).map(i32::from);
    let last = page.after.map(|key| key.id);
    let found: Found = LIST.one(&member, params![retrospect, question, last, page.rows_to_read()]).await?;
    if !found.question_known {
        return Err(NoSuchQuestion.into());
    }
    let (listed, next_cursor) = page.cut(found.responses, |row| Cursor { sort: 0, id: row.response_id });
    call.ok(&ResponsePage {
        responses: listed.into_iter().map(|row| shown(row, language)).collect(),
        revealed: found.revealed,
        has_next: next_cursor.is_some(),
        next_cursor,
    })
}

fn shown(row: Listed, language: Language) -> ResponseEntry {
    ResponseEntry {
        response_id: row.response_id,
        question_number: row.question_number,
        user_name: row.author.user_name(language),
        anonymous: row.author.kind == AuthorKind::Nameless,
        content: row.content.unwrap_or_default(),
        hidden_reason: row.hidden_reason,
        like_count: row.like_count,
        comment_count: row.comment_count,
    }
}
