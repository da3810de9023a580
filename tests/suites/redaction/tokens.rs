//! One token for each problem that a token can have, with canaries in it.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use tenancy_core::{ClaimMap, Issuer, KeySource, TenantId, TokenProblem};
use tenancy_examples::identity_provider::{IdentityProvider, SigningKey as ProviderKey, now};

use super::{
    AUDIENCE, EMAIL, GARBAGE, ISSUER, KEY_ID, OTHER_AUDIENCE, PARAMETER, PERMISSION, ROLE, SUBJECT,
    TENANT, TOKEN_ID, USER,
};

/// A token, and why it is refused, if it is.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) token: String,
    pub(super) problem: Option<TokenProblem>,
}

pub(super) fn changed(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[name] = value;
    object
}

pub(super) fn good_claims(provider: &IdentityProvider) -> Value {
    let mut claims = provider.claims("acme", USER, 600);
    claims["email"] = EMAIL.into();
    claims["roles"] = json!([ROLE]);
    claims["permissions"] = json!([PERMISSION]);
    claims["jti"] = TOKEN_ID.into();
    claims
}

/// One token for each problem that a token of the provider can have.
pub(super) fn cases(provider: &IdentityProvider) -> Vec<Case> {
    let (key, claims) = (provider.rsa_key(), good_claims(provider));
    let good = key.sign(&claims);
    let stranger = ProviderKey::rsa(1).unwrap().sign(&claims);
    let case = |name, token, problem| Case {
        name,
        token,
        problem: Some(problem),
    };
    let mut cases = vec![
        Case {
            name: "good",
            token: good.clone(),
            problem: None,
        },
        case("strange", stranger, TokenProblem::Signature),
        case(
            "not JSON",
            key.sign_text(&key.header().to_string(), &format!(r#"{{"email":"{EMAIL}"#)),
            TokenProblem::Payload,
        ),
        case(
            "without a header",
            key.sign_text(PARAMETER, &claims.to_string()),
            TokenProblem::Header,
        ),
        case("garbage", GARBAGE.to_owned(), TokenProblem::NotCompact),
        case(
            "garbage in three",
            format!("{GARBAGE}.{GARBAGE}.{GARBAGE}"),
            TokenProblem::NotCompact,
        ),
        case(
            "garbage in five",
            format!("{good}.{GARBAGE}.{GARBAGE}"),
            TokenProblem::Encrypted,
        ),
        case("long", GARBAGE.repeat(1000), TokenProblem::TooLong),
    ];
    for (name, value, problem) in [
        ("exp", json!(now() - 100), TokenProblem::Expired),
        ("exp", json!(now() * 1000), TokenProblem::Lifetime),
        ("exp", json!(EMAIL), TokenProblem::Expiry),
        ("nbf", json!(now() + 100), TokenProblem::NotYetValid),
        ("iat", json!(EMAIL), TokenProblem::NotYetValid),
        ("aud", json!(OTHER_AUDIENCE), TokenProblem::Audience),
        ("iss", json!(ISSUER), TokenProblem::Issuer),
        ("cnf", json!({ "jkt": GARBAGE }), TokenProblem::KeyBound),
        ("org_id", Value::Null, TokenProblem::TenantInvalid),
        (
            "org_id",
            json!(format!("{TENANT} ")),
            TokenProblem::TenantInvalid,
        ),
        ("org_id", json!([TENANT]), TokenProblem::TenantInvalid),
        ("org_id", json!(TENANT), TokenProblem::TenantNotOfIssuer),
        ("tenant", json!(TENANT), TokenProblem::TenantConflict),
        ("sub", json!(format!("{SUBJECT}\n")), TokenProblem::Subject),
        ("project", json!([GARBAGE]), TokenProblem::Project),
        ("roles", json!([ROLE, 7]), TokenProblem::Roles),
        ("permissions", json!({ PERMISSION: 7 }), TokenProblem::Roles),
        ("kind", json!([GARBAGE]), TokenProblem::ClaimValue),
        ("jti", json!([TOKEN_ID]), TokenProblem::TokenId),
    ] {
        cases.push(case(
            name,
            key.sign(&changed(&claims, name, value)),
            problem,
        ));
    }
    for (name, value, problem) in [
        ("kid", json!(KEY_ID), TokenProblem::NoMatchingKey),
        ("kid", json!([KEY_ID]), TokenProblem::Header),
        ("alg", json!(PARAMETER), TokenProblem::Algorithm),
        ("typ", json!(PARAMETER), TokenProblem::Type),
        ("crit", json!([PARAMETER]), TokenProblem::Extension),
    ] {
        let header = changed(&key.header(), name, value);
        cases.push(case(name, key.sign_with(&header, &claims), problem));
    }
    cases
}

pub(super) fn issuer(provider: &IdentityProvider) -> Issuer {
    let claims = ClaimMap::new("org_id")
        .or_tenant("tenant")
        .project("project")
        .roles("roles")
        .permissions("permissions")
        .refuse("kind", ["id"]);
    Issuer::new(provider.issuer(), claims)
        .audience(AUDIENCE)
        .keys(KeySource::url(provider.jwks_url()))
        .tenants([TenantId::parse("acme").unwrap()])
}

pub(super) async fn provider() -> IdentityProvider {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    IdentityProvider::start(anywhere, AUDIENCE).await.unwrap()
}
