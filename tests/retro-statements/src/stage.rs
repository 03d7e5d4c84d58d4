//! Scenes: a room with people inside, a retrospect they take part in.

use serde_json::Value;
use tokio_postgres::Client;

use crate::{Base, Got, Person, statements::*};

/// A room, its invite and the people inside, the owner first.
pub struct Room {
    /// The room's id.
    pub id: i64,
    /// Its invite code.
    pub code: String,
    /// Who is inside.
    pub people: Vec<Person>,
}

/// An invite code of its own for every number.
#[must_use]
pub fn code(number: i64) -> String {
    let random = u64::try_from(number).unwrap_or_default().to_be_bytes();
    rules_retro::InviteCode::from_random(random).as_str().to_owned()
}

/// Opens a room and returns its id.
pub async fn open_room(app: &Client, owner: &Person, title: &str) -> Got {
    let own: &[crate::Parameter<'_>] =
        &[&title, &None::<&str>, &"Asia/Seoul", &code(owner.id * 7 + title_sum(title)), &7_i32];
    owner.write(app, ROOM_CREATE, own).await
}

fn title_sum(title: &str) -> i64 {
    title.chars().map(|letter| i64::from(u32::from(letter))).sum()
}

/// Joins a room by its code.
pub async fn join(app: &Client, person: &Person, code: &str) -> Got {
    person.write(app, ROOM_JOIN, &[&code]).await
}

/// A room with `members` people inside, named after `name`.
pub async fn room(base: &Base, app: &Client, name: &str, members: usize) -> Room {
    let owner = base.person(&format!("{name}0")).await;
    let opened = open_room(app, &owner, name).await;
    let id = opened.done()["retroRoomId"].as_i64().unwrap();
    let code = opened.done()["inviteCode"].as_str().unwrap().to_owned();
    let mut people = vec![owner];
    for number in 1..members {
        let person = base.person(&format!("{name}{number}")).await;
        assert_eq!(join(app, &person, &code).await.word(), "DONE");
        people.push(person);
    }
    Room { id, code, people }
}

/// A retrospect of a room: a mode, a start and a reveal as SQL intervals from now.
pub async fn retrospect(base: &Base, app: &Client, room: &Room, mode: &str, reveal_in: Option<&str>) -> i64 {
    let instant = "SELECT (now() + $1::text::interval) AT TIME ZONE 'UTC'";
    let start: Option<std::time::SystemTime> =
        base.owner.query_one(instant, &[&"1 hour"]).await.unwrap().get(0);
    let reveal: Option<std::time::SystemTime> =
        base.owner.query_one(instant, &[&reveal_in]).await.unwrap().get(0);
    let none: Vec<String> = Vec::new();
    let own: &[crate::Parameter<'_>] = &[&room.id, &"sprint", &"KPT", &start, &mode, &reveal, &none];
    let made = room.people[0].write(app, RETROSPECT_CREATE, own).await;
    made.done()["retrospectId"].as_i64().unwrap()
}

/// Takes part.
pub async fn participate(app: &Client, person: &Person, retrospect: i64) -> Got {
    person.write(app, PARTICIPATE, &[&retrospect]).await
}

/// Saves drafts on top of a version.
pub async fn draft(
    app: &Client,
    person: &Person,
    retrospect: i64,
    seen: Option<i32>,
    texts: &[(i32, &str)],
) -> Got {
    let (numbers, texts): (Vec<i32>, Vec<&str>) = texts.iter().copied().unzip();
    person.write(app, DRAFT_SAVE, &[&retrospect, &seen, &numbers, &texts]).await
}

/// Five answers that carry a mark.
#[must_use]
pub fn answers(mark: &str) -> Vec<(i32, String)> {
    (1..=5).map(|number| (number, format!("{mark} {number}"))).collect()
}

/// Hands answers in.
pub async fn submit(
    app: &Client,
    person: &Person,
    retrospect: i64,
    answers: &[(i32, String)],
    nameless: Option<bool>,
) -> Got {
    submit_keyed(app, person, retrospect, None, answers, nameless).await
}

/// Hands answers in under an idempotency key.
pub async fn submit_keyed(
    app: &Client,
    person: &Person,
    retrospect: i64,
    key: Option<&str>,
    answers: &[(i32, String)],
    nameless: Option<bool>,
) -> Got {
    let (numbers, texts): (Vec<i32>, Vec<String>) = answers.iter().cloned().unzip();
    person.write_keyed(app, SUBMIT, key, &[&retrospect, &numbers, &texts, &nameless, &false]).await
}

/// All answers a person sees.
pub async fn responses(app: &Client, person: &Person, retrospect: i64) -> Value {
    person.read(app, RESPONSES, &[&retrospect, &None::<i32>, &None::<i64>, &100_i64]).await.unwrap()
}
