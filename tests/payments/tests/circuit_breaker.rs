//! The circuit breaker in front of the payment provider: what it says of itself, what operators may order, and that a
//! provider which fails is left alone. The breaker is one for the whole app, so these tests take turns.

use reqwest::Method;
use serde_json::{Value, json};
use tests_payments::{Merchant, Step, charges_of, script, unique};
use tests_support::{Answer, App, app, run};
use tokio::sync::{Mutex, MutexGuard};

const BREAKER: &str = "/circuit-breaker/payment-provider";

/// Longer than an instance's copy of the shared snapshot is good for.
const COPY_MS: u64 = 100;

/// Somebody whose key may order circuit breakers around, while nobody else does.
struct Operator {
    merchant: Merchant,
    _turn: MutexGuard<'static, ()>,
}

impl Operator {
    async fn new(app: &App) -> Self {
        static TURN: Mutex<()> = Mutex::const_new(());
        let turn = TURN.lock().await;
        let merchant = Merchant::operator(app).await;
        let operator = Self { merchant, _turn: turn };
        operator.order("reset").await;
        operator
    }

    async fn order(&self, order: &str) -> Value {
        let answer = self.merchant.send(Method::POST, &format!("{BREAKER}/{order}"), None, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        tokio::time::sleep(std::time::Duration::from_millis(COPY_MS)).await;
        answer.body
    }
}

fn unavailable(answer: &Answer) {
    assert_eq!((answer.status, answer.body["code"].as_str()), (503, Some("UNAVAILABLE")), "{}", answer.text);
    let seconds: u32 =
        answer.headers["retry-after"].to_str().ok().and_then(|text| text.parse().ok()).expect("seconds");
    assert!((1..=60).contains(&seconds));
}

#[test]
fn a_breaker_tells_its_state_to_everybody_and_takes_orders_from_operators_alone() {
    run(async {
        let app = app().await;
        let operator = Operator::new(app).await;
        let anyone = app.stranger();
        let one = anyone.get(BREAKER).await.body;
        assert_eq!((&one["name"], &one["state"]), (&json!("payment-provider"), &json!("CLOSED")));
        assert_eq!((&one["failureRate"], &one["bufferedCalls"]), (&json!(-1.0), &json!(0)));
        assert_eq!((&one["scope"], &one["transitions"][0]["cause"]), (&json!("SHARED"), &json!("OPERATOR")));
        let all = anyone.get("/api/circuit-breaker/status").await.body;
        assert_eq!(all["circuitBreakers"][0]["name"], "payment-provider");
        anyone.get("/circuit-breaker/nobody").await.refused(404, "COMMON404");
        let metrics = anyone.get("/circuit-breaker/metrics").await;
        let line = "resilience4j_circuitbreaker_state{name=\"payment-provider\",state=\"closed\"} 1";
        assert!(metrics.text.lines().any(|found| found == line), "{}", metrics.text);

        for order in ["force-open", "disable", "reset"] {
            let path = format!("{BREAKER}/{order}");
            anyone.post(&path, &json!({})).await.refused(401, "PAY4011");
            let merchant = Merchant::new(app).await;
            merchant.send(Method::POST, &path, None, None).await.refused(403, "PAY4031");
        }
        assert_eq!(operator.order("disable").await["state"], "DISABLED");
        operator.order("reset").await;
    });
}

#[test]
fn behind_a_breaker_that_is_forced_open_nothing_is_charged_and_the_same_key_works_afterwards() {
    run(async {
        let app = app().await;
        let operator = Operator::new(app).await;
        let (step, key) = (Step::new(app), unique("key"));
        assert_eq!(operator.order("force-open").await["state"], "FORCED_OPEN");
        unavailable(&step.authorize(&key, 1_000).await);
        unavailable(&step.authorize(&key, 1_000).await);
        assert!(charges_of(app, &step.merchant).await.is_empty());
        operator.order("reset").await;
        let answer = step.authorize(&key, 1_000).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(charges_of(app, &step.merchant).await.len(), 1);
    });
}

#[test]
fn a_provider_that_fails_ten_times_is_left_alone_and_a_decline_is_no_failure() {
    run(async {
        let app = app().await;
        let operator = Operator::new(app).await;
        let declined = Step::new(app);
        script(app, &declined.merchant, "decline").await;
        for _ in 0..12 {
            assert_eq!(declined.authorize(&unique("key"), 1_000).await.status, 402);
        }
        let failing = Step::new(app);
        script(app, &failing.merchant, "down").await;
        let mut refused = 0;
        for _ in 0..30 {
            let answer = failing.authorize(&unique("key"), 1_000).await;
            match answer.status {
                502 => {}
                503 => refused += 1,
                other => panic!("{other} {}", answer.text),
            }
        }
        let seen = app.stranger().get(BREAKER).await.text;
        assert!(refused > 0, "the breaker never opened: {seen}");
        let healthy = Step::new(app);
        // Other instances see it with their next copy.
        tokio::time::sleep(std::time::Duration::from_millis(COPY_MS)).await;
        unavailable(&healthy.authorize(&unique("key"), 1_000).await);
        let status = app.stranger().get(BREAKER).await.body;
        assert_eq!(
            (&status["state"], &status["transitions"][0]["cause"]),
            (&json!("OPEN"), &json!("FAILURE_RATE"))
        );
        // Refusals are told in batches, with whatever is asked next.
        let mut told = 0;
        for _ in 0..30 {
            unavailable(&healthy.authorize(&unique("key"), 1_000).await);
            let status = app.stranger().get(BREAKER).await.body;
            told = status["numberOfNotPermittedCalls"].as_u64().expect("a count");
            if told > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(COPY_MS)).await;
        }
        assert!(told > 0, "refusals are never told");
        operator.order("reset").await;
        assert_eq!(healthy.authorize(&unique("key"), 1_000).await.status, 200);
    });
}
