//! Payments, ledger and the provider's report: every difference has a name.

use reqwest::Method;
use serde_json::{Value, json};
use tests_payments::{Merchant, checkout, requested, unique};
use tests_provider::{as_application, confirmed, in_seconds};
use tests_support::{Answer, app, run};

/// The reconciliation of the last and the next ten minutes.
async fn reconciled(merchant: &Merchant, more: &str) -> Value {
    let path = format!("/api/v1/reconciliation?from={}&to={}{more}", in_seconds(-600), in_seconds(600));
    merchant.get(&path).await.ok()
}

/// Payments that differ, each with the names of what does.
fn names(reconciled: &Value) -> Vec<(i64, Value)> {
    let differences = reconciled["differences"].as_array().expect("differences");
    let of =
        |payment: &Value| (payment["paymentId"].as_i64().expect("an id"), payment["differences"].clone());
    differences.iter().map(of).collect()
}

#[test]
fn three_equal_books_have_equal_sums_and_no_difference() {
    run(async {
        let app = app().await;
        let merchant = Merchant::new(app).await;
        confirmed(app, &merchant, 30_000).await;
        confirmed(app, &merchant, 12_000).await;
        let told = reconciled(&merchant, "").await;
        assert_eq!(told["differences"], json!([]), "{told}");
        let total = &told["totals"][0];
        assert_eq!((&total["currency"], &total["payments"]), (&json!("KRW"), &json!(2)));
        for book in ["captured", "ledgerCaptured", "providerCaptured"] {
            assert_eq!(total[book], 42_000, "{book}");
        }
    });
}

#[test]
fn money_that_only_the_provider_took_is_named_to_its_own_merchant_alone() {
    run(async {
        let app = app().await;
        let (merchant, other) = (Merchant::new(app).await, Merchant::new(app).await);
        let (payment, reference) = requested(&merchant, 7_000).await;
        let tenant = reference.split('-').nth(1).expect("a tenant");
        for reference in [reference.clone(), format!("mo-{tenant}-99")] {
            let payment_key = checkout(app, &merchant.name, &reference, 7_000).await;
            let body = json!({ "paymentKey": payment_key, "orderId": reference, "amount": 7_000 });
            let (status, told) = as_application(app, "/v1/payments/confirm", &unique("k"), &body).await;
            assert_eq!(status, 200, "{told}");
        }
        let told = reconciled(&merchant, "").await;
        let expected = [(99, json!(["UNKNOWN_PAYMENT"])), (payment, json!(["PROVIDER_ONLY"]))];
        assert_eq!(names(&told), expected, "{told}");
        assert_eq!(told["totals"][0]["providerCaptured"], 14_000);
        assert_eq!(reconciled(&other, "").await["differences"], json!([]));
        let first = reconciled(&merchant, "&size=1").await;
        assert_eq!((names(&first)[0].0, &first["hasNext"]), (99, &json!(true)));
        let cursor = first["nextCursor"].as_str().expect("a cursor");
        let second = reconciled(&merchant, &format!("&size=1&cursor={cursor}")).await;
        assert_eq!(names(&second)[0].0, payment);
    });
}

#[test]
fn a_time_that_is_none_or_too_long_is_refused() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        for query in [
            "",
            "?from=2026-01-01",
            "?from=2026-01-02&to=2026-01-01",
            "?from=2026-01-01&to=2026-03-01",
            "?from=x&to=2026-01-01",
            "?from=-262143-01-01&to=-262143-01-02",
            "?from=%2B262142-12-30&to=%2B262142-12-31",
            "?from=-4800-01-01&to=-4800-01-05",
        ] {
            merchant.get(&format!("/api/v1/reconciliation{query}")).await.refused(400, "COMMON400");
        }
    });
}

/// Uploads a settlement file.
async fn upload(merchant: &Merchant, file: &str) -> Answer {
    let path = "/api/v1/reconciliation/files?name=day.csv";
    let bytes = file.as_bytes();
    let request =
        merchant.signing(&Method::POST, path, bytes).on(merchant.client.request(Method::POST, path));
    merchant.client.send(request.header("content-type", "text/csv").body(bytes.to_vec())).await
}

