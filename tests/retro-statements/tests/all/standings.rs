//! The statements and the rules agree: every standing is put before both.

use rules_retro::{
    IdentityMode,
    reading::{AnswersInSight, Membership, NotVisible, Reveal},
    room::{JoinRefusal, JoinStanding},
    standing::{self, Participation, Refusal, Stage, SubmitStanding, TakeBackStanding},
};
use tests_retro_statements::{Base, Person, stage::*, statements::*};
use tokio_postgres::Client;

const STAGES: [Stage; 2] = [Stage::Open, Stage::Closed];
const PARTICIPATIONS: [Participation; 3] =
    [Participation::None, Participation::Joined, Participation::Submitted];

struct Scene {
    base: Base,
    app: Client,
    room: Room,
}

impl Scene {
    async fn new() -> Self {
        let base = Base::new().await;
        let app = base.app().await;
        let room = room(&base, &app, "scene", 1).await;
        Self { base, app, room }
    }

    fn me(&self) -> &Person {
        &self.room.people[0]
    }

    /// A retrospect in which the member stands so.
    async fn standing(&self, mode: &str, stage: Stage, participation: Participation) -> i64 {
        let made = retrospect(&self.base, &self.app, &self.room, mode, None).await;
        if participation != Participation::None {
            participate(&self.app, self.me(), made).await.done();
        }
        if participation == Participation::Submitted {
            let wish = (mode == "AUTHOR_CHOOSES").then_some(true);
            submit(&self.app, self.me(), made, &answers("a"), wish).await.done();
        }
        if stage == Stage::Closed {
            self.set(made, "closed_at = now()").await;
        }
        made
    }

    async fn set(&self, retrospect: i64, what: &str) {
        let sql = format!("UPDATE retro.retrospect SET {what} WHERE retrospect_id = $1");
        self.base.owner.execute(&sql, &[&retrospect]).await.unwrap();
    }
}

fn word(verdict: Result<(), Refusal>) -> &'static str {
    verdict.map_or_else(Refusal::word, |()| "DONE")
}

#[tokio::test]
async fn taking_part_leaving_and_drafting_agree_with_the_rules() {
    let scene = Scene::new().await;
    for stage in STAGES {
        for participation in PARTICIPATIONS {
            let case = format!("{stage:?} {participation:?}");
            let made = scene.standing("NAMED", stage, participation).await;
            let saved = draft(&scene.app, scene.me(), made, None, &[(1, "x")]).await;
            assert_eq!(saved.word(), word(standing::draft(stage, participation)), "draft: {case}");
            let joined = participate(&scene.app, scene.me(), made).await;
            assert_eq!(
                joined.word(),
                word(standing::participate(stage, participation)),
                "participate: {case}"
            );
            for started in [false, true] {
                let made = scene.standing("NAMED", stage, participation).await;
                if started {
                    scene.set(made, "starts_at = now()").await;
                }
                let left = scene.me().write(&scene.app, LEAVE, &[&made]).await;
                let verdict = word(standing::leave(stage, participation, started));
                assert_eq!(left.word(), verdict, "leave: {case}, started: {started}");
            }
        }
    }
}

