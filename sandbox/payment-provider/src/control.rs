//! `/v1/sandbox/…`: how the provider behaves, callbacks on demand, and the report.

use sandbox_kit::{Answer, Call, hex_token, json, no_content, not_allowed, now_ms};
use serde::Deserialize;
use serde_json::{Value, json};
use spin_sdk::http::Method;

use crate::call::Refused;
use crate::case::{Case, Operation};
use crate::database;
use crate::payments;
use crate::render::{self, Moment};
use crate::webhook::{self, Callback};
use crate::{page, report};

const SCRIPTS_MAX: i64 = 1_000;
const CALLBACKS_MAX: u32 = 20;
const LATE_MS_MAX: u64 = 20_000;
const DELAY_MS_MAX: i32 = 20_000;
const MILLION: i32 = 1_000_000;

pub(crate) async fn route(call: Call) -> Result<Answer, Refused> {
    let path = call.path.clone();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (&call.method.clone(), parts.as_slice()) {
        (&Method::GET | &Method::HEAD, []) => Ok(page::manual(&call)),
        (&Method::GET, ["charges"]) => report::charges(&call).await,
        (&Method::GET, ["charges", "summary"]) => report::summary(&call).await,
        (&Method::GET, ["profile"]) => profile().await,
        (&Method::PUT, ["profile"]) => set_profile(call).await,
        (&Method::PUT, ["scripts", target @ ..]) => set_script(call, target).await,
        (&Method::DELETE, ["scripts", target @ ..]) => script(target, None).await.map(|()| no_content()),
        (&Method::POST, ["webhooks"]) => webhooks(call).await,
        (_, ["charges"] | ["charges", "summary"]) => Ok(not_allowed("GET")),
        (_, ["profile"]) => Ok(not_allowed("GET, PUT")),
        (_, ["scripts", ..]) => Ok(not_allowed("PUT, DELETE")),
        (_, ["webhooks"]) => Ok(not_allowed("POST")),
        _ => Err(Refused::Steering(
            "charges, charges/summary, profile, scripts/{merchant or order}, webhooks".into(),
        )),
    }
}

/// How fast and how reliable it is. What is not named keeps the profile's value.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Profile {
    name: String,
    #[serde(default = "seed")]
    seed: i64,
    delay_ms_min: Option<i32>,
    delay_ms_max: Option<i32>,
    settle_ms_min: Option<i32>,
    settle_ms_max: Option<i32>,
    errors_per_million: Option<i32>,
    settle_errors_per_million: Option<i32>,
}

fn seed() -> i64 {
    1
}

/// Delay of the first step and of settling, both in milliseconds from and to; errors of both, per million.
fn values(name: &str) -> Option<[i32; 6]> {
    match name {
        "steady" => Some([0, 0, 0, 0, 0, 0]),
        "loadtest" => Some([1, 3, 1, 3, 100, 100]),
        "realistic" => Some([50, 150, 1_000, 3_000, 5_000, 50_000]),
        _ => None,
    }
}

async fn profile() -> Result<Answer, Refused> {
    let row = database::one(include_str!("sql/setting.sql"), Vec::new()).await?;
    report::stored_json(&row.get::<String>(0)?)
}

async fn set_profile(call: Call) -> Result<Answer, Refused> {
    let asked: Profile = steering(call).await?;
    let values = values(&asked.name)
        .ok_or_else(|| Refused::Steering("the profiles are steady, loadtest, realistic".to_owned()))?;
    let given = [
        asked.delay_ms_min,
        asked.delay_ms_max,
        asked.settle_ms_min,
        asked.settle_ms_max,
        asked.errors_per_million,
        asked.settle_errors_per_million,
    ];
    let mut chosen = values;
    for (place, given) in chosen.iter_mut().zip(given) {
        *place = given.unwrap_or(*place);
    }
    let [min, max, settle_min, settle_max, errors, settle_errors] = chosen;
    let delays = [(min, max), (settle_min, settle_max)];
    let sane = delays.iter().all(|(min, max)| 0 <= *min && min <= max && *max <= DELAY_MS_MAX)
        && [errors, settle_errors].iter().all(|errors| (0..=MILLION).contains(errors));
    if !sane {
        return Err(Refused::Steering(format!(
            "delays are 0 to {DELAY_MS_MAX} ms, the smaller one first; errors 0 to {MILLION} per million"
        )));
    }
    let mut parameters = vec![asked.name.into(), asked.seed.into()];
    parameters.extend(chosen.into_iter().map(Into::into));
    // One that was never used has no tables yet: asking makes them.
    profile().await?;
    database::query(include_str!("sql/set_profile.sql"), parameters).await?;
    profile().await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    case: String,
}

