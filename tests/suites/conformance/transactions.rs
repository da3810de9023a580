//! The transaction of a request ends as its handler answers, on real Postgres and behind one connection.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use tenancy_core::Admission;
use tenancy_tests::notes::Notes;

use super::{Provider, connections, on_both_frameworks};
use crate::redaction::capture::Log;
use crate::twins::{self, Connection, INTERNAL, OnAxum, Reply, Service, TestApp, request};

on_both_frameworks! {
    a_success_is_committed_and_anything_else_rolled_back
    the_answer_goes_out_when_the_commit_is_done
    a_commit_that_fails_is_500_and_leaves_nothing
    a_commit_that_cannot_be_serialized_is_503
    what_a_handler_passes_on_is_told_by_its_kind_and_rolled_back
    a_failed_statement_is_not_committed_by_a_handler_that_overlooks_it
    a_panic_rolls_back
    a_client_that_goes_away_rolls_back
    a_transaction_that_somebody_keeps_is_not_committed
    one_request_has_one_transaction
    without_a_layer_or_a_tenant_it_is_500
    without_a_database_it_is_503
}

const UNAVAILABLE: &str = r#"{"type":"about:blank","title":"The request cannot be served now","status":503,"code":"temporarily_unavailable"}"#;

const INVALID_CURSOR: &str = r#"{"type":"about:blank","title":"The cursor is not one of this list","status":400,"code":"invalid_cursor"}"#;

const ADDED: &str = "SELECT count(*) FROM note WHERE body = 'new' AND tenant_id = 'a'";

/// What `/work/dangle` does is found out by the commit.
const DEFER: &str =
    "ALTER TABLE tag ALTER CONSTRAINT tag_tenant_id_note_id_fkey DEFERRABLE INITIALLY DEFERRED";

/// The service over a pool of one connection, so that whatever is left of a request meets the next.
struct Stage {
    notes: Notes,
    address: SocketAddr,
    bearer: String,
}

impl Stage {
    async fn open<A: TestApp>() -> Self {
        let notes = Notes::new().await.unwrap();
        let provider = Provider::new();
        let pool = notes.pool(1).await.unwrap();
        let service =
            Service::new(provider.admission().exempt("/work/add/202").unwrap()).with_pool(pool);
        Self {
            notes,
            address: A::start(service).await,
            bearer: provider.bearer("a", "ada"),
        }
    }

    async fn post(&self, path: &str) -> Reply {
        post(self.address, path, &self.bearer).await
    }

    /// What the tenant has beside its three notes, as another connection sees it.
    async fn added(&self) -> i64 {
        let mut admin = self.notes.admin().await.unwrap();
        let count = sqlx::query_scalar(ADDED).fetch_one(&mut admin);
        count.await.unwrap()
    }

    /// The one connection is free and in no transaction: another request does its work.
    async fn assert_works(&self) {
        let before = self.added().await;
        assert_eq!(self.post("/work/add/201").await.status, 201);
        assert_eq!(self.added().await, before + 1);
    }
}

async fn post(address: SocketAddr, path: &str, bearer: &str) -> Reply {
    let request = request("POST", path, &[("authorization", bearer)]);
    Connection::to(address).await.ask(&request).await
}

async fn a_success_is_committed_and_anything_else_rolled_back<A: TestApp>() {
    let stage = Stage::open::<A>().await;
    let mut added = 0;
    for status in [200, 400, 201, 404, 303, 409, 204, 500, 399, 503, 403] {
        let path = format!("/work/add/{status}");
        assert_eq!(stage.post(&path).await.status, status);
        added += i64::from(status < 400);
        assert_eq!(stage.added().await, added, "{status}");
    }
    assert_eq!(stage.post("/work/idle").await.status, 201);
}

async fn the_answer_goes_out_when_the_commit_is_done<A: TestApp>() {
    let stage = Stage::open::<A>().await;
    let slow_commit = "
        CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION linger()";
    stage.notes.administer(slow_commit).await.unwrap();
    let mut connection = Connection::to(stage.address).await;
    let fields = [("authorization", stage.bearer.as_str())];
    connection
        .send(&request("POST", "/work/add/201", &fields))
        .await;
    let early = tokio::time::timeout(Duration::from_millis(300), connection.reply(false));
    early.await.expect_err("an answer before the commit");
    assert_eq!(connection.reply(false).await.unwrap().status, 201);
    assert_eq!(stage.added().await, 1);
}

