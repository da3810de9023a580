//! Where a default tenant is built, as the variables of a process say. Each try is a process of its own.

use std::env;
use std::process::Command;

use serde_json::json;
use tenancy_core::danger::{NoDefaultTenant, default_tenant};
use tenancy_core::{Admission, ClaimMap, Issuer, JwtVerifier, KeySource, TenantId};
use tenancy_examples::identity_provider::SigningKey;

const VARIABLES: [&str; 4] = ["APP_ENV", "RUST_ENV", "ENVIRONMENT", "ENV"];
/// Set in a process that tries, and in no other.
const TRYING: &str = "TENANCY_TESTS_DEFAULT_TENANT";

#[test]
fn no_default_tenant_is_built_where_any_of_four_variables_says_production() {
    if env::var_os(TRYING).is_some() {
        println!("<{}>", attempt());
        return;
    }
    for variable in VARIABLES {
        for (value, expected) in [
            (None, "<built>"),
            (Some("development"), "<built>"),
            (Some("production"), "<refused>"),
            (Some("developmemt"), "<refused>"),
            (Some(""), "<refused>"),
        ] {
            assert!(
                outcome(variable, value).contains(expected),
                "{variable}={value:?}"
            );
        }
    }
}

fn attempt() -> &'static str {
    let set = json!({ "keys": [SigningKey::ec(1).unwrap().public()] }).to_string();
    let issuer = Issuer::new("https://issuer.example", ClaimMap::new("org"));
    let issuer = issuer.audience("us").keys(KeySource::fixed(set));
    let admission = Admission::new(JwtVerifier::new([issuer]).unwrap());
    let tenant = TenantId::parse("acme").unwrap();
    match default_tenant(admission, tenant, "a laptop", "development") {
        Ok(_) => "built",
        Err(NoDefaultTenant::Environment) => "refused",
        Err(other) => panic!("{other}"),
    }
}

fn outcome(variable: &str, value: Option<&str>) -> String {
    let mut again = Command::new(env::current_exe().unwrap());
    again.args(["--nocapture", "--exact"]);
    again
        .arg("environment::no_default_tenant_is_built_where_any_of_four_variables_says_production");
    for variable in VARIABLES {
        again.env_remove(variable);
    }
    again.envs(value.map(|value| (variable, value)));
    let output = again.env(TRYING, "1").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
