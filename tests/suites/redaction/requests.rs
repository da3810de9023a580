//! Tokens and requests of every kind, through the verifier and through admission on axum.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use tenancy_axum::{Tenant, TenantLayer, Visit};
use tenancy_core::{
    Admission, Admitted, Claims, JwtVerifier, Presented, Refusal, TracingAudit, Verified,
    VerifyError,
};
use tenancy_examples::identity_provider::IdentityProvider;
use tenancy_tests::head::Head;
use tower_service::Service as _;

use super::outages::what_is_unavailable;
use super::tokens::{Case, cases, good_claims, issuer, provider};
use super::{GARBAGE, Said, TENANT, bearer};

pub(super) fn admission(verifier: &JwtVerifier) -> Admission {
    Admission::new(verifier.clone())
        .token_header("x-token")
        .unwrap()
        .token_cookie("session")
        .unwrap()
        .token_query_parameter("access_token")
        .unwrap()
        .tenant_header("x-tenant-id")
        .unwrap()
        .exempt("/open")
        .unwrap()
        .audit(TracingAudit)
        .tenant_metrics(1)
}

/// Asks a service on axum, which answers with what it knows of the tenant.
pub(super) async fn ask(
    verifier: &JwtVerifier,
    said: &mut Said,
    path: &str,
    fields: &[(&str, &str)],
) -> u16 {
    let who = |Tenant(tenant): Tenant, Visit(visit): Visit| async move {
        format!("{tenant:?}\n{tenant:#?}\n{visit:?}\n{visit:#?}")
    };
    let mut app = Router::new()
        .route("/who", get(who))
        .route("/open", get(who))
        .layer(TenantLayer::new(admission(verifier)));
    let mut request = Request::get(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app.call(request).await.unwrap();
    let occasion = "an answer";
    said.debug(occasion, &response);
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        said.error("a `Refusal`", refusal);
        said.debug("a `RefusalCause`", refusal.cause());
        said.text("`Display` of a `RefusalCause`", refusal.cause().to_string());
        said.debug("a `RefusalResponse`", refusal.response());
    }
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    said.text(occasion, String::from_utf8_lossy(&body));
    status
}

/// Every token, through the verifier and through admission.
pub(super) async fn tokens_of_every_kind(said: &mut Said) {
    let provider = provider().await;
    let verifier = JwtVerifier::new([issuer(&provider)]).unwrap();
    for Case {
        name,
        token,
        problem,
    } in cases(&provider)
    {
        said.secrets.add_token(name, &token);
        let outcome = verifier.verify(bearer(&token)).await;
        assert_eq!(
            outcome.as_ref().err(),
            problem.map(VerifyError::from).as_ref(),
            "{name}"
        );
        match outcome {
            Ok(claims) => shown_claims(said, &claims),
            Err(error) => said.error("a `VerifyError`", &error),
        }
        if let Some(problem) = problem {
            said.error("a `TokenProblem`", &problem);
        }

        let field = format!("Bearer {token}");
        let fields = [("authorization", field.as_str())];
        let expected = if problem.is_none() { 200 } else { 401 };
        assert_eq!(
            ask(&verifier, said, "/who", &fields).await,
            expected,
            "{name}"
        );
        let head = Head::get("/who").authorization(field);
        match admission(&verifier).admit(&head).await {
            Ok(admitted) => shown_admitted(said, &admitted),
            Err(refusal) => said.error("a `Refusal`", &refusal),
        }
    }
    said.debug("`JwtVerifier`", &verifier);
    said.debug("`Admission`", &admission(&verifier));
    said.debug("`KeyStatus`", &verifier.key_status());
    requests_of_every_kind(said, &provider, &verifier).await;
    what_is_unavailable(said, &provider).await;
    provider.go_down();
    assert!(verifier.reload_keys().await.is_err());
}

fn shown_claims(said: &mut Said, claims: &Verified<Claims>) {
    said.debug("`Verified<Claims>`", claims);
    said.debug("`Claims`", &claims.clone().into_inner());
    for name in ["email", "sub", "roles", "jti"] {
        said.error("a `ClaimTypeError`", &claims.claim::<u8>(name).unwrap_err());
    }
    let wanted = claims.claim::<std::collections::BTreeMap<String, u8>>("roles");
    said.debug("claims of a wrong type", &wanted);
}

fn shown_admitted(said: &mut Said, admitted: &Admitted) {
    said.debug("`Admitted`", admitted);
    let Admitted::For(context, _) = admitted else {
        panic!("{admitted:?}");
    };
    said.debug("`TenantContext`", context);
    said.error("a `Refusal`", &context.require_role("Admin").unwrap_err());
}

/// What a request can do wrong with a good token.
async fn requests_of_every_kind(
    said: &mut Said,
    provider: &IdentityProvider,
    verifier: &JwtVerifier,
) {
    let token = provider.rsa_key().sign(&good_claims(provider));
    said.secrets.add_token("a good token", &token);
    let (authorization, cookie) = (format!("Bearer {token}"), format!("a=b; session={token}"));
    let (authorization, cookie) = (
        ("authorization", authorization.as_str()),
        ("cookie", cookie.as_str()),
    );
    let with_space = format!("Bearer {token} {GARBAGE}");
    let broken = ("authorization", with_space.as_str());
    let query = format!("/who?access_token={token}");
    for (path, fields, status) in [
        ("/who", &[][..], 401),
        ("/who", &[authorization], 200),
        ("/who", &[cookie], 200),
        ("/who", &[("x-token", token.as_str())], 200),
        (query.as_str(), &[], 200),
        (query.as_str(), &[authorization], 400),
        ("/who", &[authorization, cookie], 400),
        ("/who", &[broken], 400),
        ("/who", &[("authorization", "Basic Y2FuYXJ5")], 401),
        ("/who", &[authorization, ("x-tenant-id", TENANT)], 403),
        ("/who", &[authorization, ("x-tenant-id", "")], 403),
        // The handler wants a tenant where none is admitted, and the service logs that.
        (&query.replace("who", "open"), &[authorization], 500),
    ] {
        assert_eq!(
            ask(verifier, said, path, fields).await,
            status,
            "{path} {fields:?}"
        );
    }
    for token in [token.as_str(), GARBAGE] {
        said.debug("`BearerToken`", &bearer(token));
        said.debug("`Presented`", &Presented::Bearer(bearer(token)));
        let head = Head::get("/who").authorization(format!("Bearer {token}"));
        said.debug("`Presented`", &Presented::in_authorization(&head));
    }
}
