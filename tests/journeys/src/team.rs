//! A team: people in a room, a retrospect of theirs.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tests_support::{Answer, App, Person};

use crate::unique;

/// A room with people inside, the owner first.
pub struct Team {
    /// The room's id.
    pub room: i64,
    /// The code that opens it.
    pub code: String,
    /// Who is inside.
    pub people: Vec<Person>,
}

/// A number of an answer.
///
/// # Panics
/// When it is none.
#[must_use]
#[track_caller]
pub fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no number"))
}

impl Team {
    /// Opens a room and lets `size - 1` people join it.
    pub async fn of(app: &App, size: usize) -> Self {
        let owner = app.member().await;
        let room = owner.post("/api/v1/retro-rooms", &json!({ "title": unique("방") })).await.ok();
        let code = room["inviteCode"].as_str().unwrap_or_default().to_owned();
        let mut people = vec![owner];
        while people.len() < size {
            let person = app.member().await;
            person.post("/api/v1/retro-rooms/join", &json!({ "inviteCode": code })).await.ok();
            people.push(person);
        }
        Self { room: number(&room["retroRoomId"]), code, people }
    }

    /// What a request for a retrospect of this room holds; change what the test is about.
    #[must_use]
    pub fn plan(&self) -> Value {
        json!({
            "retroRoomId": self.room, "projectName": "스프린트 12", "retrospectDate": day_ahead(),
            "retrospectTime": "15:00", "retrospectMethod": "KPT", "referenceUrls": [],
        })
    }

    /// Plans a retrospect in which everybody takes part.
    pub async fn retrospect(&self, identity_mode: &str) -> i64 {
        let mut plan = self.plan();
        plan["identityMode"] = identity_mode.into();
        let made = self.people[0].post("/api/v1/retrospects", &plan).await.ok();
        let retrospect = number(&made["retrospectId"]);
        for person in &self.people {
            person.post(&format!("/api/v1/retrospects/{retrospect}/participants"), &json!({})).await.ok();
        }
        retrospect
    }
}

/// A calendar day some days ahead, whatever the zone.
#[must_use]
pub fn day_ahead() -> String {
    (Utc::now() + TimeDelta::days(7)).format("%Y-%m-%d").to_string()
}

/// Five answers that begin with a mark.
#[must_use]
pub fn answers(mark: &str) -> Value {
    let one = |number: i32| json!({ "questionNumber": number, "content": format!("{mark} {number}") });
    Value::Array((1..=5).map(one).collect())
}

/// Hands five answers in.
pub async fn submit(person: &Person, retrospect: i64, mark: &str) -> Answer {
    let path = format!("/api/v1/retrospects/{retrospect}/submit");
    person.post(&path, &json!({ "answers": answers(mark) })).await
}
