//! Submissions sent again under their idempotency key: what counts as the same request, and for how long.

use futures::future::join_all;
use tests_retro_statements::{Base, Parameter, Person, stage::*, statements::*};
use tokio_postgres::Client;

/// A member alone in a room, taking part in nameless retrospects.
struct Scene {
    base: Base,
    app: Client,
    room: Room,
}

impl Scene {
    async fn new(name: &str) -> Self {
        let base = Base::new().await;
        let app = base.app().await;
        let room = room(&base, &app, name, 1).await;
        Self { base, app, room }
    }

    fn me(&self) -> &Person {
        &self.room.people[0]
    }

    async fn retrospect(&self) -> i64 {
        let made = retrospect(&self.base, &self.app, &self.room, "ANONYMOUS", None).await;
        participate(&self.app, self.me(), made).await.done();
        made
    }

    async fn submit(&self, retrospect: i64, key: &str, mark: &str) -> tests_retro_statements::Got {
        submit_keyed(&self.app, self.me(), retrospect, Some(key), &answers(mark), None).await
    }

    async fn answers_like(&self, pattern: &str) -> i64 {
        self.base.number("SELECT count(*) FROM retro.response WHERE content LIKE $1", &[&pattern]).await
    }
}

#[tokio::test]
async fn a_repeated_submission_answers_the_first_answer_until_it_is_taken_back_and_then_submits_anew() {
    let scene = Scene::new("key").await;
    let (one, two) = (scene.retrospect().await, scene.retrospect().await);
    let first = scene.submit(one, "k1", "first").await;
    let again = scene.submit(one, "k1", "first").await;
    assert_eq!((first.word(), again.word()), ("DONE", "REPLAY"));
    assert_eq!(first.done(), again.done());
    assert_eq!(scene.submit(two, "k2", "other").await.word(), "DONE");

    scene.me().write(&scene.app, TAKE_BACK, &[&one]).await.done();
    assert_eq!(scene.submit(one, "k1", "edited").await.word(), "DONE", "the key is free again");
    assert_eq!((scene.answers_like("edited%").await, scene.answers_like("first%").await), (5, 0));
    assert_eq!(scene.submit(two, "k2", "other").await.word(), "REPLAY", "the other one was not taken back");
}

#[tokio::test]
async fn a_key_of_one_retrospect_submits_nothing_to_another_and_says_so() {
    let scene = Scene::new("else").await;
    let (one, two) = (scene.retrospect().await, scene.retrospect().await);
    scene.submit(one, "k", "a").await.done();
    assert_eq!(scene.submit(two, "k", "a").await.word(), "MISMATCH");
    assert_eq!(scene.submit(99_999_999, "k", "a").await.word(), "MISMATCH");
    assert_eq!(scene.submit(99_999_999, "new", "a").await.word(), "nothing");
    assert_eq!(scene.answers_like("a%").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_of_one_submission_get_the_same_answer() {
    let scene = Scene::new("twin").await;
    let retrospect = scene.retrospect().await;
    let mut apps = Vec::new();
    for _ in 0..8 {
        apps.push(scene.base.app().await);
    }
    let typed = answers("a");
    let send = async |app: &Client| submit_keyed(app, scene.me(), retrospect, Some("k"), &typed, None).await;
    let got = join_all(apps.iter().map(send)).await;
    assert_eq!(got.iter().filter(|got| got.word() == "DONE").count(), 1, "{got:?}");
    assert_eq!(got.iter().filter(|got| got.word() == "REPLAY").count(), 7, "{got:?}");
    assert!(got.iter().all(|twin| twin.done() == got[0].done()));
}

#[tokio::test]
async fn no_hash_of_what_was_written_is_kept() {
    let scene = Scene::new("hash").await;
    let retrospect = scene.retrospect().await;
    let (numbers, texts): (Vec<i32>, Vec<String>) = answers("a").into_iter().unzip();
    let drafts: &[Parameter<'_>] = &[&retrospect, &None::<i32>, &numbers, &texts];
    scene.me().write_keyed(&scene.app, DRAFT_SAVE, Some("d"), drafts).await.done();
    scene.submit(retrospect, "k", "a").await.done();
    let claims = "SELECT count(*) FROM retro.idempotency WHERE endpoint IN ($1, $2)";
    assert_eq!(scene.base.number(claims, &[&endpoint(SUBMIT), &endpoint(DRAFT_SAVE)]).await, 1);
    let path = "SELECT count(*) FROM retro.idempotency
                 WHERE request_sha256 = sha256(convert_to('POST /retrospects/' || $1 || '/submit', 'UTF8'))";
    assert_eq!(scene.base.number(path, &[&retrospect.to_string()]).await, 1, "of method and path alone");
}
