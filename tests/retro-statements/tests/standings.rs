//! The statements and the rules agree: every standing is put before both.

use rules_retro::{
    IdentityMode,
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
