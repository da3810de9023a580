//! `Lane`, where work is done: so many tasks at a time, on the server itself or far from it.

use std::rc::Rc;
use std::sync::Arc;

use sqlx::PgPool;
use tenancy_sqlx::{TenantPool, pool_options};
use tokio::runtime::{self, Runtime};

use super::work::batch;
use super::{Role, Server, Work, link};
use crate::Failure;
use crate::candidate::Candidate;

/// Enough for a task that works alone to find a connection while those it gave back are made ready in the
/// background, and no more, so that they are made ready at the rate at which it works.
const ALONE: u32 = 4;
/// For many tasks, which wait for them.
const SHARED: u32 = 8;

/// A way to the server, and who goes it. Its candidates have the runtime and their connections in common
/// with nobody else.
pub(crate) struct Lane {
    server: Rc<Server>,
    runtime: Rc<Runtime>,
    tasks: u32,
    /// Of a delayed link, if there is one.
    port: Option<u16>,
}

impl Lane {
    /// For `tasks` at a time: one on one thread, more on all.
    pub(crate) fn new(server: &Rc<Server>, tasks: u32) -> Result<Self, Failure> {
        let mut runtime = if tasks == 1 {
            runtime::Builder::new_current_thread()
        } else {
            runtime::Builder::new_multi_thread()
        };
        Ok(Self {
            server: Rc::clone(server),
            runtime: Rc::new(runtime.enable_all().build()?),
            tasks,
            port: None,
        })
    }

    /// One task, whose words arrive a millisecond late, as do the server's.
    pub(crate) fn delayed(server: &Rc<Server>) -> Result<Self, Failure> {
        let port = server.options(Role::Bound).get_port();
        Ok(Self {
            port: Some(link::delayed(port)?),
            ..Self::new(server, 1)?
        })
    }

    /// A pool whose connections are all open, and stay so, with the recommended options: a connection is not tested
    /// when it is taken. Whoever leaves that on pays a round trip more each time, with or without us. When it
    /// is given back sqlx tests it in any case, in the background.
    pub(crate) fn pool(&self, role: Role) -> Result<PgPool, Failure> {
        let size = if self.tasks == 1 { ALONE } else { SHARED };
        let mut options = self.server.options(role);
        if let Some(port) = self.port {
            options = options.port(port);
        }
        let pool = pool_options()
            .min_connections(size)
            .max_connections(size)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options);
        Ok(self.wait_for(pool)?)
    }

    /// Ours over such a pool, with the proof that it asks for.
    pub(crate) fn tenant_pool(&self, pool: &PgPool) -> Result<TenantPool, Failure> {
        let built = TenantPool::builder(pool.clone()).build(self.server.catalog());
        Ok(self.wait_for(built)?)
    }

    /// Waits for `future` where this lane's work is done.
    pub(crate) fn wait_for<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Whether `work` finds what it asks for in `row`.
    pub(crate) fn finds<W: Work>(&self, work: &W, row: i64) -> Result<bool, Failure> {
        Ok(self.wait_for(async {
            let mut open = work.open().await?;
            work.once(&mut open, row).await
        })?)
    }

    /// `work` under the name by which the results call it, warm: every connection knows its statements.
    pub(crate) fn candidate<W: Work>(
        &self,
        name: &'static str,
        work: W,
    ) -> Result<Candidate, Failure> {
        let rounds = u64::from(work.pool().size()) * 2;
        let (work, runtime) = (Arc::new(work), Rc::clone(&self.runtime));
        let (server, tasks) = (Rc::clone(&self.server), self.tasks);
        // Connections are handed out in turn, a transaction that stays open keeps one.
        for _ in 0..rounds {
            batch(&work, &runtime, 1, 2)?;
        }
        Ok(Candidate::new(name, move |times| {
            let _alive = &server;
            batch(&work, &runtime, tasks, times)
        }))
    }
}
