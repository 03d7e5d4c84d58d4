fn main() -> anyhow::Result<()> {
    host_wit::write_bindings("spin-sdk-sqlite", "imports: { default: async | trappable }")
}
