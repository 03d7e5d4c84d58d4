fn main() -> anyhow::Result<()> {
    host_wit::write_bindings("spin-sdk-variables", "imports: { default: async | trappable }")
}
