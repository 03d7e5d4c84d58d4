fn main() -> anyhow::Result<()> {
    host_wit::write_bindings(
        "spin-sdk-variables",
        r#"imports: { default: trappable }, trappable_error_type: { "spin:variables/variables.error" => crate::Failure }"#,
    )
}
