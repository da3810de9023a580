//! The same service on both frameworks, asked the same.

use tenancy_core::Admission;

use crate::twins::{Connection, OnActix, OnAxum, Reply, Service, TestApp};

/// The same service on both frameworks.
pub(super) struct Both {
    axum: Connection,
    actix: Connection,
    pub(super) asked: usize,
}

impl Both {
    pub(super) async fn start(admission: Admission) -> Self {
        Self::of(Service::new(admission)).await
    }

    pub(super) async fn of(service: Service) -> Self {
        Self::each(|| service.clone()).await
    }

    /// Each with an admission of its own, which counts for itself.
    pub(super) async fn counting(admission: impl Fn() -> Admission) -> Self {
        Self::each(|| Service::new(admission())).await
    }

    async fn each(service: impl Fn() -> Service) -> Self {
        let axum = OnAxum::start(service()).await;
        let actix = OnActix::start(service()).await;
        Self {
            axum: Connection::to(axum).await,
            actix: Connection::to(actix).await,
            asked: 0,
        }
    }

    /// The one answer of both.
    pub(super) async fn ask(&mut self, request: &str) -> Reply {
        let mut on_axum = self.axum.ask(request).await;
        let on_actix = self.actix.ask(request).await;
        // axum's routes say which methods they have, whatever their layers answer.
        on_axum.fields.retain(|(name, _)| name != "allow");
        assert_eq!(on_axum, on_actix, "{request}");
        self.asked += 1;
        on_axum
    }

    pub(super) async fn expect(&mut self, request: &str, status: u16, body: &str) {
        let reply = self.ask(request).await;
        assert_eq!(reply.status, status, "{request}");
        assert!(reply.body.contains(body), "{request}: {}", reply.body);
    }
}
