//! The benchmark of limits: how long a quiet tenant waits while another sends ten times what it may.
//!
//! A service in front of a pool of four connections, whose work is a query of 20 ms in the tenant's transaction. The quiet
//! tenant asks every 25 ms, whether answers have come or not; a time is the 99th percentile of its answers. The noisy
//! one may make 50 requests a second and hold two connections, and sends 500 a second, as long as fewer than 64 of
//! them are under way. `quiet` is the same service without the noisy tenant, `unlimited` one without limits, with it.

mod asking;
mod service;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::runtime;

use self::asking::{Asking, Noise};
use crate::candidate::{Candidate, Run};
use crate::database::Server as Database;
use crate::http::{Clients, Server};
use crate::measure::Effort;
use crate::specimen::{Algorithm, Specimen};
use crate::{Comparison, Failure};

/// About a hundred requests of the quiet tenant a turn, and fewer where it waits long.
const EFFORT: Effort = Effort {
    rounds: 15,
    batch: Duration::from_millis(2_400),
};

/// Both services running, each of which has answered both tenants.
///
/// # Errors
/// When there is no server, or a tenant is refused that should not be.
pub fn comparisons() -> Result<Vec<Comparison>, Failure> {
    let database = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(Database::start(service::TABLES, service::catalog()))?;
    let stage = Stage {
        database: Rc::new(database),
        clients: Rc::new(Clients::start()?),
        specimen: Specimen::new()?,
    };
    let limited = stage.service(true)?;
    let ours = stage.candidate("tenancy", &limited, Noise::Loud)?;
    let peers = vec![
        stage.candidate("quiet", &limited, Noise::None)?,
        stage.candidate("unlimited", &stage.service(false)?, Noise::Loud)?,
    ];
    Ok(vec![Comparison::new(
        "limits/noisy-neighbour",
        ours,
        peers,
        EFFORT,
    )])
}

struct Stage {
    database: Rc<Database>,
    clients: Rc<Clients>,
    specimen: Specimen,
}

impl Stage {
    fn service(&self, is_limited: bool) -> Result<Server, Failure> {
        service::start(&self.database, self.specimen.jwks(), is_limited)
    }

    fn candidate(
        &self,
        name: &'static str,
        service: &Server,
        noise: Noise,
    ) -> Result<Candidate, Failure> {
        let token = |tenant: &str| {
            let claims = json!({ "org_id": tenant });
            self.specimen.token_with(Algorithm::EdDsa, &claims)
        };
        let asking = Asking::new(service.address, &token("quiet")?, &token("noisy")?)?;
        let asking = Arc::new(asking);
        let (clients, database) = (Rc::clone(&self.clients), Rc::clone(&self.database));
        Ok(Candidate::new(name, move |times| {
            let _alive = &database;
            let asking = Arc::clone(&asking);
            let waits = clients.run(move |runtime| runtime.block_on(asking.phase(times, noise)))?;
            Ok(Run {
                right: u64::try_from(waits.len())?,
                // Of all as if each had taken as long.
                took: percentile_99(waits) * u32::try_from(times)?,
            })
        }))
    }
}

fn percentile_99(mut waits: Vec<Duration>) -> Duration {
    waits.sort_unstable();
    let index = waits.len().saturating_sub(1) * 99 / 100;
    waits.get(index).copied().unwrap_or_default()
}
