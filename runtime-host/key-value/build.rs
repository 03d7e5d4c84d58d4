fn main() -> anyhow::Result<()> {
    host_wit::write_bindings("spin-sdk-kv", "imports: { default: async | trappable }")
}
