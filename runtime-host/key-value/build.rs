fn main() -> anyhow::Result<()> {
    host_wit::write_bindings(
        "spin-sdk-kv",
        r#"imports: { default: trappable },
        trappable_error_type: { "spin:key-value/key-value.error" => crate::Failure },
        with: { "spin:key-value/key-value.store": crate::Store }"#,
    )
}
