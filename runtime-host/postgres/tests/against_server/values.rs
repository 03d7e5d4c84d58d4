//! Every parameter and column type of the interface, both ways.

use crate::server::{one, rows, run_all, shared};
use host_postgres::Settings;
use host_postgres::interface::{DbDataType, DbValue, Interval, ParameterValue, RangeBoundKind};
use proptest::prelude::*;

fn inclusive<T>(value: T) -> Option<(T, RangeBoundKind)> {
    Some((value, RangeBoundKind::Inclusive))
}

fn exclusive<T>(value: T) -> Option<(T, RangeBoundKind)> {
    Some((value, RangeBoundKind::Exclusive))
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// What a value reads as; bindings have no equality of their own.
fn seen(value: &DbValue) -> String {
    format!("{value:?}")
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one entry per type")]
async fn every_value_comes_back_as_it_went() {
    let interval = Interval { micros: -7, days: 40, months: 13 };
    let cases: Vec<(&str, ParameterValue, DbValue)> = vec![
        ("boolean", ParameterValue::Boolean(true), DbValue::Boolean(true)),
        ("int2", ParameterValue::Int16(i16::MIN), DbValue::Int16(i16::MIN)),
        ("int4", ParameterValue::Int32(i32::MIN), DbValue::Int32(i32::MIN)),
        ("int8", ParameterValue::Int64(i64::MIN), DbValue::Int64(i64::MIN)),
        ("float4", ParameterValue::Floating32(1.5), DbValue::Floating32(1.5)),
        ("float8", ParameterValue::Floating64(-2.25), DbValue::Floating64(-2.25)),
        ("text", ParameterValue::Str(text("né")), DbValue::Str(text("né"))),
        ("varchar", ParameterValue::Str(text("")), DbValue::Str(text(""))),
        ("char(3)", ParameterValue::Str(text("a")), DbValue::Str(text("a  "))),
        ("bytea", ParameterValue::Binary(vec![0, 255]), DbValue::Binary(vec![0, 255])),
        ("date", ParameterValue::Date((1999, 2, 28)), DbValue::Date((1999, 2, 28))),
        ("time", ParameterValue::Time((23, 59, 58, 1_000)), DbValue::Time((23, 59, 58, 1_000))),
        (
            "timestamp",
            ParameterValue::Datetime((2000, 1, 2, 3, 4, 5, 6_000)),
            DbValue::Datetime((2000, 1, 2, 3, 4, 5, 6_000)),
        ),
        (
            "timestamptz",
            ParameterValue::Datetime((1969, 1, 2, 3, 4, 5, 0)),
            DbValue::Datetime((1969, 1, 2, 3, 4, 5, 0)),
        ),
        ("timestamptz", ParameterValue::Timestamp(86_400), DbValue::Datetime((1970, 1, 2, 0, 0, 0, 0))),
        (
            "uuid",
            ParameterValue::Uuid(text("0190163D-8694-739B-AEA5-966C26F8AD91")),
            DbValue::Uuid(text("0190163d-8694-739b-aea5-966c26f8ad91")),
        ),
        ("jsonb", ParameterValue::Jsonb(b"{\"a\":[1]}".into()), DbValue::Jsonb(b"{\"a\": [1]}".into())),
        ("json", ParameterValue::Jsonb(b"{\"a\":[1]}".into()), DbValue::Jsonb(b"{\"a\":[1]}".into())),
        ("numeric", ParameterValue::Decimal(text("-1.500")), DbValue::Decimal(text("-1.500"))),
        (
            "int4range",
            ParameterValue::RangeInt32((inclusive(1), inclusive(5))),
            DbValue::RangeInt32((inclusive(1), exclusive(6))),
        ),
        (
            "int4range",
            ParameterValue::RangeInt32((exclusive(5), None)),
            DbValue::RangeInt32((inclusive(6), None)),
        ),
        (
            "int4range",
            ParameterValue::RangeInt32((inclusive(5), inclusive(1))),
            DbValue::RangeInt32((None, None)),
        ),
        (
            "int8range",
            ParameterValue::RangeInt64((None, exclusive(i64::MAX))),
            DbValue::RangeInt64((None, exclusive(i64::MAX))),
        ),
        (
            "numrange",
            ParameterValue::RangeDecimal((exclusive(text("1.50")), inclusive(text("2")))),
            DbValue::RangeDecimal((exclusive(text("1.50")), inclusive(text("2")))),
        ),
        ("int4[]", ParameterValue::ArrayInt32(vec![Some(1), None]), DbValue::ArrayInt32(vec![Some(1), None])),
        ("int8[]", ParameterValue::ArrayInt64(vec![]), DbValue::ArrayInt64(vec![])),
        (
            "numeric[]",
            ParameterValue::ArrayDecimal(vec![Some(text("1.10")), None]),
            DbValue::ArrayDecimal(vec![Some(text("1.10")), None]),
        ),
        (
            "text[]",
            ParameterValue::ArrayStr(vec![Some(text("a")), None, Some(text(""))]),
            DbValue::ArrayStr(vec![Some(text("a")), None, Some(text(""))]),
        ),
        (
            "varchar[]",
            ParameterValue::ArrayStr(vec![Some(text("a"))]),
            DbValue::ArrayStr(vec![Some(text("a"))]),
        ),
        ("interval", ParameterValue::Interval(interval), DbValue::Interval(interval)),
    ];
    let host = shared().host(Settings::default());
    let connection = host.open().await;
    for (ty, parameter, expected) in cases {
        let sql = format!("SELECT $1::{ty}");
        let value = one(&connection, &sql, &[parameter]).await;
        assert_eq!(seen(&value), seen(&expected), "{ty}");
        let null = one(&connection, &sql, &[ParameterValue::DbNull]).await;
        assert!(matches!(null, DbValue::DbNull), "{ty}: {null:?}");
    }
}

#[tokio::test]
async fn types_beyond_the_interface_come_as_their_bytes_and_take_text() {
    let host = shared().host(Settings::default());
    let connection = host.open().await;
    run_all(
        &connection,
        &[
            "DROP TABLE IF EXISTS moods",
            "DROP TYPE IF EXISTS mood",
            "DROP DOMAIN IF EXISTS short",
            "CREATE TYPE mood AS ENUM ('calm', 'loud')",
            "CREATE DOMAIN short AS varchar(9)",
            "CREATE TABLE moods (mood mood, name name, short short)",
        ],
    )
    .await;
    let parameters = ["loud", "n", "s"].map(|value| ParameterValue::Str(text(value)));
    connection.execute("INSERT INTO moods VALUES ($1, $2, $3)", &parameters).await.unwrap();
    let (columns, rows) = connection.query_whole("SELECT mood, name, short FROM moods", &[]).await.unwrap();
    let DbValue::Unsupported(bytes) = &rows[0][0] else { panic!("{rows:?}") };
    assert_eq!(bytes, b"loud");
    assert!(matches!(&columns[0].data_type, DbDataType::Other(name) if name == "mood"));
    assert!(matches!(&columns[1].data_type, DbDataType::Other(name) if name == "name"));
}

#[tokio::test]
async fn an_internal_char_takes_an_int8() {
    let host = shared().host(Settings::default());
    let connection = host.open().await;
    let value = one(&connection, "SELECT ascii($1::\"char\"::text)", &[ParameterValue::Int8(65)]).await;
    assert!(matches!(value, DbValue::Int32(65)), "{value:?}");
}

#[tokio::test]
async fn columns_are_described_also_when_there_are_no_rows() {
    let host = shared().host(Settings::default());
    let connection = host.open().await;
    let (columns, rows) =
        connection.query_whole("SELECT 1::int8 AS a, ''::text AS b WHERE false", &[]).await.unwrap();
    assert!(rows.is_empty());
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(matches!(columns[0].data_type, DbDataType::Int64));
}

#[tokio::test]
async fn a_value_that_the_interface_cannot_carry_is_an_error_and_the_connection_lives() {
    let host = shared().host(Settings::default());
    let connection = host.open().await;
    let error = rows(&connection, "SELECT 'infinity'::date AS d", &[]).await.unwrap_err();
    assert!(format!("{error:?}").contains("\\\"d\\\""), "{error:?}");
    assert_eq!(crate::server::number(&connection, "SELECT 1").await, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_server_reads_decimals_as_we_write_them(negative: bool, integer in "[0-9]{0,40}", fraction in "[0-9]{0,30}") {
        prop_assume!(!(integer.is_empty() && fraction.is_empty()));
        let number = format!("{}{integer}{}{fraction}", if negative { "-" } else { "" }, if fraction.is_empty() { "" } else { "." });
        thread_local! {
            static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            static HOST: crate::server::Host = shared().host(Settings::default());
        }
        let (ours, theirs) = HOST.with(|host| RUNTIME.with(|runtime| runtime.block_on(async {
            let connection = host.open().await;
            let parameters = [ParameterValue::Decimal(number.clone()), ParameterValue::Str(number.clone())];
            let mut row = rows(&connection, "SELECT $1::numeric::text, ($2::text)::numeric", &parameters).await.unwrap().remove(0);
            (row.remove(0), row.remove(0))
        })));
        let (DbValue::Str(as_server_read_it), DbValue::Decimal(as_we_read_it)) = (ours, theirs) else { panic!() };
        prop_assert_eq!(as_server_read_it, as_we_read_it);
    }
}
