//! At the door: how a request names its tenant, what does not open without one, and which tenants are served. Alike on
//! axum and actix-web, with requests written byte by byte, because a client library would mend them.

use serde_json::json;
use tenancy_core::{
    Admission, Admitted, MemoryDirectory, RefusalCause, RequestHead, TenantDirectory,
    TenantDirectoryUnavailable, TenantId, TenantRecord, TenantSlug, TenantStatus, danger,
};
use tenancy_examples::identity_provider::SigningKey;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::presenting::{admission, on_both, token};

/// Writes a request and returns the status and the whole answer, without the date.
async fn ask(service: &str, head: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let address = service.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut request = format!("{head} HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in fields {
        request.extend([*name, ": ", *value, "\r\n"]);
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let lines = answer
        .split("\r\n")
        .filter(|line| !line.starts_with("date: "));
    (status, lines.collect::<Vec<_>>().join("\n"))
}

/// The status, and the tenant that was admitted or the code of the refusal.
fn told((status, answer): &(u16, String)) -> (u16, &str) {
    let body = answer.split("\n\n").nth(1).unwrap_or_default();
    let code = body.split(r#""code":""#).nth(1);
    (
        *status,
        code.map_or(body, |code| code.split('"').next().unwrap()),
    )
}

const NOT_NAMED: (u16, &str) = (403, "tenant_not_named");
const NOT_GRANTED: (u16, &str) = (403, "tenant_not_granted");
const ACME: (u16, &str) = (200, "acme");
const GLOBEX: (u16, &str) = (200, "globex");

#[tokio::test]
async fn a_host_names_one_of_the_tenants_that_its_token_is_for() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&key, &json!(["acme", "globex"])));
    let by_host = admission(&key)
        .tenant_host("{tenant}.app.example.com")
        .unwrap();
    for service in on_both(by_host).await {
        let acme = "acme.app.example.com";
        for (target, hosts, expected) in [
            ("/who", &[acme][..], ACME),
            ("/who", &["GLOBEX.App.Example.com.:8080"], GLOBEX),
            ("/who", &["initech.app.example.com"], NOT_GRANTED),
            ("/who", &["a_b.app.example.com"], NOT_GRANTED),
            ("/who", &["www.app.example.com"], NOT_GRANTED),
            ("/who", &["xn--80ak6aa92e.app.example.com"], NOT_GRANTED),
            ("/who", &["acme.globex.app.example.com"], NOT_NAMED),
            ("/who", &["127.0.0.1"], NOT_NAMED),
            ("/who", &["localhost"], NOT_NAMED),
            // The authority of a target in absolute form, which HTTP/2 always has.
            ("http://acme.app.example.com/who", &[acme], ACME),
            (
                "http://acme.app.example.com/who",
                &["globex.app.example.com"],
                NOT_GRANTED,
            ),
            ("http://localhost/who", &[acme], NOT_GRANTED),
        ] {
            let mut fields = vec![
                ("authorization", bearer.as_str()),
                // Whoever sends the request writes these.
                ("x-forwarded-host", "globex.app.example.com"),
                ("forwarded", "host=globex.app.example.com"),
            ];
            fields.extend(hosts.iter().map(|host| ("host", *host)));
            let answer = ask(&service, &format!("GET {target}"), &fields).await;
            assert_eq!(told(&answer), expected, "{target} {hosts:?}");
        }
        // A framework may refuse two of them by itself.
        let twice = [
            ("authorization", bearer.as_str()),
            ("host", acme),
            ("host", "globex.app.example.com"),
        ];
        let (status, _) = ask(&service, "GET /who", &twice).await;
        assert!(status == 400 || status == 403, "{status}");
    }
    // Negative control: where no host is configured, none counts.
    for service in on_both(admission(&key)).await {
        let fields = [
            ("authorization", bearer.as_str()),
            ("host", "acme.app.example.com"),
        ];
        assert_eq!(told(&ask(&service, "GET /who", &fields).await), NOT_NAMED);
    }
}

