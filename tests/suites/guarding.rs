//! Guards on routes, routers, scopes and resources, and in the signatures of handlers: alike on axum and actix-web.

mod by_tenant;

use serde_json::{Value, json};
use tenancy_core::{
    Admission, ClaimMap, Guard, Issuer, JwtVerifier, KeySource, Requirement, RolePermissions,
};
use tenancy_examples::identity_provider::{SigningKey, now};

use super::over_http::{Reply, get};
use super::redaction::capture::Log;
use super::twins;

const NAME: &str = "https://issuer.example";

fn admission(key: &SigningKey) -> Admission {
    let map = ClaimMap::new("org")
        .roles("roles")
        .permissions("permissions");
    admission_by(key, map)
}

fn admission_by(key: &SigningKey, map: ClaimMap) -> Admission {
    let set = json!({ "keys": [key.public()] }).to_string();
    let issuer = Issuer::new(NAME, map)
        .audience("us")
        .keys(KeySource::fixed(set));
    Admission::new(JwtVerifier::new([issuer]).unwrap())
}

/// `Authorization` of ada in acme, with these claims besides.
fn bearer(key: &SigningKey, claims: &Value) -> String {
    let mut all =
        json!({ "iss": NAME, "aud": "us", "sub": "ada", "org": "acme", "exp": now() + 600 });
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    format!("Bearer {}", key.sign(&all))
}

/// The guards of the twins, by the paths that they stand on. `/admin/a` and `/admin/b` share one, and `/both` is below two.
fn guards() -> [(&'static str, Guard); 6] {
    [
        ("/role", Guard::role("Admin")),
        ("/permission", Guard::permission("data.write")),
        ("/scope", Guard::scope("notes:read")),
        (
            "/custom",
            Guard::custom("ada", |it| {
                it.subject().is_some_and(|it| it.as_str() == "ada")
            }),
        ),
        ("/admin", Guard::any_role(["Owner", "Admin"])),
        ("/both", Guard::role("Auditor")),
    ]
}

/// What the handlers of `/requires` and `/open-requires` require, as the guard on `/role` does.
struct Admin;

impl Requirement for Admin {
    fn guard() -> Guard {
        Guard::role("Admin")
    }
}

mod on_axum {
    use axum::Router;
    use axum::routing::get;
    use tenancy_axum::{Error, GuardLayer, Require, TenantLayer};
    use tenancy_core::Admission;

    use super::{Admin, guards};

    async fn served() -> &'static str {
        "served"
    }

    async fn requires(Require(tenant, ..): Require<Admin>) -> &'static str {
        assert_eq!(tenant.tenant().as_str(), "acme");
        "served"
    }

    async fn looks(required: Result<Require<Admin>, Error>) -> String {
        let told = |rejection: Error| {
            let code = rejection.refusal().map(|it| it.kind().code());
            format!("{} {code:?}", rejection.status())
        };
        required.map_or_else(told, |_| "served".to_owned())
    }

    fn app() -> Router {
        let [role, permission, scope, custom, admin, both] =
            guards().map(|(path, guard)| (path, GuardLayer::new(guard)));
        let below = Router::new()
            .route("/a", get(served))
            .route("/b", get(served))
            .route(both.0, get(served).layer(both.1))
            .route_layer(admin.1);
        Router::new()
            .route("/free", get(served))
            .route(role.0, get(served).layer(role.1.clone()))
            .route(permission.0, get(served).layer(permission.1))
            .route(scope.0, get(served).layer(scope.1))
            .route(custom.0, get(served).layer(custom.1))
            .route("/open", get(served).layer(role.1))
            .route("/requires", get(requires))
            .route("/open-requires", get(requires))
            .route("/looks", get(looks))
            .route("/open-looks", get(looks))
            .nest(admin.0, below)
    }

    /// Without an admission, the guards stand alone.
    pub(super) async fn serve(admission: Option<Admission>) -> String {
        let app = match admission {
            Some(admission) => app().layer(TenantLayer::new(admission)),
            None => app(),
        };
        crate::over_http::on_axum(app).await
    }
}