async fn a_commit_that_fails_is_500_and_leaves_nothing<A: TestApp>() {
    let stage = Stage::open::<A>().await;
    stage.notes.administer(DEFER).await.unwrap();
    let answer = stage.post("/work/dangle").await;
    assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
    assert!(answer.fields.contains(&problem()));
    assert_eq!(stage.added().await, 0);
    stage.assert_works().await;
}

/// The transaction was rolled back, and the database says so.
async fn a_commit_that_cannot_be_serialized_is_503<A: TestApp>() {
    let stage = Stage::open::<A>().await;
    let fails = "
        CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001'; END $$;
        CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION fails()";
    stage.notes.administer(fails).await.unwrap();
    let answer = stage.post("/work/add/201").await;
    assert_eq!((answer.status, answer.body.as_str()), (503, UNAVAILABLE));
    assert_eq!(stage.added().await, 0);
}

async fn what_a_handler_passes_on_is_told_by_its_kind_and_rolled_back<A: TestApp>() {
    let stage = Stage::open::<A>().await;
    stage.notes.administer(twins::RAISE).await.unwrap();
    for (what, status, body) in [
        // Division by zero, a unique key, row-level security, no such table, and one that nobody has heard of.
        ("raise/22012", 500, INTERNAL),
        ("raise/23505", 500, INTERNAL),
        ("raise/42501", 500, INTERNAL),
        ("raise/42P01", 500, INTERNAL),
        ("raise/ZZZZZ", 500, INTERNAL),
        // A serialization failure, a deadlock, too many connections, a lock and a statement that took too long, a failed disk.
        ("raise/40001", 503, UNAVAILABLE),
        ("raise/40P01", 503, UNAVAILABLE),
        ("raise/53300", 503, UNAVAILABLE),
        ("raise/55P03", 503, UNAVAILABLE),
        ("raise/57014", 503, UNAVAILABLE),
        ("raise/58030", 503, UNAVAILABLE),
        ("page/nonsense", 400, INVALID_CURSOR),
        // A good one, of a list by two values.
        ("page/WyIxIiwiMSJd", 400, INVALID_CURSOR),
    ] {
        let answer = stage.post(&format!("/work/{what}")).await;
        let told = (answer.status, answer.body.as_str());
        assert_eq!(told, (status, body), "{what}");
        assert!(answer.fields.contains(&problem()), "{what}");
        let comes_back = ("retry-after".to_owned(), "1".to_owned());
        assert_eq!(answer.fields.contains(&comes_back), status == 503, "{what}");
        assert_eq!(stage.added().await, 0, "{what}");
    }
    stage.assert_works().await;
}

fn problem() -> (String, String) {
    let media_type = ("content-type", "application/problem+json");
    (media_type.0.to_owned(), media_type.1.to_owned())
}

async fn a_failed_statement_is_not_committed_by_a_handler_that_overlooks_it<A: TestApp>() {
    let stage = Stage::open::<A>().await;
    let answer = stage.post("/work/fail").await;
    assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
    assert_eq!(stage.added().await, 0);
    stage.assert_works().await;
}

async fn a_panic_rolls_back<A: TestApp>() {
    let stage = Stage::open::<A>().await;
    let mut connection = Connection::to(stage.address).await;
    let fields = [("authorization", stage.bearer.as_str())];
    connection
        .send(&request("POST", "/work/panic", &fields))
        .await;
    let answer = connection.reply(false).await;
    assert!(answer.is_none_or(|answer| answer.status == 500));
    assert_eq!(stage.added().await, 0);
    stage.assert_works().await;
    assert_eq!(stage.added().await, 1);
}

async fn a_client_that_goes_away_rolls_back<A: TestApp>() {
    let stage = Stage::open::<A>().await;
    let mut connection = Connection::to(stage.address).await;
    let fields = [("authorization", stage.bearer.as_str())];
    connection
        .send(&request("POST", "/work/slow", &fields))
        .await;
    let answer = tokio::time::timeout(Duration::from_millis(300), connection.reply(false));
    answer.await.expect_err("the handler is not through");
    drop(connection);
    // It waits for the connection that the other had.
    stage.assert_works().await;
    assert_eq!(stage.added().await, 1);
}