#[tokio::test]
async fn submitting_agrees_with_the_rules() {
    let scene = Scene::new().await;
    let sets: [&[i32]; 5] = [&[1, 2, 3, 4, 5], &[1, 2, 3, 4], &[1, 2, 3, 4, 6], &[1, 2, 3, 4, 5, 6], &[9]];
    for stage in STAGES {
        for participation in PARTICIPATIONS {
            for set in sets {
                let made = scene.standing("NAMED", stage, participation).await;
                let typed: Vec<_> = set.iter().map(|number| (*number, "x".to_owned())).collect();
                let known = set.iter().filter(|number| **number <= 5).count();
                let verdict = SubmitStanding {
                    stage,
                    participation,
                    questions: 5,
                    questions_answered: u32::try_from(known).unwrap(),
                    answers: u32::try_from(set.len()).unwrap(),
                }
                .verdict();
                let got = submit(&scene.app, scene.me(), made, &typed, None).await;
                assert_eq!(got.word(), word(verdict), "{stage:?} {participation:?} {set:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_choice_of_a_name_agrees_with_the_rules() {
    let scene = Scene::new().await;
    for mode in IdentityMode::ALL {
        for wish in [None, Some(false), Some(true)] {
            let made = scene.standing(mode.name(), Stage::Open, Participation::Joined).await;
            let got = submit(&scene.app, scene.me(), made, &answers("a"), wish).await;
            let verdict = mode.authorship(wish).map(drop).map_err(Refusal::from);
            assert_eq!(got.word(), word(verdict), "{mode:?} {wish:?}");
        }
    }
}

#[tokio::test]
async fn taking_back_agrees_with_the_rules() {
    let scene = Scene::new().await;
    for stage in STAGES {
        for participation in PARTICIPATIONS {
            for (revealed, analysed) in [(false, false), (true, false), (false, true), (true, true)] {
                let made = scene.standing("ANONYMOUS", stage, participation).await;
                if revealed {
                    scene.set(made, "reveal_at = now()").await;
                }
                if analysed {
                    scene.set(made, "analysed_at = now()").await;
                }
                let verdict = TakeBackStanding { stage, participation, revealed, analysed }.verdict();
                let got = scene.me().write(&scene.app, TAKE_BACK, &[&made]).await;
                let case = format!("{stage:?} {participation:?} revealed {revealed} analysed {analysed}");
                assert_eq!(got.word(), word(verdict), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn joining_agrees_with_the_rules() {
    let scene = Scene::new().await;
    let owner = "SELECT owner_id FROM retro.room WHERE room_id = $1";
    assert_eq!(scene.base.number(owner, &[&scene.room.id]).await, scene.me().id);
    for invite_live in [true, false] {
        for is_member in [false, true] {
            for members in [9, 10] {
                let name = format!("j{}{}{members}", u8::from(invite_live), u8::from(is_member));
                let room = room(&scene.base, &scene.app, &name, members).await;
                if !invite_live {
                    let over = "UPDATE retro.invite SET superseded_at = now() WHERE room_id = $1";
                    scene.base.owner.execute(over, &[&room.id]).await.unwrap();
                }
                let stranger = scene.base.person(&format!("{name}s")).await;
                let who = if is_member { &room.people[1] } else { &stranger };
                let members = u32::try_from(members).unwrap();
                let verdict =
                    JoinStanding { invite_live, is_member, members, members_max: Some(10) }.verdict();
                let expected = verdict.map_or_else(JoinRefusal::word, |()| "DONE");
                assert_eq!(join(&scene.app, who, &room.code).await.word(), expected, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_in_sight_agrees_with_the_rules() {
    let scene = Scene::new().await;
    let (other, outsider) = (scene.base.person("other").await, scene.base.person("outsider").await);
    join(&scene.app, &other, &scene.room.code).await.done();
    let now = chrono::Utc::now();
    for (reveal_in, reveal) in [
        (None, Reveal::AtOnce),
        (Some("-1 hour"), Reveal::At(now - chrono::TimeDelta::hours(1))),
        (Some("1 hour"), Reveal::At(now + chrono::TimeDelta::hours(1))),
    ] {
        let made = retrospect(&scene.base, &scene.app, &scene.room, "NAMED", reveal_in).await;
        for person in [scene.me(), &other] {
            participate(&scene.app, person, made).await.done();
            submit(&scene.app, person, made, &answers("a"), None).await.done();
        }
        let readers = [
            (scene.me(), Membership::Owner),
            (&other, Membership::Member),
            (&outsider, Membership::Outsider),
        ];
        for (person, membership) in readers {
            let own: &[tests_retro_statements::Parameter<'_>] =
                &[&made, &None::<i32>, &None::<i64>, &100_i64];
            let seen = person.read(&scene.app, RESPONSES, own).await;
            let answers = seen.map(|page| page["responses"].as_array().unwrap().len());
            let expected = match reveal.in_sight(membership, now) {
                Ok(AnswersInSight::All) => Some(10),
                Ok(AnswersInSight::OwnNamed) => Some(5),
                Err(NotVisible) => None,
            };
            assert_eq!(answers, expected, "{reveal_in:?} {membership:?}");
        }
    }
}

#[tokio::test]
async fn the_plan_table_says_what_the_rules_say() {
    let scene = Scene::new().await;
    for plan in rules_retro::room::Plan::ALL {
        let limit = "SELECT coalesce(room_members_max, 0)::bigint FROM retro.plan WHERE plan_code = $1";
        let expected = i64::from(plan.room_members_max().unwrap_or(0));
        assert_eq!(scene.base.number(limit, &[&plan.name()]).await, expected, "{plan:?}");
    }
    for method in rules_retro::Method::ALL {
        let questions =
            "SELECT count(*) FROM retro.format_question AS q JOIN retro.format AS f USING (format_id)
                          WHERE f.code = $1 AND q.text_ko IS NOT NULL AND q.text_en IS NOT NULL";
        let expected = i64::from(rules_retro::format::BUILT_IN_QUESTIONS);
        assert_eq!(scene.base.number(questions, &[&method.name()]).await, expected, "{method:?}");
    }
}