mod on_actix {
    use actix_web::ResponseError as _;
    use actix_web::middleware::Condition;
    use actix_web::{App, HttpServer, web};
    use tenancy_actix::{Error, GuardMiddleware, Require, TenantMiddleware};
    use tenancy_core::Admission;

    use super::{Admin, admission, guards};

    async fn served() -> &'static str {
        "served"
    }

    async fn requires(Require(tenant, ..): Require<Admin>) -> &'static str {
        assert_eq!(tenant.tenant().as_str(), "acme");
        "served"
    }

    async fn looks(required: Result<Require<Admin>, Error>) -> String {
        let told = |rejection: Error| {
            let code = rejection.refusal().map(|it| it.kind().code());
            format!("{} {code:?}", rejection.status_code().as_u16())
        };
        required.map_or_else(told, |_| "served".to_owned())
    }

    /// Asks without admission, on this thread.
    pub(super) async fn ask_unguarded(path: &str) -> u16 {
        use actix_web::test::{TestRequest, call_service, init_service};
        let [(role, guard), ..] = guards();
        let guarded = web::resource(role).get(served);
        let app = App::new()
            .service(guarded.wrap(GuardMiddleware::new(guard)))
            .route("/requires", web::get().to(requires));
        let request = TestRequest::get().uri(path).to_request();
        let answer = call_service(&init_service(app).await, request).await;
        answer.status().as_u16()
    }

    pub(super) fn serve(given: Option<Admission>) -> String {
        crate::over_http::on_actix(move |listener| serve_on(listener, given))
    }

    async fn serve_on(listener: std::net::TcpListener, given: Option<Admission>) {
        let key = super::SigningKey::ec(1).unwrap();
        let server = HttpServer::new(move || {
            let [role, permission, scope, custom, admin, both] =
                guards().map(|(path, guard)| (path, GuardMiddleware::new(guard)));
            let below = web::scope(admin.0)
                .route("/a", web::get().to(served))
                .route("/b", web::get().to(served))
                .service(web::resource(both.0).get(served).wrap(both.1))
                .wrap(admin.1);
            let admitted = given.clone().unwrap_or_else(|| admission(&key));
            App::new()
                .route("/free", web::get().to(served))
                .service(web::resource(role.0).get(served).wrap(role.1.clone()))
                .service(web::resource(permission.0).get(served).wrap(permission.1))
                .service(web::resource(scope.0).get(served).wrap(scope.1))
                .service(web::resource(custom.0).get(served).wrap(custom.1))
                .service(web::resource("/open").get(served).wrap(role.1))
                .route("/requires", web::get().to(requires))
                .route("/open-requires", web::get().to(requires))
                .route("/looks", web::get().to(looks))
                .route("/open-looks", web::get().to(looks))
                .service(below)
                .wrap(Condition::new(
                    given.is_some(),
                    TenantMiddleware::new(admitted),
                ))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap();
        server.run().await.unwrap();
    }
}

pub(crate) async fn on_both(admission: Option<Admission>) -> [String; 2] {
    [
        on_axum::serve(admission.clone()).await,
        on_actix::serve(admission),
    ]
}

async fn ask(service: &str, path: &str, authorization: &str) -> Reply {
    get(service, path, Some(authorization)).await
}

#[tokio::test]
async fn a_guard_lets_through_who_has_what_it_names() {
    let key = SigningKey::ec(1).unwrap();
    let admission = admission(&key).role_permissions(RolePermissions::preset());
    for service in on_both(Some(admission)).await {
        for (claims, path, expected) in [
            (json!({}), "/free", 200),
            (json!({ "roles": ["Admin"] }), "/role", 200),
            (json!({ "roles": ["admin"] }), "/role", 403),
            (json!({}), "/role", 403),
            (json!({ "roles": ["Admin"] }), "/requires", 200),
            (json!({ "roles": ["admin"] }), "/requires", 403),
            (json!({ "permissions": ["Admin"] }), "/requires", 403),
            (json!({}), "/requires", 403),
            (json!({ "permissions": ["data.write"] }), "/permission", 200),
            (json!({ "roles": ["Member"] }), "/permission", 200),
            (json!({ "roles": ["Viewer"] }), "/permission", 403),
            (json!({ "roles": ["data.write"] }), "/permission", 403),
            (
                json!({ "permissions": ["data.*", "*"] }),
                "/permission",
                403,
            ),
            (json!({ "scope": "openid notes:read" }), "/scope", 200),
            (json!({ "scope": "notes:read-all" }), "/scope", 403),
            (json!({ "scope": ["notes:read"] }), "/scope", 403),
            (json!({ "permissions": ["notes:read"] }), "/scope", 403),
            (json!({}), "/custom", 200),
            (json!({ "sub": "eve" }), "/custom", 403),
            (json!({ "roles": ["Owner"] }), "/admin/a", 200),
            (json!({ "roles": ["Admin"] }), "/admin/b", 200),
            (json!({ "roles": ["Member"] }), "/admin/a", 403),
            (json!({ "roles": ["Member"] }), "/admin/b", 403),
            // A guard behind another: both have to let it through.
            (json!({ "roles": ["Owner", "Auditor"] }), "/admin/both", 200),
            (json!({ "roles": ["Owner"] }), "/admin/both", 403),
            (json!({ "roles": ["Auditor"] }), "/admin/both", 403),
        ] {
            let answer = ask(&service, path, &bearer(&key, &claims)).await;
            assert_eq!(answer.status, expected, "{service} {path} {claims}");
            let served = answer.body == "served";
            assert_eq!(served, expected == 200, "{service} {path} {claims}");
            assert!(
                !answer.body.contains("Admin"),
                "nothing of the guard is told"
            );
        }
    }
}

#[tokio::test]
async fn a_denial_is_the_same_problem_document_on_both_frameworks() {
    let key = SigningKey::ec(1).unwrap();
    let eve = bearer(&key, &json!({ "sub": "eve" }));
    let body = r#"{"type":"about:blank","title":"The credential lacks a permission","status":403,"code":"insufficient_scope"}"#;
    let challenge = r#"Bearer realm="notes", error="insufficient_scope""#;
    for service in on_both(Some(admission(&key).realm("notes"))).await {
        for path in [
            "/role",
            "/permission",
            "/scope",
            "/custom",
            "/admin/a",
            "/requires",
        ] {
            let answer = ask(&service, path, &eve).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (403, body),
                "{service} {path}"
            );
            assert_eq!(
                answer.header("www-authenticate"),
                Some(challenge),
                "{service} {path}"
            );
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json")
            );
        }
    }
}