const HEADER: &str = "reference,paymentKey,kind,currency,amount,fee,settledOn\n";

#[test]
fn a_settlement_file_is_matched_row_by_row_and_only_once() {
    run(async {
        let app = app().await;
        let merchant = Merchant::new(app).await;
        let (payment, reference) = confirmed(app, &merchant, 30_000).await;
        let file = format!(
            "{HEADER}{reference},,PAYMENT,KRW,30000,750,2026-01-02\nmo-1-1,,PAYMENT,KRW,1,0,2026-01-02\n\
             {reference},,PAYMENT,KRW,30000.5,0,2026-01-02\nnonsense\n"
        );
        let answer = upload(&merchant, &file).await;
        assert!(!answer.headers.contains_key("idempotent-replay"));
        let told = answer.ok();
        let counts = ["rows", "matched", "unmatched", "bad"].map(|count| told[count].as_i64());
        assert_eq!(counts, [Some(4), Some(1), Some(1), Some(2)], "{told}");
        let again = upload(&merchant, &file).await;
        assert_eq!(again.headers["idempotent-replay"], "true");
        assert_eq!(again.ok(), told);
        let rows =
            |status: &str| format!("/api/v1/reconciliation/files/{}/rows?status={status}", told["fileId"]);
        let matched = merchant.get(&rows("MATCHED")).await.ok();
        assert_eq!(
            (&matched["rows"][0]["line"], &matched["rows"][0]["paymentId"]),
            (&json!(2), &json!(payment))
        );
        let bad = merchant.get(&rows("BAD")).await.ok();
        let told_of = |at: usize| (bad["rows"][at]["line"].as_i64(), bad["rows"][at]["reason"].as_str());
        assert_eq!((told_of(0), told_of(1)), ((Some(4), Some("AMOUNT")), (Some(5), Some("FIELD_MISSING"))));
        let (other, files) = (Merchant::new(app).await, "/api/v1/reconciliation/files");
        for route in ["", "/rows", "/rows?status=BAD"] {
            other.get(&format!("{files}/{}{route}", told["fileId"])).await.refused(404, "COMMON404");
        }
        let rematch = format!("{files}/{}/rematch", told["fileId"]);
        other.post(&rematch, &json!({})).await.refused(404, "COMMON404");
        assert_eq!(other.get(files).await.ok()["files"], json!([]));
        upload(&merchant, "no,such,columns\n1,2,3\n").await.refused(400, "COMMON400");
    });
}

#[test]
fn five_thousand_rows_are_read_and_matched() {
    run(async {
        let app = app().await;
        let merchant = Merchant::new(app).await;
        let (_, reference) = confirmed(app, &merchant, 30_000).await;
        let mut file = format!("{HEADER}{reference},,PAYMENT,KRW,30000,750,2026-01-02\n");
        for number in 0..4_999 {
            file.push_str(&format!("mo-1-{},,PAYMENT,KRW,{},1,2026-01-02\n", 500_000 + number, number + 1));
        }
        let told = upload(&merchant, &file).await.ok();
        assert_eq!((&told["rows"], &told["matched"]), (&json!(5_000), &json!(1)));
    });
}

#[test]
fn a_day_that_is_over_is_settled_once() {
    run(async {
        let merchant = Merchant::new(app().await).await;
        let path = "/api/v1/reconciliation/batches";
        let today = in_seconds(0)[..10].to_owned();
        merchant.post(path, &json!({ "day": today })).await.refused(400, "COMMON400");
        for none in ["2026-02-30", "0000-01-01", "+99999-01-01"] {
            merchant.post(path, &json!({ "day": none })).await.refused(400, "COMMON400");
        }
        let yesterday = in_seconds(-86_400)[..10].to_owned();
        let made = merchant.post(path, &json!({ "day": yesterday })).await.ok();
        assert_eq!(made["batches"], json!([]));
        assert_eq!(merchant.get(path).await.ok()["batches"], json!([]));
        merchant.get(&format!("{path}/1/report?format=csv")).await.refused(404, "COMMON404");
    });
}