/// `PUT /v1/sandbox/scripts/{merchant or order}` or `…/{merchant or order}/{operation}`.
async fn set_script(call: Call, target: &[&str]) -> Result<Answer, Refused> {
    let asked: Script = steering(call).await?;
    let case = Case::named(&asked.case).ok_or_else(|| {
        Refused::Steering(format!("no case is named {:?}; GET /v1/sandbox lists them", asked.case))
    })?;
    profile().await?;
    script(target, Some(case)).await?;
    Ok(json(200, &json!({ "target": target.join("/"), "case": case.name, "told": case.told })))
}

async fn script(target: &[&str], case: Option<Case>) -> Result<(), Refused> {
    let known = |name: &str| Operation::ALL.iter().any(|operation| operation.name() == name);
    let is_target = match target {
        [_] => true,
        [_, operation] => known(operation),
        _ => false,
    };
    if !is_target {
        return Err(Refused::Steering(
            "scripts/{merchant or order}, then /authorize, /confirm, /capture or /cancel if it is for one"
                .to_owned(),
        ));
    }
    let name = case.map(|case| case.name.to_owned());
    let parameters = vec![target.join("/").into(), name.into(), SCRIPTS_MAX.into()];
    let row = database::one(include_str!("sql/set_script.sql"), parameters).await?;
    if row.get::<bool>(0)? {
        return Ok(());
    }
    Err(Refused::Steering(format!("there are {SCRIPTS_MAX} scripts: delete some")))
}

/// Callbacks of one payment: how many, when, and with which statuses in which order (as it is, when none is named).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Webhooks {
    order_id: String,
    #[serde(default)]
    times: Option<u32>,
    #[serde(default)]
    statuses: Vec<String>,
    #[serde(default)]
    delay_ms: u64,
    /// Old callbacks carry an old time.
    #[serde(default)]
    aged_s: u32,
}

async fn webhooks(call: Call) -> Result<Answer, Refused> {
    let asked: Webhooks = steering(call).await?;
    let times = asked.times.unwrap_or(1);
    let planned = times as usize * asked.statuses.len().max(1);
    if asked.delay_ms > LATE_MS_MAX || planned > CALLBACKS_MAX as usize || times == 0 {
        return Err(Refused::Steering(format!("at most {CALLBACKS_MAX} callbacks, {LATE_MS_MAX} ms late")));
    }
    let charge = payments::of_order(&asked.order_id).await?;
    webhook::wait(asked.delay_ms).await;
    let payment = render::payment(&charge, Moment::Now).await?;
    let mut events: Vec<Value> = Vec::with_capacity(asked.statuses.len());
    for status in &asked.statuses {
        let mut event = payment.clone();
        event["status"] = json!(status);
        events.push(event);
    }
    if events.is_empty() {
        events.push(payment);
    }
    let sent_ms = i64::try_from(now_ms()).unwrap_or(i64::MAX) - i64::from(asked.aged_s) * 1000;
    let mut answers = Vec::with_capacity(planned);
    for data in events {
        let id = hex_token();
        for try_number in 0..times {
            let callback = Callback { data: data.clone(), id: id.clone(), try_number, sent_ms };
            answers.push(match webhook::post(&callback).await {
                Ok(status) => json!(status),
                Err(why) => json!(why),
            });
        }
    }
    Ok(json(200, &json!({ "answers": answers })))
}

async fn steering<T: serde::de::DeserializeOwned>(call: Call) -> Result<T, Refused> {
    let bytes = call.bytes().await?;
    serde_json::from_slice(&bytes).map_err(|error| Refused::Steering(error.to_string()))
}
