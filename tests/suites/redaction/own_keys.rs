//! Keys that sign, and configurations with a secret in a wrong place.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use tenancy_core::{
    Algorithm, ClaimMap, Issuer, JobEnvelopes, JwtVerifier, KeySource, MemoryDirectory, ProjectId,
    SharedSecret, SigningKey, SubjectId, TenantId, TenantRecord, TokenIssuer, danger,
};

use super::{
    AUDIENCE, EMAIL, GARBAGE, KEY_ID, PRIVATE_KEY, ROLE, SECRET, SUBJECT, Said, TENANT, USER,
    bearer, private_key, shared_secret,
};

/// Keys that sign, from both ends.
pub(super) async fn own_issuers(said: &mut Said) {
    said.debug("`SharedSecret`", &shared_secret());
    said.debug("`KeySource`", &KeySource::shared_secret(shared_secret()));
    for key in [SigningKey::shared_secret(shared_secret()), private_key()] {
        said.debug("`SigningKey`", &key);
        envelopes_of_jobs(said, key.clone()).await;
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

/// Sealed and opened, and not opened.
async fn envelopes_of_jobs(said: &mut Said, key: SigningKey) {
    let envelopes = JobEnvelopes::new("queue", key.clone()).unwrap();
    let envelopes = envelopes.also_open_with(key).unwrap();
    said.debug("`JobEnvelopes`", &envelopes);
    let acme = TenantId::parse("acme").unwrap();
    let context = danger::assume(acme.clone(), "a test").unwrap();
    let hour = Duration::from_hours(1);
    let envelope = envelopes.seal(&context, "a job", hour).unwrap();
    said.secrets.add_token("an envelope", &envelope);
    let error = envelopes.seal(&context, &GARBAGE.repeat(30), hour);
    said.error("a `JobSealError`", &error.unwrap_err());
    let directory = MemoryDirectory::new();
    let error = envelopes.open(&envelope, &directory).await.unwrap_err();
    said.error("a `JobOpenError`", &error);
    directory.add(TenantRecord::new(acme)).unwrap();
    let opened = envelopes.open(&envelope, &directory).await.unwrap();
    said.debug("`TenantContext`", &opened);
    for not_ours in [GARBAGE.to_owned(), format!("{envelope}{GARBAGE}")] {
        let error = envelopes.open(&not_ours, &directory).await.unwrap_err();
        said.error("a `JobOpenError`", &error);
    }
    let name = format!("{TENANT}\n");
    let weak = SigningKey::shared_secret(SharedSecret::new(Algorithm::HS512, SECRET));
    for error in [
        JobEnvelopes::new(&name, weak.clone()).unwrap_err(),
        JobEnvelopes::new("queue", weak).unwrap_err(),
    ] {
        said.error("a `JobSealError`", &error);
    }
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