#[tokio::test]
async fn a_path_names_one_of_the_tenants_that_its_token_is_for() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&key, &json!(["acme", "globex"])));
    let fields = [("authorization", bearer.as_str()), ("host", "localhost")];
    let by_path = admission(&key).tenant_path("/t/{tenant}").unwrap();
    for service in on_both(by_path).await {
        for (path, expected) in [
            ("/t/acme/notes", ACME),
            ("/t/globex", GLOBEX),
            ("/t/%61cme/notes", ACME),
            ("/%74/acme/notes", ACME),
            ("/t/initech/notes", NOT_GRANTED),
            ("/t/ACME/notes", NOT_GRANTED),
            ("/t/%2561cme", NOT_GRANTED),
            ("/who", NOT_NAMED),
            ("/T/acme", NOT_NAMED),
            ("/t/acme//notes", NOT_GRANTED),
            ("//t/acme", NOT_GRANTED),
            ("/./t/acme", NOT_GRANTED),
            ("/t/acme/../globex", NOT_GRANTED),
            ("/t/acme/%2e%2E/globex", NOT_GRANTED),
            ("/t/acme%2fnotes", NOT_GRANTED),
            ("/t/acme%00", NOT_GRANTED),
        ] {
            let answer = ask(&service, &format!("GET {path}"), &fields).await;
            assert_eq!(told(&answer), expected, "{path}");
        }
    }
    for service in on_both(admission(&key)).await {
        assert_eq!(
            told(&ask(&service, "GET /t/acme/notes", &fields).await),
            NOT_NAMED
        );
    }
}

#[tokio::test]
async fn all_that_names_a_tenant_has_to_name_the_same_one() {
    let key = SigningKey::ec(1).unwrap();
    let of = |orgs| format!("Bearer {}", token(&key, &orgs));
    let (both, one) = (of(json!(["acme", "globex"])), of(json!(["acme"])));
    let everywhere = admission(&key)
        .tenant_header("x-tenant-id")
        .tenant_host("{tenant}.app.example.com")
        .unwrap()
        .tenant_path("/t/{tenant}")
        .unwrap();
    let (acme, globex) = ("acme.app.example.com", "globex.app.example.com");
    for service in on_both(everywhere.clone()).await {
        for (bearer, host, path, header, expected) in [
            (&both, acme, "/t/acme", Some("acme"), ACME),
            (&both, acme, "/t/acme", None, ACME),
            (&both, "localhost", "/t/acme", None, ACME),
            (&both, acme, "/t/globex", None, NOT_GRANTED),
            (&both, globex, "/t/acme", None, NOT_GRANTED),
            (&both, acme, "/t/acme", Some("globex"), NOT_GRANTED),
            (&both, acme, "/who", Some("globex"), NOT_GRANTED),
            (&both, acme, "/who", Some(""), NOT_GRANTED),
            (&both, "localhost", "/who", None, NOT_NAMED),
            (&one, "localhost", "/who", None, ACME),
            (&one, globex, "/who", None, NOT_GRANTED),
            (&one, globex, "/t/globex", Some("globex"), NOT_GRANTED),
        ] {
            let mut fields = vec![("authorization", bearer.as_str()), ("host", host)];
            fields.extend(header.map(|header| ("x-tenant-id", header)));
            let answer = ask(&service, &format!("GET {path}"), &fields).await;
            assert_eq!(told(&answer), expected, "{host} {path} {header:?}");
        }
    }
    // The logs say which two.
    let head = Head::get("/t/globex", &both, Some(acme));
    let refusal = everywhere.admit(&head).await.unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the host and the path name different tenants"
    );
}

#[tokio::test]
async fn a_fixed_tenant_refuses_the_tokens_of_others() {
    let key = SigningKey::ec(1).unwrap();
    let fixed = TenantId::parse("acme").unwrap();
    let fixed = admission(&key)
        .tenant_header("x-tenant-id")
        .fixed_tenant(fixed);
    for service in on_both(fixed).await {
        for (orgs, header, expected) in [
            (json!(["acme"]), None, ACME),
            (json!(["globex", "acme"]), None, ACME),
            (json!(["globex", "acme"]), Some("acme"), ACME),
            (json!(["globex", "acme"]), Some("globex"), NOT_GRANTED),
            (json!(["globex"]), None, NOT_GRANTED),
            (json!(["globex"]), Some("globex"), NOT_GRANTED),
        ] {
            let bearer = format!("Bearer {}", token(&key, &orgs));
            let mut fields = vec![("authorization", bearer.as_str()), ("host", "localhost")];
            fields.extend(header.map(|header| ("x-tenant-id", header)));
            let answer = ask(&service, "GET /who", &fields).await;
            assert_eq!(told(&answer), expected, "{orgs} {header:?}");
        }
    }
}

