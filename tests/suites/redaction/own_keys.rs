//! Keys that sign, and configurations with a secret in a wrong place.

use std::collections::BTreeMap;

use serde_json::json;
use tenancy_core::{
    Algorithm, ClaimMap, Issuer, JwtVerifier, KeySource, ProjectId, SharedSecret, SigningKey,
    SubjectId, TenantId, TokenIssuer,
};

use super::{
    AUDIENCE, EMAIL, KEY_ID, PRIVATE_KEY, ROLE, SECRET, SUBJECT, Said, TENANT, USER, bearer,
    private_key, shared_secret,
};

/// Keys that sign, from both ends.
pub(super) async fn own_issuers(said: &mut Said) {
    said.debug("`SharedSecret`", &shared_secret());
    said.debug("`KeySource`", &KeySource::shared_secret(shared_secret()));
    for key in [SigningKey::shared_secret(shared_secret()), private_key()] {
        said.debug("`SigningKey`", &key);
        let issuer = TokenIssuer::new("us", AUDIENCE, key).unwrap();
        said.debug("`TokenIssuer`", &issuer);
        said.debug("`Issuer`", &issuer.issuer());
        let builder = JwtVerifier::builder().issuer(issuer.issuer());
        said.debug("`JwtVerifierBuilder`", &builder);
        let verifier = builder.build().unwrap();

        let (acme, user) = (
            TenantId::parse("acme").unwrap(),
            SubjectId::parse(USER).unwrap(),
        );
        let token = issuer
            .token(&acme, &user)
            .roles([ROLE])
            .claim("email", EMAIL)
            .sign()
            .unwrap();
        said.secrets.add_token("a token of ours", &token);
        let claims = verifier.verify(bearer(&token)).await.unwrap();
        said.debug("`Verified<Claims>`", &claims);
        said.debug("`JwtVerifier`", &verifier);
        let error = issuer
            .token(&acme, &user)
            .claim("sub", SUBJECT)
            .sign()
            .unwrap_err();
        said.error("an `IssueError`", &error);
        let without_text_keys = BTreeMap::from([((1, 2), EMAIL)]);
        let error = issuer
            .token(&acme, &user)
            .claim("map", without_text_keys)
            .sign()
            .unwrap_err();
        said.error("an `IssueError`", &error);
    }
    let error = SigningKey::from_pkcs8_der(Algorithm::ES256, PRIVATE_KEY).unwrap_err();
    said.error("an `IssueError`", &error);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----");
    let error = SigningKey::from_pkcs8_pem(Algorithm::EdDSA, &pem).unwrap_err();
    said.error("an `IssueError`", &error);
}

/// Mistakes with a secret in them.
pub(super) fn bad_configurations(said: &mut Said) {
    let issuer = |keys| {
        Issuer::new("us", ClaimMap::new("tenant"))
            .audience(AUDIENCE)
            .keys(keys)
    };
    let symmetric = json!({ "keys": [{ "kty": "oct", "k": SECRET, "kid": KEY_ID }] }).to_string();
    for keys in [
        KeySource::shared_secret(SharedSecret::new(Algorithm::HS512, SECRET)),
        KeySource::shared_secret(SharedSecret::new(Algorithm::RS256, SECRET)),
        KeySource::shared_secrets([shared_secret(), shared_secret()]),
        KeySource::fixed(SECRET),
        KeySource::fixed(symmetric),
    ] {
        let error = JwtVerifier::new([issuer(keys)]).unwrap_err();
        said.error("a `ConfigError`", &error);
        for problem in error.problems() {
            said.error("a `ConfigProblem`", problem);
        }
    }
    let key = SigningKey::shared_secret(SharedSecret::new(Algorithm::HS512, SECRET));
    said.error(
        "an `IssueError`",
        &TokenIssuer::new("us", AUDIENCE, key).unwrap_err(),
    );
    let spaced = format!("{TENANT} ");
    said.error(
        "an `InvalidIdentifier`",
        &TenantId::parse(&spaced).unwrap_err(),
    );
    said.error(
        "an `InvalidIdentifier`",
        &SubjectId::parse(&spaced).unwrap_err(),
    );
    said.error(
        "an `InvalidIdentifier`",
        &ProjectId::parse(&spaced).unwrap_err(),
    );
}
