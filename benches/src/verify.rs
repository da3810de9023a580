//! The benchmarks of verifying one token.

use std::rc::Rc;
use std::time::Duration;

use tenancy_core::TokenCache;
use tokio::runtime::{self, Runtime};

use crate::entrant::Entrant;
use crate::measure::Effort;
use crate::peers::{self, Peers};
use crate::specimen::{Algorithm, Specimen, forged, garbage};
use crate::tokens::Answer::{self, Accepted, Refused};
use crate::tokens::Tokens;
use crate::{Comparison, Failure, endpoint, ours, proof};

/// How many other tokens are in the cache that is there by default.
const RESIDENT: u64 = 10_000;
/// The places of a cache that is full. Few, so that each is used again before the next second: some hosts of virtual machines take
/// memory away that was idle for so long, and what its return costs is no property of a cache.
const PLACES: u64 = 1_000;

const EFFORT: Effort = Effort {
    rounds: 151,
    batch: Duration::from_millis(3),
};

/// One thread, an issuer whose keys everyone has.
struct Setting {
    specimen: Rc<Specimen>,
    jwks_url: String,
    runtime: Rc<Runtime>,
}

/// Everyone set up and warm: each has accepted what it should and refused what it should.
///
/// To be called once in a process, for it chooses the backend of jsonwebtoken.
///
/// # Errors
/// When a candidate cannot be set up or does not verify.
pub fn comparisons() -> Result<Vec<Comparison>, Failure> {
    peers::choose_aws_lc()?;
    let specimen = Specimen::new()?;
    let setting = Setting {
        jwks_url: endpoint::serve(&specimen.jwks())?,
        specimen: Rc::new(specimen),
        runtime: Rc::new(
            runtime::Builder::new_current_thread()
                .enable_all()
                .build()?,
        ),
    };
    let mut comparisons = Vec::new();
    for algorithm in Algorithm::ALL {
        comparisons.extend(setting.of(algorithm)?);
    }
    Ok(comparisons)
}

impl Setting {
    fn of(&self, algorithm: Algorithm) -> Result<Vec<Comparison>, Failure> {
        let name = format!("verify/{}", algorithm.name().to_lowercase());
        let peers = self.peers(algorithm)?;
        let ours = ours::uncached(algorithm, &self.jwks_url, &self.runtime)?;
        proof::verifies(&ours, &self.specimen, algorithm)?;
        let token = Tokens::same(self.specimen.token(algorithm)?);

        let accepted = compare(&name, ours.clone(), &peers.all(), &token, Accepted);
        let mut comparisons = vec![accepted];
        if algorithm == Algorithm::Rs256 {
            comparisons.push(self.cached(&format!("{name}/cached"), &peers, &token)?);
            comparisons.extend(self.refused(&name, &ours, &peers)?);
        }
        if algorithm == Algorithm::EdDsa {
            comparisons.push(self.distinct(&format!("{name}/distinct"), &ours, &peers)?);
        }
        for comparison in &mut comparisons {
            comparison.left_out.clone_from(&peers.left_out);
        }
        Ok(comparisons)
    }

    /// All that can verify `algorithm`, and do.
    fn peers(&self, algorithm: Algorithm) -> Result<Peers, Failure> {
        let peers = Peers::new(algorithm, &self.specimen, &self.jwks_url, &self.runtime)?;
        proof::checks_signatures(&peers.bare, &self.specimen, algorithm)?;
        for peer in &peers.libraries {
            proof::verifies(peer, &self.specimen, algorithm)?;
        }
        Ok(peers)
    }

    /// Ours with a cache in which `token` is one of many.
    fn cached(&self, name: &str, peers: &Peers, token: &Tokens) -> Result<Comparison, Failure> {
        let ours = self.ours_holding(RESIDENT, TokenCache::default(), Algorithm::Rs256)?;
        Ok(compare(name, ours, &peers.all(), token, Accepted))
    }

    /// The way to the refusal of what no issuer signed, and of what is no token.
    fn refused(
        &self,
        name: &str,
        ours: &Entrant,
        peers: &Peers,
    ) -> Result<[Comparison; 2], Failure> {
        let forged = forged(&self.specimen.token(Algorithm::Rs256)?).ok_or("no signature")?;
        let refused = |what: &str, token, peers: &[Entrant]| {
            let name = format!("{name}/{what}");
            compare(&name, ours.clone(), peers, &Tokens::same(token), Refused)
        };
        Ok([
            refused("bad-signature", forged, &peers.all()),
            refused("garbage", garbage(), &peers.libraries),
        ])
    }

    /// Ours with a cache that is full and never helps, because no token comes twice. With `EdDSA`, which signs tokens
    /// faster than anyone verifies them.
    fn distinct(
        &self,
        name: &str,
        uncached: &Entrant,
        peers: &Peers,
    ) -> Result<Comparison, Failure> {
        let cache = TokenCache::default().max_tokens(PLACES);
        let ours = self.ours_holding(2 * PLACES, cache, Algorithm::EdDsa)?;
        let mut others = peers.all();
        others.push(uncached.clone());
        let tokens = Tokens::Distinct(Rc::clone(&self.specimen), Algorithm::EdDsa);
        Ok(compare(name, ours, &others, &tokens, Accepted))
    }

    /// The cache has seen so many tokens, which are signed by the fastest key of the issuer.
    fn ours_holding(
        &self,
        tokens: u64,
        cache: TokenCache,
        algorithm: Algorithm,
    ) -> Result<Entrant, Failure> {
        let ours = ours::cached(algorithm, &self.jwks_url, cache, &self.runtime)?;
        proof::verifies(&ours, &self.specimen, algorithm)?;
        for _ in 0..tokens {
            if !ours.accepts(&self.specimen.token(Algorithm::EdDsa)?) {
                return Err("a token that should fill the cache is not accepted".into());
            }
        }
        Ok(ours)
    }
}

/// All are shown `tokens` and must answer as `expected`.
fn compare(
    bench: &str,
    ours: Entrant,
    peers: &[Entrant],
    tokens: &Tokens,
    expected: Answer,
) -> Comparison {
    let candidate = |entrant| tokens.shown_to(entrant, expected);
    let peers = peers.iter().cloned().map(candidate).collect();
    Comparison::new(bench, candidate(ours), peers, EFFORT)
}