fn record(id: &str, slug: &str) -> TenantRecord {
    let slug = TenantSlug::parse(slug).unwrap();
    TenantRecord::new(TenantId::parse(id).unwrap()).with_slug(slug)
}

#[tokio::test]
async fn unknown_suspended_and_deleted_tenants_answer_like_one_that_is_not_granted() {
    let key = SigningKey::ec(1).unwrap();
    let directory = MemoryDirectory::new();
    let acme = record("acme", "acme").with_plan("business");
    directory.add(acme.clone()).unwrap();
    let admission = admission(&key)
        .tenant_header("x-tenant-id")
        .directory(directory.clone());
    let services = on_both(admission.clone()).await;
    let bearer = format!("Bearer {}", token(&key, &json!(["acme", "initech"])));
    let fields = |named| {
        [
            ("authorization", bearer.as_str()),
            ("host", "localhost"),
            ("x-tenant-id", named),
        ]
    };
    let head = Head::get("/who", &bearer, None);
    for status in [
        TenantStatus::Active,
        TenantStatus::Suspended,
        TenantStatus::Deleted,
    ] {
        directory.change(acme.clone().with_status(status)).unwrap();
        for service in &services {
            let not_granted = ask(service, "GET /who", &fields("globex")).await;
            assert_eq!(told(&not_granted), NOT_GRANTED);
            let unknown = ask(service, "GET /who", &fields("initech")).await;
            assert_eq!(unknown, not_granted, "every byte");
            let of_status = ask(service, "GET /who", &fields("acme")).await;
            if status == TenantStatus::Active {
                assert_eq!(told(&of_status), ACME);
            } else {
                assert_eq!(of_status, not_granted, "every byte, {status:?}");
            }
        }
        let named = |name: &'static str| Head {
            tenant_id: Some(name),
            ..head.clone()
        };
        let unknown = admission.admit(&named("initech")).await.unwrap_err();
        assert_eq!(unknown.cause(), &RefusalCause::TenantUnknown);
        let foreign = admission.admit(&named("globex")).await.unwrap_err();
        assert_eq!(foreign.cause(), &RefusalCause::TenantNotGranted);
        match (status, admission.admit(&named("acme")).await) {
            (TenantStatus::Active, Ok(Admitted::For(context, _))) => {
                let record = context.record().unwrap();
                assert_eq!(
                    (record.id().as_str(), record.plan()),
                    ("acme", Some("business"))
                );
            }
            (TenantStatus::Suspended, Err(refusal)) => {
                assert_eq!(refusal.cause(), &RefusalCause::TenantSuspended);
            }
            (TenantStatus::Deleted, Err(refusal)) => {
                assert_eq!(refusal.cause(), &RefusalCause::TenantDeleted);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn slugs_become_ids_and_reach_no_further_than_the_token() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&key, &json!(["1", "2"])));
    let directory = MemoryDirectory::new();
    for (id, slug) in [
        ("1", "acme"),
        ("2", "globex"),
        ("3", "initech"),
        ("4", "2-x"),
    ] {
        directory.add(record(id, slug)).unwrap();
    }
    // Somebody else's slug is the id of a tenant that the token is for: the id counts.
    directory.add(record("evil", "1")).unwrap();
    let admission = admission(&key)
        .tenant_header("x-tenant-id")
        .tenant_host("{tenant}.app.example.com")
        .unwrap()
        .directory(directory);
    for service in on_both(admission).await {
        for (host, header, expected) in [
            ("acme.app.example.com", None, (200, "1")),
            ("GLOBEX.app.example.com", None, (200, "2")),
            ("acme.app.example.com", Some("1"), (200, "1")),
            ("acme.app.example.com", Some("acme"), (200, "1")),
            ("acme.app.example.com", Some("2"), NOT_GRANTED),
            ("acme.app.example.com", Some("Acme"), NOT_GRANTED),
            ("initech.app.example.com", None, NOT_GRANTED),
            ("nobody.app.example.com", None, NOT_GRANTED),
            ("1.app.example.com", None, (200, "1")),
            ("localhost", Some("evil"), NOT_GRANTED),
            ("localhost", None, NOT_NAMED),
        ] {
            let mut fields = vec![("authorization", bearer.as_str()), ("host", host)];
            fields.extend(header.map(|header| ("x-tenant-id", header)));
            let answer = ask(&service, "GET /who", &fields).await;
            assert_eq!(told(&answer), expected, "{host} {header:?}");
        }
    }
}

