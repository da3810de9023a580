//! The benchmarks of a service over HTTP: what a request costs that passes admission, with a token that was verified
//! before, beside the same app without admission and beside other ways to check tokens.
//!
//! HTTP/1.1 on loopback, 32 connections that are kept alive. The server has a thread and a core to itself and the clients
//! have another, so that the server is what they wait for: how busy it was is told with the ratios, and so is its
//! processor time alone. Everyone is sent the same bytes, the token included. The peers verify it each time, because
//! they remember none; `uncached` is ours doing so too.
//!
//! The load comes from hyper's client. What is on the registry as a load generator is a program that opens connections of
//! its own, asks one server for some seconds and prints a summary; none takes turns between servers every few
//! milliseconds, without which a ratio of 0.97 cannot be told from noise.

mod load;
mod on_actix;
mod on_axum;
mod server;

use std::rc::Rc;
use std::time::Duration;

pub(crate) use self::load::{Clients, Connection, SendFailure, Target};
pub(crate) use self::server::{Seat, Server};
use crate::candidate::Candidate;
use crate::measure::{Effort, median};
use crate::specimen::{Algorithm, Specimen, forged};
use crate::{Comparison, Failure, endpoint, peers};

const HELLO: &str = "hello";

const EFFORT: Effort = Effort {
    rounds: 301,
    batch: Duration::from_millis(25),
};

/// How often the processor time of a server is looked at, and for how many requests.
const LOOKS: u32 = 31;
const REQUESTS: u64 = 2_000;

/// Whose tokens an app lets in.
struct Door {
    jwks: String,
    jwks_url: String,
}

/// Starts an app.
type Start = fn(&Door) -> Result<Server, Failure>;

/// Everyone serving and warm: each has let in the good token, and no other where it looks at tokens.
///
/// # Errors
/// When a server does not start, or lets in whom it should not.
pub fn comparisons() -> Result<Vec<Comparison>, Failure> {
    peers::choose_aws_lc()?;
    let specimen = Specimen::new()?;
    let good = specimen.token(Algorithm::Rs256)?;
    let setting = Setting {
        clients: Rc::new(Clients::start()?),
        door: Door {
            jwks: specimen.jwks(),
            jwks_url: endpoint::serve(&specimen.jwks())?,
        },
        forged: forged(&good).ok_or("a token has a signature")?,
        good,
    };
    let (jwt_authorizer, axum_jwt_auth): (Start, Start) =
        (on_axum::jwt_authorizer, on_axum::axum_jwt_auth);
    let httpauth: Start = on_actix::httpauth;
    Ok(vec![
        setting.compare(
            "http/axum",
            (on_axum::ours, on_axum::bare),
            &[
                ("jwt-authorizer", jwt_authorizer),
                ("axum-jwt-auth", axum_jwt_auth),
            ],
        )?,
        setting.compare(
            "http/axum/uncached",
            (on_axum::ours_uncached, on_axum::bare),
            &[
                ("jwt-authorizer", jwt_authorizer),
                ("axum-jwt-auth", axum_jwt_auth),
            ],
        )?,
        setting.compare(
            "http/actix",
            (on_actix::ours, on_actix::bare),
            &[("actix-web-httpauth", httpauth)],
        )?,
        setting.compare(
            "http/actix/uncached",
            (on_actix::ours_uncached, on_actix::bare),
            &[("actix-web-httpauth", httpauth)],
        )?,
    ])
}

struct Setting {
    clients: Rc<Clients>,
    door: Door,
    good: String,
    forged: String,
}

impl Setting {
    fn compare(
        &self,
        bench: &str,
        (ours, bare): (Start, Start),
        peers: &[(&'static str, Start)],
    ) -> Result<Comparison, Failure> {
        let ours = self.guarded(ours(&self.door)?)?;
        let bare = self.open(bare(&self.door)?)?;
        let note = self.processor_time(&ours, &bare)?;
        let mut others = vec![self.candidate("bare", bare)];
        for (name, start) in peers {
            let peer = self.guarded(start(&self.door)?);
            let peer = peer.map_err(|error| format!("{name}: {error}"))?;
            others.push(self.candidate(name, peer));
        }
        let ours = self.candidate("tenancy", ours);
        let mut comparison = Comparison::new(bench, ours, others, EFFORT);
        comparison.notes.extend(note);
        Ok(comparison)
    }

    /// A server that everybody may ask.
    fn open(&self, server: Server) -> Result<App, Failure> {
        let target = Target::new(server.address, &self.good)?;
        if self.clients.status(&target)? != 200 {
            return Err("an app without admission does not answer".into());
        }
        Ok(App { server, target })
    }

    /// A server that checks tokens.
    fn guarded(&self, server: Server) -> Result<App, Failure> {
        let forged = Target::new(server.address, &self.forged)?;
        if self.clients.status(&forged)? == 200 {
            return Err("an app that should check tokens lets in a forged one".into());
        }
        self.open(server)
    }

    fn candidate(&self, name: &'static str, app: App) -> Candidate {
        let clients = Rc::clone(&self.clients);
        Candidate::new(name, move |times| clients.send(&app.target, times))
    }

    /// What the servers' threads alone take for a request, where the system tells. They take turns.
    fn processor_time(&self, ours: &App, bare: &App) -> Result<Option<String>, Failure> {
        let (mut of_ours, mut of_bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..LOOKS {
            let (Some(ours), Some(bare)) = (self.look(ours)?, self.look(bare)?) else {
                return Ok(None);
            };
            ratios.push(ours.busy / bare.busy);
            of_ours.push(ours);
            of_bare.push(bare);
        }
        let middle =
            |of: &[Look], what: fn(&Look) -> f64| median(&of.iter().map(what).collect::<Vec<_>>());
        Ok(Some(format!(
            "processor time of the server's thread alone: {:.2} us a request beside {:.2} us of bare, ratio {:.3}; it was busy {:.0} % of the time, and {:.0} %",
            middle(&of_ours, |look| look.busy) * 1e6,
            middle(&of_bare, |look| look.busy) * 1e6,
            median(&ratios),
            middle(&of_ours, Look::share) * 100.0,
            middle(&of_bare, Look::share) * 100.0,
        )))
    }

    fn look(&self, app: &App) -> Result<Option<Look>, Failure> {
        let before = app.server.thread.busy_time();
        let took = self.clients.send(&app.target, REQUESTS)?.took;
        let after = app.server.thread.busy_time();
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let look = before.zip(after).map(|(before, after)| Look {
            busy: after.saturating_sub(before).as_secs_f64() / REQUESTS as f64,
            took: took.as_secs_f64() / REQUESTS as f64,
        });
        Ok(look)
    }
}

/// A server, and what it is asked.
struct App {
    server: Server,
    target: Target,
}

/// How long a server worked for a request and how long the request took of the whole, in seconds.
struct Look {
    busy: f64,
    took: f64,
}

impl Look {
    fn share(&self) -> f64 {
        self.busy / self.took
    }
}