async fn a_transaction_that_somebody_keeps_is_not_committed<A: TestApp>() {
    let stage = Stage::open::<A>().await;
    let answer = stage.post("/work/keep").await;
    assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
    // It waits until the transaction is given back.
    stage.assert_works().await;
    assert_eq!(stage.added().await, 1);
}

async fn one_request_has_one_transaction<A: TestApp>() {
    let stage = Stage::open::<A>().await;
    let answer = stage.post("/work/twice").await;
    assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
    stage.assert_works().await;
}

async fn without_a_layer_or_a_tenant_it_is_500<A: TestApp>() {
    let stage = Stage::open::<A>().await;
    let exempt = stage.post("/work/add/202").await;
    assert_eq!((exempt.status, exempt.body.as_str()), (500, INTERNAL));
    assert_eq!(stage.added().await, 0);

    let provider = Provider::new();
    let bare = A::start(Service::new(provider.admission())).await;
    let answer = post(bare, "/work/add/201", &provider.bearer("a", "ada")).await;
    assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
}

async fn without_a_database_it_is_503<A: TestApp>() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let provider = Provider::new();
    let service = Service::new(provider.admission()).with_pool(pool.clone());
    let address = A::start(service).await;
    let bearer = provider.bearer("a", "ada");
    pool.close().await;
    let answer = post(address, "/work/add/201", &bearer).await;
    assert_eq!((answer.status, answer.body.as_str()), (503, UNAVAILABLE));
    // Who does not ask needs no database.
    assert_eq!(post(address, "/work/idle", &bearer).await.status, 201);
}

#[test]
fn the_log_tells_the_developer_which_layer_is_missing() {
    let provider = Provider::new();
    let bearer = provider.bearer("a", "ada");
    let (_, on_axum) = Log::of(async {
        let address = twins::serve(twins::axum_app(Service::new(provider.admission()))).await;
        post(address, "/work/add/201", &bearer).await
    });
    assert!(
        on_axum.contains("add `TransactionLayer` to the router"),
        "{on_axum}"
    );
    let ((), on_actix) = Log::of(ask_actix(provider.admission(), &bearer));
    assert!(
        on_actix.contains("wrap the app in `TransactionMiddleware`"),
        "{on_actix}"
    );
}

/// What no client is told.
#[test]
fn the_log_tells_what_a_handler_passed_on() {
    let stage = async || {
        let notes = Notes::new().await.unwrap();
        notes.administer(twins::RAISE).await.unwrap();
        let pool = notes.pool(1).await.unwrap();
        (notes, pool, Provider::new())
    };
    let ((), on_axum) = Log::of(async {
        let (_notes, pool, provider) = stage().await;
        let service = Service::new(provider.admission()).with_pool(pool);
        let address = twins::serve(twins::axum_app(service)).await;
        let bearer = provider.bearer("a", "ada");
        post(address, "/work/raise/40001", &bearer).await;
        post(address, "/work/page/nonsense", &bearer).await;
    });
    let ((), on_actix) = Log::of(async {
        use actix_web::test::{TestRequest, call_service, init_service};
        use actix_web::{App, web::scope};
        let (_notes, pool, provider) = stage().await;
        let app = App::new()
            .service(scope("/work").configure(twins::actix_work))
            .wrap(tenancy_actix::TransactionMiddleware::new(pool))
            .wrap(tenancy_actix::TenantMiddleware::new(provider.admission()));
        let app = init_service(app).await;
        for path in ["/work/raise/40001", "/work/page/nonsense"] {
            let bearer = provider.bearer("a", "ada");
            let request = TestRequest::post().uri(path);
            let request = request.insert_header(("authorization", bearer));
            call_service(&app, request.to_request()).await;
        }
    });
    for log in [on_axum, on_actix] {
        let told = |level: &str, what: &str| {
            let mut lines = log.lines();
            lines.any(|line| {
                line.starts_with(&format!("{level} tenancy::service")) && line.contains(what)
            })
        };
        assert!(told("ERROR", "a secret of the database"), "{log}");
        assert!(told("INFO", "not a cursor of this list"), "{log}");
    }
}