#[tokio::test]
async fn a_guard_without_admission_in_front_of_it_lets_nobody_through() {
    let key = SigningKey::ec(1).unwrap();
    let admin = bearer(&key, &json!({ "roles": ["Admin"] }));
    for service in on_both(None).await {
        for path in ["/role", "/requires"] {
            let answer = ask(&service, path, &admin).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (500, twins::INTERNAL),
                "{service} {path}"
            );
        }
    }
    // The negative control: what has no guard is served.
    for service in on_both(None).await {
        assert_eq!(
            ask(&service, "/free", &admin).await.status,
            200,
            "{service}"
        );
    }
    // Nobody looks at credentials on an exempt path.
    let open = admission(&key)
        .exempt("/open")
        .unwrap()
        .exempt("/open-requires")
        .unwrap();
    for service in on_both(Some(open)).await {
        for path in ["/open", "/open-requires"] {
            let answer = ask(&service, path, &admin).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (500, twins::INTERNAL),
                "{service} {path}"
            );
        }
    }
}

#[test]
fn the_log_tells_the_developer_that_admission_is_missing() {
    for (path, by_axum, by_actix) in [
        (
            "/role",
            "a route has a `GuardLayer` and no `TenantLayer` outside it",
            "a route has a `GuardMiddleware` and no `TenantMiddleware` outside it",
        ),
        (
            "/requires",
            "add `TenantLayer` to the router",
            "wrap the app in `TenantMiddleware`",
        ),
    ] {
        let asked = async { get(&on_axum::serve(None).await, path, None).await.status };
        let asked_actix = on_actix::ask_unguarded(path);
        for ((status, said), expected) in
            [(Log::of(asked), by_axum), (Log::of(asked_actix), by_actix)]
        {
            assert_eq!(status, 500, "{path}");
            assert!(said.contains(expected), "{said}");
        }
    }
}

