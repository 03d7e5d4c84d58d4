fn main() -> anyhow::Result<()> {
    host_wit::write_bindings(
        "spin-sdk-redis",
        r#"imports: { default: trappable },
        trappable_error_type: { "spin:redis/redis.error" => crate::Failure },
        with: { "spin:redis/redis.connection": crate::Session }"#,
    )
}
