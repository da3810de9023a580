//! One service, on axum and on actix-web: what suites ask of both is written once.

mod actix;
mod axum;
mod connection;

use std::net::SocketAddr;

use tenancy_core::Admission;
use tenancy_sqlx::TenantPool;

pub(crate) use self::actix::{OnActix, routes as actix_routes, work as actix_work};
pub(crate) use self::axum::{OnAxum, app as axum_app, serve};
pub(crate) use self::connection::{Connection, Reply, get, request};

/// The service on a framework.
///
/// | path | answer |
/// |---|---|
/// | `/who`, `/subject` | the tenant; the subject |
/// | `/maybe`, `/maybe-subject` | the same, or `nobody` |
/// | `/wait/{milliseconds}/{n}` | the tenant, the subject and `n`, after a while |
/// | `/socket` | a WebSocket that answers each text with the tenant and the text |
/// | `/open` | `open`, if the path is exempt |
/// | `/wants` | the tenant, to be made exempt |
/// | `/work/add/{status}` | adds the note `new` in the transaction of the request, and answers with this status |
/// | `/work/…` | other things that happen in a transaction |
/// | any other | nothing, or that of `/maybe` where it answers [everywhere](Service::everywhere) |
pub(crate) trait TestApp {
    /// Serves until the test ends. Where.
    async fn start(service: Service) -> SocketAddr;
}

/// Who may enter the service, and what it stands on.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) admission: Admission,
    /// Without one, `/work` lacks its layer.
    pub(crate) pool: Option<TenantPool>,
    everywhere: bool,
}

impl Service {
    pub(crate) fn new(admission: Admission) -> Self {
        Self {
            admission,
            pool: None,
            everywhere: false,
        }
    }

    pub(crate) fn with_pool(self, pool: TenantPool) -> Self {
        Self {
            pool: Some(pool),
            ..self
        }
    }

    /// Answers on paths that no router would tell apart, so that admission alone has to.
    pub(crate) fn everywhere(self) -> Self {
        Self {
            everywhere: true,
            ..self
        }
    }
}

pub(crate) const ADD: &str =
    "INSERT INTO note (tenant_id, body) VALUES (current_setting('app.current_tenant_id'), 'new')";
/// Breaks a rule that is looked at when the transaction ends.
const DANGLE: &str = "INSERT INTO tag VALUES (current_setting('app.current_tenant_id'), 77, 'red')";
/// Longer than any test.
const FOREVER: std::time::Duration = std::time::Duration::from_mins(10);
