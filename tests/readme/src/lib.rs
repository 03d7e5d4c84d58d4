//! The README's first journey, as a newcomer would type it. Nothing is here; `tests/journey.rs` reads README.md.
