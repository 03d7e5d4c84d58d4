fn main() -> anyhow::Result<()> {
    host_wit::write_bindings("spin-sdk-pg", "imports: { default: async | trappable }")
}
