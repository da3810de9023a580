//! Programs that would go around the tenant. None compiles.
//!
//! What the compiler says of each stands beside it. After a change that is meant, `TRYBUILD=overwrite cargo test -p
//! tenancy-misuse` writes it anew.

#[test]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/must_not_compile/*.rs");
}