/// It has no answer yet by which to tell.
#[tokio::test]
async fn an_error_of_an_inner_middleware_of_actix_rolls_back() {
    use actix_web::dev::Service as _;
    use actix_web::error::ErrorBadGateway;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, web::scope};
    let provider = Provider::new();
    for (fails, expected) in [(true, 0), (false, 1)] {
        let notes = Notes::new().await.unwrap();
        let transactions = tenancy_actix::TransactionMiddleware::new(notes.pool(1).await.unwrap());
        let app = App::new()
            .service(scope("/work").configure(twins::actix_work))
            .wrap_fn(move |request, service| {
                let answer = service.call(request);
                async move {
                    let answer = answer.await?;
                    if fails {
                        Err(ErrorBadGateway("no"))
                    } else {
                        Ok(answer)
                    }
                }
            })
            .wrap(transactions)
            .wrap(tenancy_actix::TenantMiddleware::new(provider.admission()));
        let request = TestRequest::post().uri("/work/add/201");
        let bearer = provider.bearer("a", "ada");
        let request = request
            .insert_header(("authorization", bearer))
            .to_request();
        let answer = try_call_service(&init_service(app).await, request).await;
        assert_eq!(answer.is_err(), fails);
        let mut admin = notes.admin().await.unwrap();
        let added = sqlx::query_scalar::<_, i64>(ADDED).fetch_one(&mut admin);
        assert_eq!(added.await.unwrap(), expected);
    }
}

/// Its status in HTTP is 200, whatever comes of it.
#[tokio::test]
async fn a_call_of_grpc_that_fails_is_rolled_back() {
    use axum::extract::Path;
    use tenancy_axum::{RequestTransaction, TenantLayer, TransactionLayer};
    let call = async |Path(status): Path<String>, mut transaction: RequestTransaction| {
        sqlx::query(twins::ADD)
            .execute(&mut *transaction)
            .await
            .unwrap();
        [("grpc-status", status)]
    };
    let (notes, provider) = (Notes::new().await.unwrap(), Provider::new());
    let app = axum::Router::new()
        .route("/call/{status}", axum::routing::post(call))
        .layer(TransactionLayer::new(notes.pool(1).await.unwrap()))
        .layer(TenantLayer::new(provider.admission()));
    let (address, bearer) = (twins::serve(app).await, provider.bearer("a", "ada"));
    let stage = Stage {
        notes,
        address,
        bearer,
    };
    for (status, added) in [(0, 1), (5, 1), (16, 1), (0, 2), (13, 2)] {
        assert_eq!(stage.post(&format!("/call/{status}")).await.status, 200);
        assert_eq!(stage.added().await, added, "{status}");
    }
}

/// Who reads messages understands no problem document, and who sends none understands nothing else.
#[tokio::test]
async fn a_call_of_grpc_whose_commit_fails_is_told_so_in_the_words_of_grpc() {
    let stage = Stage::open::<OnAxum>().await;
    stage.notes.administer(DEFER).await.unwrap();
    let mut connection = connections::http2(stage.address).await;
    let (of_call, of_problem) = (Some("application/grpc"), Some("application/problem+json"));
    for (media_type, path, status, answered_as, grpc_status, added) in [
        ("application/json", "dangle", 500, of_problem, None, 0),
        ("application/grpc", "dangle", 200, of_call, Some("13"), 0),
        ("application/grpc", "add/201", 201, None, None, 1),
    ] {
        let request = hyper::Request::post(format!("http://{}/work/{path}", stage.address))
            .header("authorization", &stage.bearer)
            .header("content-type", media_type)
            .body(Empty::<Bytes>::new());
        let answer = connection.send_request(request.unwrap()).await.unwrap();
        let field = |name| answer.headers().get(name).map(|it| it.to_str().unwrap());
        assert_eq!(answer.status(), status, "{media_type} {path}");
        assert_eq!(field("content-type"), answered_as, "{media_type} {path}");
        assert_eq!(field("grpc-status"), grpc_status, "{media_type} {path}");
        assert_eq!(field("grpc-message"), grpc_status.and(Some("internal")));
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let says = if status == 500 { INTERNAL } else { "" };
        assert_eq!(body, says, "{media_type} {path}");
        assert_eq!(stage.added().await, added, "{media_type} {path}");
    }
}

/// On this thread, where the log listens.
async fn ask_actix(admission: Admission, bearer: &str) {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, web::scope};
    let app = App::new()
        .service(scope("/work").configure(twins::actix_work))
        .wrap(tenancy_actix::TenantMiddleware::new(admission));
    let app = init_service(app).await;
    let request = TestRequest::post().uri("/work/add/201");
    let request = request.insert_header(("authorization", bearer));
    let answer = call_service(&app, request.to_request()).await;
    assert_eq!(answer.status(), 500);
}
