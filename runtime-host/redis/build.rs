fn main() -> anyhow::Result<()> {
    host_wit::write_bindings("spin-sdk-redis", "imports: { default: async | trappable }")
}
