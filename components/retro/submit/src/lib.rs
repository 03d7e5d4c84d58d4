//! `/api/v1/retrospects/:id/submit`: hands all answers in (`POST`), takes them back (`DELETE`).

use chrono::{DateTime, Utc};
use guest::{Done, prelude::*};
use rules_retro::{RoomZone, submission::Answers};
use serde::Deserialize;
use wire::{Code, EntriesFault, REFUSALS, SubmitBody, Submitted, Success, TakenBack};

const SUBMIT: Write = Write {
    // Known to `retro.forget_submission`.
    endpoint: "retro-submit",
    sql: include_str!("submit.sql"),
    nothing: Code::Retro4041,
    refusals: &REFUSALS,
    // Two equal random ids: a retry makes others.
    constraints: &[("response_by_id", Code::Common503), ("response_pkey", Code::Common503)],
};

const TAKE_BACK: Write = Write {
    endpoint: "retro-submit-take-back",
    sql: include_str!("take_back.sql"),
    nothing: Code::Retro4041,
    refusals: &REFUSALS,
    constraints: &[],
};

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, routes![POST submit, DELETE take_back]).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    retrospect_id: i64,
    submitted_at: DateTime<Utc>,
    time_zone: String,
}

async fn submit(mut call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let retrospect = call.path_id("id")?;
    let body: SubmitBody = call.json().await?;
    let typed: Vec<_> = body.answers.iter().map(|a| (a.question_number, a.content.as_str())).collect();
    let answers = Answers::parse(&typed).map_err(|fault| EntriesFault { list: "answers", fault })?;
    let (numbers, texts): (Vec<i32>, Vec<String>) =
        answers.iter().map(|(number, text)| (i32::from(number.get()), text.to_owned())).unzip();
    let own = params![retrospect, numbers, texts, body.anonymous, body.keep_from_ai];
    let Done { result: stored, replayed } = SUBMIT.run::<Stored>(&mut call, &member, own).await?;
    let zone = RoomZone::parse(Some(&stored.time_zone)).map_err(Failure::fault)?;
    let submitted_at = zone.rfc3339(stored.submitted_at);
    let result =
        Submitted { retrospect_id: stored.retrospect_id, submitted_at, status: "SUBMITTED".to_owned() };
    call.written(Success::Ok, &Done { result, replayed })
}

async fn take_back(mut call: Call) -> Result<Answer, Failure> {
    let member = call.member().await?;
    let retrospect = call.path_id("id")?;
    let taken = TAKE_BACK.run::<TakenBack>(&mut call, &member, params![retrospect]).await?;
    call.written(Success::Ok, &taken)
}
