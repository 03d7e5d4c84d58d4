//! Rooms: limits, names, events, under many hands at once.

use futures::future::join_all;
use tests_retro_statements::{Base, Got, Person, stage::*, statements::*};
use tokio_postgres::Client;

/// One crowd at a time: the server has a hundred seats.
static CROWD: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn crowd(base: &Base, name: &str, heads: usize) -> Vec<(Client, Person)> {
    let mut crowd = Vec::with_capacity(heads);
    for number in 0..heads {
        crowd.push((base.app().await, base.person(&format!("{name}{number}")).await));
    }
    crowd
}

fn count(got: &[Got], word: &str) -> usize {
    got.iter().filter(|got| got.word() == word).count()
}

/// Events are numbered from 1 without gaps, and the counter tells their number and that of the members.
async fn assert_room_is_sound(base: &Base, room: i64) {
    let sound = "SELECT (c.event_seq = count(e.seq) AND c.event_seq = max(e.seq) AND c.member_count
                         = (SELECT count(*) FROM retro.room_member AS rm WHERE rm.room_id = c.room_id))::integer::bigint
                   FROM retro.room_counter AS c JOIN retro.room_event AS e ON e.room_id = c.room_id
                  WHERE c.room_id = $1 GROUP BY c.room_id, c.event_seq, c.member_count";
    assert_eq!(base.number(sound, &[&room]).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_joins_at_once_a_free_room_lets_nine_in() {
    let _seats = CROWD.lock().await;
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "free", 1).await;
    let crowd = crowd(&base, "guest", 64).await;
    let got = join_all(crowd.iter().map(|(app, person)| join(app, person, &room.code))).await;
    assert_eq!((count(&got, "DONE"), count(&got, "FULL")), (9, 55), "{got:?}");
    assert_room_is_sound(&base, room.id).await;
    let order = "SELECT count(*) FROM retro.room_event AS e WHERE room_id = $1 AND kind = 'MEMBER_JOINED'";
    assert_eq!(base.number(order, &[&room.id]).await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_joins_at_once_a_team_room_lets_all_in() {
    let _seats = CROWD.lock().await;
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "team", 1).await;
    let plan = "INSERT INTO retro.member_plan VALUES ($1, 'TEAM', now() + interval '1 day')";
    base.owner.execute(plan, &[&room.people[0].id]).await.unwrap();
    let crowd = crowd(&base, "guest", 64).await;
    let got = join_all(crowd.iter().map(|(app, person)| join(app, person, &room.code))).await;
    assert_eq!(count(&got, "DONE"), 64);
    assert_room_is_sound(&base, room.id).await;
    base.owner.execute("UPDATE retro.member_plan SET valid_until = now()", &[]).await.unwrap();
    let late = base.person("late").await;
    assert_eq!(join(&app, &late, &room.code).await.word(), "FULL", "a plan that ended no longer counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_joins_many_times_at_once_is_inside_once() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "twice", 1).await;
    let person = base.person("eager").await;
    let mut apps = Vec::new();
    for _ in 0..16 {
        apps.push(base.app().await);
    }
    let got = join_all(apps.iter().map(|app| join(app, &person, &room.code))).await;
    assert_eq!(count(&got, "DONE"), 1);
    assert_eq!(count(&got, "ALREADY_MEMBER") + count(&got, "room_member_pkey"), 15, "{got:?}");
    assert_room_is_sound(&base, room.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crossing_joins_of_two_rooms_never_lock_each_other_out() {
    let base = Base::new().await;
    let app = base.app().await;
    let (left, right) = (room(&base, &app, "left", 1).await, room(&base, &app, "right", 1).await);
    let crowd = crowd(&base, "both", 9).await;
    let mut others = Vec::new();
    for _ in &crowd {
        others.push(base.app().await);
    }
    let lefts = join_all(crowd.iter().map(|(app, person)| join(app, person, &left.code)));
    let rights = join_all(crowd.iter().zip(&others).map(|((_, person), app)| join(app, person, &right.code)));
    let (lefts, rights) = tokio::join!(lefts, rights);
    assert_eq!((count(&lefts, "DONE"), count(&rights, "DONE")), (9, 9), "{lefts:?} {rights:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_has_one_room_of_a_name_and_others_may_use_it_too() {
    let base = Base::new().await;
    let (one, two) = (base.app().await, base.app().await);
    let (owner, other) = (base.person("owner").await, base.person("other").await);
    let open = async |app: &Client, owner: &Person, title: &'static str, number: i64| {
        owner.write(app, ROOM_CREATE, &[&title, &None::<&str>, &"Asia/Seoul", &code(number), &7_i32]).await
    };
    let (first, second) = tokio::join!(open(&one, &owner, "Team A", 1), open(&two, &owner, "team a", 2));
    let mut words = [first.word(), second.word()];
    words.sort_unstable();
    assert_eq!(words, ["DONE", "room_title_per_owner"]);
    assert_eq!(open(&one, &other, "Team A", 3).await.word(), "DONE");
    let rooms = owner.read(&one, ROOM_LIST, &[&None::<i64>, &None::<i64>, &10_i64]).await.unwrap();
    assert_eq!(rooms["retroRooms"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_expired_or_replaced_invite_lets_nobody_in_but_tells_members_where_the_room_is() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "old", 2).await;
    base.owner
        .execute("UPDATE retro.invite SET issued_at = now() - interval '8 days', expires_at = now()", &[])
        .await
        .unwrap();
    let stranger = base.person("stranger").await;
    assert_eq!(join(&app, &stranger, &room.code).await, Got::Word("EXPIRED".into(), serde_json::Value::Null));
    let inside = join(&app, &room.people[1], &room.code).await;
    assert_eq!(inside.word(), "ALREADY_MEMBER");
    let Got::Word(_, detail) = inside else { unreachable!("a word was just compared") };
    assert_eq!(detail["retroRoomId"], room.id);
    assert_eq!(join(&app, &stranger, &code(99)).await, Got::Nothing);
}

#[tokio::test]
async fn a_list_of_members_pages_without_gap_or_repeat() {
    let base = Base::new().await;
    let app = base.app().await;
    let room = room(&base, &app, "page", 7).await;
    let (mut seen, mut after) = (Vec::new(), (None::<i64>, None::<i64>));
    loop {
        let page =
            room.people[3].read(&app, ROOM_MEMBERS, &[&room.id, &after.0, &after.1, &3_i64]).await.unwrap();
        let members = page["members"].as_array().unwrap().clone();
        let Some(last) = members.last() else { break };
        after = (last["joinedMicros"].as_i64(), last["memberId"].as_i64());
        seen.extend(members.iter().map(|member| member["memberId"].as_i64().unwrap()));
    }
    assert_eq!(seen, room.people.iter().map(|person| person.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_repeated_write_with_the_same_key_answers_the_first_answer_and_acts_once() {
    let base = Base::new().await;
    let app = base.app().await;
    let owner = base.person("owner").await;
    let create = async |title: &'static str| {
        let own: &[tests_retro_statements::Parameter<'_>] =
            &[&title, &None::<&str>, &"Asia/Seoul", &code(5), &7_i32];
        owner.write_keyed(&app, ROOM_CREATE, Some("key-1"), own).await
    };
    let first = create("first").await;
    let again = create("first").await;
    assert_eq!((first.word(), again.word()), ("DONE", "REPLAY"));
    assert_eq!(first.done(), again.done());
    assert_eq!(base.number("SELECT count(*) FROM retro.room", &[]).await, 1);
}
