//! Rooms: opening, joining, who is inside, what outsiders never learn.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests_journeys::{Team, number, unique};
use tests_support::{app, run};

#[test]
fn a_team_opens_a_room_joins_it_by_link_and_sees_who_is_inside() {
    run(async {
        let app = app().await;
        let (owner, guest) = (app.member().await, app.member().await);
        let title = unique("회고");
        let body = json!({ "title": format!("  {title} "), "description": "매주 금요일", "timeZone": "Europe/Berlin" });
        let room = owner.post("/api/v1/retro-rooms", &body).await.ok();
        assert_eq!(room["title"], title, "white space around a name is not kept");
        let (id, code) = (number(&room["retroRoomId"]), room["inviteCode"].as_str().unwrap().to_owned());

        let invite = guest.get(&format!("/api/v1/retro-rooms/{id}/invite-code")).await;
        invite.refused(404, "RETRO4041");
        let link = format!("https://moalog.example/invite/{}?from=chat", code.to_lowercase());
        let joined = guest.post("/api/v1/retro-rooms/join", &json!({ "inviteUrl": link })).await.ok();
        assert_eq!((&joined["retroRoomId"], &joined["title"]), (&json!(id), &json!(title)));
        let invite = guest.get(&format!("/api/v1/retro-rooms/{id}/invite-code")).await.ok();
        assert_eq!((&invite["inviteCode"], &invite["expired"]), (&json!(code), &json!(false)));
        let berlin = invite["expiresAt"].as_str().unwrap();
        assert!(berlin.ends_with("+01:00") || berlin.ends_with("+02:00"), "{berlin} is in the room's zone");

        let again = guest.post("/api/v1/retro-rooms/join", &json!({ "inviteCode": code })).await;
        again.refused(409, "RETRO4092");
        assert_eq!(again.body["result"]["retroRoomId"], id, "any link leads a member inside");

        let members = guest.get(&format!("/api/v1/retro-rooms/{id}/members")).await.ok();
        let roles: Vec<_> =
            members["members"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
        assert_eq!((roles, &members["memberCount"]), (vec!["OWNER", "MEMBER"], &json!(2)));
        let rooms = guest.get("/api/v1/retro-rooms").await.ok();
        assert_eq!(
            rooms["retroRooms"],
            json!([{ "retroRoomId": id, "retroRoomName": title, "orderIndex": 1 }])
        );
    });
}

#[test]
fn a_room_on_the_free_plan_holds_ten_however_many_come_at_once() {
    run(async {
        let app = app().await;
        let team = Team::of(app, 1).await;
        let crowd = join_all((0..32).map(|_| app.member())).await;
        let body = json!({ "inviteCode": team.code });
        let answers =
            join_all(crowd.iter().map(|person| person.post("/api/v1/retro-rooms/join", &body))).await;
        let inside = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(inside, 9);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.refused(403, "RETRO4034");
        }
        let members =
            team.people[0].get(&format!("/api/v1/retro-rooms/{}/members?size=100", team.room)).await.ok();
        assert_eq!(members["members"].as_array().unwrap().len(), 10);
    });
}

#[test]
fn an_outsider_cannot_tell_a_room_or_retrospect_from_none() {
    run(async {
        let app = app().await;
        let team = Team::of(app, 1).await;
        let retrospect = team.retrospect("NAMED").await;
        let outsider = app.member().await;
        let nowhere = 9_007_199_254_740_991_i64;
        let answers = json!({ "answers": tests_journeys::answers("x") });
        let drafts = json!({ "drafts": [{ "questionNumber": 1, "content": "x" }] });
        let nothing = json!({});
        let routes: [(Method, &str, &Value, i64); 10] = [
            (Method::GET, "/api/v1/retro-rooms/{}/members", &nothing, team.room),
            (Method::GET, "/api/v1/retro-rooms/{}/invite-code", &nothing, team.room),
            (Method::GET, "/api/v1/retrospects/{}", &nothing, retrospect),
            (Method::GET, "/api/v1/retrospects/{}/participants", &nothing, retrospect),
            (Method::POST, "/api/v1/retrospects/{}/participants", &nothing, retrospect),
            (Method::DELETE, "/api/v1/retrospects/{}/participants", &nothing, retrospect),
            (Method::PUT, "/api/v1/retrospects/{}/drafts", &drafts, retrospect),
            (Method::POST, "/api/v1/retrospects/{}/submit", &answers, retrospect),
            (Method::DELETE, "/api/v1/retrospects/{}/submit", &nothing, retrospect),
            (Method::GET, "/api/v1/retrospects/{}/responses", &nothing, retrospect),
        ];
        for (method, path, body, there) in routes {
            let ask = async |id: i64| {
                let path = path.replace("{}", &id.to_string());
                outsider.send(outsider.request(method.clone(), &path).json(body)).await
            };
            let (real, none) = (ask(there).await, ask(nowhere).await);
            real.refused(404, "RETRO4041");
            assert_eq!(real.text, none.text, "{method} {path}");
            ask(0).await.refused(400, "COMMON400");
        }
        let mut plan = team.plan();
        plan["retroRoomId"] = team.room.into();
        outsider.post("/api/v1/retrospects", &plan).await.refused(404, "RETRO4041");
    });
}