/// A directory that fails, or answers with whatever it has.
#[derive(Debug)]
struct Faulty(Option<TenantRecord>);

#[async_trait::async_trait]
impl TenantDirectory for Faulty {
    async fn by_id(
        &self,
        _: &TenantId,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        let unavailable = TenantDirectoryUnavailable {
            retry_after: std::time::Duration::from_secs(7),
            cause: "secret-host is down".to_owned(),
        };
        self.0.clone().map(Some).ok_or(unavailable)
    }

    async fn by_slug(
        &self,
        _: &TenantSlug,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        self.by_id(&TenantId::parse("any").unwrap()).await
    }
}

#[tokio::test]
async fn a_directory_that_does_not_answer_or_answers_for_another_is_503() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&key, &json!(["acme"])));
    let fields = [("authorization", bearer.as_str()), ("host", "localhost")];
    for (faulty, retry_after) in [
        (None, "retry-after: 7"),
        (Some(record("globex", "acme")), "retry-after: 1"),
    ] {
        for service in on_both(admission(&key).directory(Faulty(faulty.clone()))).await {
            let answer = ask(&service, "GET /who", &fields).await;
            assert_eq!(told(&answer), (503, "temporarily_unavailable"));
            assert!(answer.1.contains(retry_after), "{}", answer.1);
            assert!(!answer.1.contains("secret-host"));
        }
    }
}

#[tokio::test]
async fn an_exempt_prefix_opens_whole_segments_in_normal_form_and_nothing_else() {
    let key = SigningKey::ec(1).unwrap();
    let exempt = admission(&key)
        .exempt_prefix("/public")
        .unwrap()
        .exempt_method("GET", "/docs");
    for service in on_both(exempt).await {
        let status = async |head: &str| ask(&service, head, &[("host", "localhost")]).await.0;
        for head in [
            "GET /public",
            "GET /public/a/b.css?c=d",
            "POST /public/x",
            "GET /docs",
        ] {
            assert_eq!(status(head).await, 200, "{head}");
        }
        for head in [
            "GET /publication",
            "GET /PUBLIC/a",
            "GET /public/",
            "GET /public//a",
            "GET //public/a",
            "GET /./public/a",
            "GET /public/.",
            "GET /public/../who",
            "GET /public/%2e%2e/who",
            "GET /public/..%2fwho",
            "GET /public%2fa",
            "GET /%70ublic/a",
            "GET /public/..;/who",
            "GET /public/a%20b",
            "GET /x/public/a",
            "GET /who?/public/",
            "POST /docs",
            "HEAD /docs",
            "GET /docs/",
            "GET /docs/x",
            "get /docs",
        ] {
            let status = status(head).await;
            assert!(status == 401 || status == 400, "{head}: {status}");
        }
    }
    for prefix in [
        "",
        "/",
        "public",
        "/public/",
        "//public",
        "/../public",
        "/%70ublic",
    ] {
        assert!(admission(&key).exempt_prefix(prefix).is_err(), "{prefix}");
    }
}

