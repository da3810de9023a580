//! What the layer of axum and the middleware of actix-web cost by themselves: an app is called without a connection, by a
//! thread that does nothing else.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::{TestRequest, init_service};
use actix_web::web;
use actix_web::{App, Error};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http::header::AUTHORIZATION;
use tenancy_actix::TenantMiddleware;
use tenancy_axum::TenantLayer;
use tenancy_core::Admission;
use tokio::runtime::Runtime;
use tokio::task;
use tower::Service as _;

use crate::Failure;
use crate::candidate::{Candidate, Run};
use crate::measure::time;

const HELLO: &str = "hello";

/// Who calls the apps, and with which token.
pub(super) struct Caller {
    pub(super) runtime: Rc<Runtime>,
    pub(super) token: String,
}

impl Caller {
    /// An app on axum: ours, and the same without admission. `with_state` puts the layer on its routes, as `axum::serve` does.
    pub(super) fn on_axum(&self, admission: Admission) -> (Candidate, Candidate) {
        let hello = async |_: tenancy_axum::Tenant| HELLO;
        let ours = Router::new().route("/", get(hello));
        let ours = ours.layer(TenantLayer::new(admission)).with_state(());
        let bare = Router::new().route("/", get(async || HELLO)).with_state(());
        let calling = |name, app: Router| {
            let (app, bearer) = (RefCell::new(app), self.bearer());
            self.calling(name, async move || {
                let request = Request::builder().header(AUTHORIZATION, &bearer);
                let answer = app.borrow_mut().call(request.body(Body::empty())?);
                Ok(answer.await?.status().is_success())
            })
        };
        (calling("tenancy", ours), calling("bare", bare))
    }

    /// An app on actix-web: ours, and the same without admission.
    pub(super) fn on_actix(&self, admission: Admission) -> (Candidate, Candidate) {
        let hello = async |_: tenancy_actix::Tenant| HELLO;
        let ours = App::new().route("/", web::get().to(hello));
        let ours = ours.wrap(TenantMiddleware::new(admission));
        let bare = App::new().route("/", web::get().to(async || HELLO));
        let (ours, bare) = self
            .runtime
            .block_on(async { (init_service(ours).await, init_service(bare).await) });
        let bearer = self.bearer();
        let request = move || {
            let request = TestRequest::default();
            let request = request.insert_header(("authorization", bearer.as_str()));
            request.to_request()
        };
        (
            self.calling_actix("tenancy", ours, request.clone()),
            self.calling_actix("bare", bare, request),
        )
    }

    fn calling_actix<R, B: MessageBody>(
        &self,
        name: &'static str,
        app: impl Service<R, Response = ServiceResponse<B>, Error = Error> + 'static,
        request: impl Fn() -> R + 'static,
    ) -> Candidate {
        self.calling(name, async move || {
            let answer = app.call(request()).await;
            let answer = answer.map_err(|error| error.to_string())?;
            Ok(answer.status().is_success())
        })
    }

    /// Calls over and over; `call` says whether the answer was the right one.
    fn calling(
        &self,
        name: &'static str,
        call: impl AsyncFn() -> Result<bool, Failure> + 'static,
    ) -> Candidate {
        let runtime = Rc::clone(&self.runtime);
        Candidate::new(name, move |times| {
            let calling = task::unconstrained(async {
                let mut right = 0;
                for _ in 0..times {
                    right += u64::from(call().await?);
                }
                Ok::<_, Failure>(right)
            });
            let (right, took) = time(|| runtime.block_on(calling));
            let right = right?;
            Ok(Run { right, took })
        })
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}