#[test]
fn names_and_invites_that_do_not_fit_are_refused_by_name() {
    run(async {
        let app = app().await;
        let owner = app.member().await;
        let create = async |body: Value| owner.post("/api/v1/retro-rooms", &body).await;
        create(json!({ "title": " " })).await.refused(400, "RETRO4001");
        create(json!({ "title": "가".repeat(21) })).await.refused(400, "RETRO4001");
        for nothing in ["\u{200b}", "\u{3164}", "\u{2800}"] {
            create(json!({ "title": nothing })).await.refused(400, "RETRO4001");
        }
        create(json!({ "title": "D\u{200b}up" })).await.refused(400, "COMMON400");
        create(json!({ "title": "\u{202e}puD" })).await.refused(400, "COMMON400");
        create(json!({ "title": "a", "timeZone": "Mars/Base" })).await.refused(400, "COMMON400");
        create(json!({ "title": "a", "description": "d".repeat(51) })).await.refused(400, "COMMON400");
        create(json!({})).await.refused(400, "COMMON400");
        let decomposed = "\u{1112}\u{116c}\u{1100}\u{1169}";
        let composed = create(json!({ "title": decomposed })).await.ok();
        assert_eq!(composed["title"], "회고", "text is composed at the door");
        create(json!({ "title": "회고" })).await.refused(409, "RETRO4091");

        let join = async |body: Value| owner.post("/api/v1/retro-rooms/join", &body).await;
        join(json!({})).await.refused(400, "RETRO4002");
        join(json!({ "inviteCode": "hello" })).await.refused(400, "RETRO4002");
        join(json!({ "inviteCode": "INV-0000-0000-0000" })).await.refused(400, "RETRO4002");
        app.stranger().get("/api/v1/retro-rooms").await.refused(401, "AUTH4001");
    });
}

#[test]
fn a_list_of_rooms_pages_in_the_members_own_order() {
    run(async {
        let owner = app().await.member().await;
        let mut titles = Vec::new();
        for _ in 0..5 {
            let title = unique("방");
            owner.post("/api/v1/retro-rooms", &json!({ "title": title })).await.ok();
            titles.push(title);
        }
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = owner.get(&format!("/api/v1/retro-rooms?size=2&cursor={cursor}")).await.ok();
            seen.extend(
                page["retroRooms"].as_array().unwrap().iter().map(|room| room["retroRoomName"].clone()),
            );
            if page["hasNext"] == false {
                assert_eq!(page["nextCursor"], Value::Null);
                break;
            }
            cursor = page["nextCursor"].as_str().unwrap().to_owned();
        }
        assert_eq!(json!(seen), json!(titles));
        owner.get("/api/v1/retro-rooms?size=0").await.refused(400, "COMMON400");
        owner.get("/api/v1/retro-rooms?cursor=AAAA").await.refused(400, "COMMON400");
    });
}

#[test]
fn a_room_is_opened_once_per_idempotency_key() {
    run(async {
        let owner = app().await.member().await;
        let body = json!({ "title": unique("방") });
        let open = async |body: &Value| {
            let request =
                owner.request(Method::POST, "/api/v1/retro-rooms").header("idempotency-key", "room-1");
            owner.send(request.json(body)).await
        };
        let twins = join_all((0..6).map(|_| open(&body))).await;
        let again = open(&body).await;
        assert_eq!(again.headers["idempotent-replay"], "true");
        for twin in twins {
            assert_eq!((twin.status, &twin.text), (200, &again.text));
        }
        open(&json!({ "title": unique("방") })).await.refused(409, "COMMON409");
        let rooms = owner.get("/api/v1/retro-rooms").await.ok();
        assert_eq!(rooms["retroRooms"].as_array().unwrap().len(), 1);
    });
}