#[tokio::test]
async fn a_cors_preflight_needs_no_tenant_where_that_is_switched_on() {
    let key = SigningKey::ec(1).unwrap();
    let good = format!("Bearer {}", token(&key, &json!(["acme"])));
    let (origin, method) = (
        ("origin", "https://x.example"),
        ("access-control-request-method", "PUT"),
    );
    let host = ("host", "localhost");
    for service in on_both(admission(&key).cors_preflight()).await {
        for (head, fields, expected) in [
            (
                "OPTIONS /notes",
                &[host, origin, method][..],
                (200, "nobody"),
            ),
            ("OPTIONS /notes", &[host, origin], (401, "missing_token")),
            ("OPTIONS /notes", &[host, method], (401, "missing_token")),
            (
                "GET /notes",
                &[host, origin, method],
                (401, "missing_token"),
            ),
            (
                "PUT /notes",
                &[host, origin, method],
                (401, "missing_token"),
            ),
            // With a credential it is a request like any other.
            (
                "OPTIONS /notes",
                &[host, origin, method, ("authorization", &good)],
                ACME,
            ),
            (
                "OPTIONS /notes",
                &[host, origin, method, ("authorization", "Bearer x")],
                (401, "invalid_token"),
            ),
        ] {
            assert_eq!(
                told(&ask(&service, head, fields).await),
                expected,
                "{head} {fields:?}"
            );
        }
    }
    for service in on_both(admission(&key)).await {
        let answer = ask(&service, "OPTIONS /notes", &[host, origin, method]).await;
        assert_eq!(told(&answer), (401, "missing_token"));
    }
}

#[tokio::test]
async fn a_default_tenant_is_for_requests_without_a_credential_only() {
    let key = SigningKey::ec(1).unwrap();
    let build = |environment| {
        let acme = TenantId::parse("acme").unwrap();
        let admission = admission(&key).tenant_header("x-tenant-id").optional();
        danger::default_tenant(admission, acme, "no identity provider here", environment)
    };
    assert_eq!(
        build("production").unwrap_err(),
        danger::NoDefaultTenant::Environment
    );
    let globex = format!("Bearer {}", token(&key, &json!(["globex"])));
    for service in on_both(build("development").unwrap()).await {
        for (fields, expected) in [
            (&[][..], ACME),
            (&[("x-tenant-id", "acme")], ACME),
            (&[("x-tenant-id", "globex")], NOT_GRANTED),
            (&[("authorization", globex.as_str())], GLOBEX),
            (&[("authorization", "Bearer x")], (401, "invalid_token")),
            (&[("authorization", "Bearer")], (400, "invalid_request")),
        ] {
            let fields = [&[("host", "localhost")], fields].concat();
            assert_eq!(
                told(&ask(&service, "GET /who", &fields).await),
                expected,
                "{fields:?}"
            );
        }
    }
}

/// A request as admission sees it, without a framework.
#[derive(Clone)]
struct Head {
    path: &'static str,
    authorization: String,
    authority: Option<&'static str>,
    tenant_id: Option<&'static str>,
}

impl Head {
    fn get(path: &'static str, authorization: &str, authority: Option<&'static str>) -> Self {
        let authorization = authorization.to_owned();
        Self {
            path,
            authorization,
            authority,
            tenant_id: None,
        }
    }
}

impl RequestHead for Head {
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let value = match name {
            "authorization" => Some(self.authorization.as_str()),
            "x-tenant-id" => self.tenant_id,
            _ => None,
        };
        value.map(str::as_bytes).into_iter()
    }

    fn method(&self) -> &'static str {
        "GET"
    }

    fn authority(&self) -> Option<&str> {
        self.authority
    }

    fn path(&self) -> &str {
        self.path
    }

    fn query(&self) -> Option<&str> {
        None
    }

    fn peer_address(&self) -> Option<std::net::IpAddr> {
        None
    }
}

/// Under HTTP/2 there need not be a `Host` at all.
#[tokio::test]
async fn an_authority_alone_names_the_tenant() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&key, &json!(["acme", "globex"])));
    let admission: Admission = admission(&key)
        .tenant_host("{tenant}.app.example.com")
        .unwrap();
    let head = Head::get("/who", &bearer, Some("globex.app.example.com"));
    match admission.admit(&head).await {
        Ok(Admitted::For(context, _)) => assert_eq!(context.tenant().as_str(), "globex"),
        other => panic!("{other:?}"),
    }
}