/// A handler that wants to answer in its own way is told what the client would have been.
#[tokio::test]
async fn a_handler_may_look_at_why_its_requirement_is_not_met() {
    let key = SigningKey::ec(1).unwrap();
    let of = |role: &str| bearer(&key, &json!({ "roles": [role] }));
    let (admin, member) = (of("Admin"), of("Member"));
    let optional = admission(&key).optional().exempt("/open-looks").unwrap();
    for service in on_both(Some(optional)).await {
        for (path, authorization, expected) in [
            ("/looks", Some(&admin), "served"),
            ("/looks", Some(&member), r#"403 Some("insufficient_scope")"#),
            ("/looks", None, r#"401 Some("missing_token")"#),
            ("/open-looks", Some(&admin), "500 None"),
        ] {
            let answer = get(&service, path, authorization.map(String::as_str)).await;
            let told = (answer.status, answer.body.as_str());
            assert_eq!(told, (200, expected), "{service} {path}");
        }
    }
}

#[tokio::test]
async fn where_credentials_are_optional_a_guard_asks_for_one() {
    let key = SigningKey::ec(1).unwrap();
    let admin = bearer(&key, &json!({ "roles": ["Admin"] }));
    for service in on_both(Some(admission(&key).optional())).await {
        assert_eq!(get(&service, "/free", None).await.status, 200, "{service}");
        for path in ["/role", "/requires"] {
            let anonymous = get(&service, path, None).await;
            assert_eq!(anonymous.status, 401, "{service} {path}");
            assert_eq!(
                anonymous.header("www-authenticate"),
                Some(r#"Bearer realm="api""#)
            );
            let answer = ask(&service, path, &admin).await;
            assert_eq!(answer.status, 200, "{service} {path}");
        }
    }
}

#[tokio::test]
async fn a_requirement_of_a_handler_answers_to_the_byte_as_a_guard_in_front_of_it() {
    let key = SigningKey::ec(1).unwrap();
    let admission = admission(&key).optional().exempt("/open").unwrap();
    let admission = admission.exempt("/open-requires").unwrap();
    let (member, admin) = (
        json!({ "roles": ["Member"] }),
        json!({ "roles": ["Admin"] }),
    );
    let (member, admin) = (bearer(&key, &member), bearer(&key, &admin));
    for service in on_both(Some(admission)).await {
        let address = service.strip_prefix("http://").unwrap().parse().unwrap();
        for (authorization, status) in [("", 401), (&member, 403), (&admin, 200)] {
            let mut fields = vec![("authorization", authorization)];
            fields.retain(|(_, value)| !value.is_empty());
            for (guard, requirement) in [("/role", "/requires"), ("/open", "/open-requires")] {
                let expected = if guard == "/open" { 500 } else { status };
                let mut connection = twins::Connection::to(address).await;
                let by_guard = connection.ask(&twins::get(guard, &fields)).await;
                let by_requirement = connection.ask(&twins::get(requirement, &fields)).await;
                assert_eq!(by_guard.status, expected, "{service} {guard}");
                assert_eq!(by_requirement, by_guard, "{service} {guard}");
            }
        }
    }
}
