fn main() -> anyhow::Result<()> {
    host_wit::write_bindings(
        "spin-sdk-sqlite",
        r#"imports: {
            "spin:sqlite/sqlite.[static]connection.open": async | trappable,
            "spin:sqlite/sqlite.[method]connection.execute": async | trappable,
            default: trappable,
        },
        trappable_error_type: { "spin:sqlite/sqlite.error" => crate::Failure },
        with: { "spin:sqlite/sqlite.connection": crate::Connection }"#,
    )
}
