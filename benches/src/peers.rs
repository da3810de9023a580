//! The peers, each configured as its documentation does for a service that checks `iss` and `aud`.

pub(crate) mod axum_jwt_auth;
pub(crate) mod jsonwebtoken;
mod jwks_client_rs;
pub(crate) mod jwt_authorizer;
mod tower_oauth2_resource_server;
mod verify_sig;

use std::rc::Rc;
use std::sync::OnceLock;

use tokio::runtime::Runtime;

use crate::Failure;
use crate::comparison::LeftOut;
use crate::entrant::Entrant;
use crate::specimen::{Algorithm, Specimen};

/// The peers that can verify an algorithm, keys warm.
pub(crate) struct Peers {
    /// Only the signature, on bytes that are already decoded.
    pub(crate) bare: Entrant,
    /// The libraries.
    pub(crate) libraries: Vec<Entrant>,
    pub(crate) left_out: Vec<LeftOut>,
}

impl Peers {
    pub(crate) fn new(
        algorithm: Algorithm,
        specimen: &Specimen,
        jwks_url: &str,
        runtime: &Rc<Runtime>,
    ) -> Result<Self, Failure> {
        let mut libraries = vec![
            Entrant::new(
                "jsonwebtoken",
                jsonwebtoken::peer(algorithm, &specimen.jwks())?,
            ),
            Entrant::later(
                "jwt-authorizer",
                runtime,
                jwt_authorizer::Peer(
                    runtime.block_on(jwt_authorizer::authorizer(algorithm, jwks_url))?,
                ),
            ),
            Entrant::later(
                "axum-jwt-auth",
                runtime,
                axum_jwt_auth::Peer(runtime.block_on(axum_jwt_auth::decoder(algorithm, jwks_url))?),
            ),
            Entrant::later(
                "tower-oauth2-resource-server",
                runtime,
                runtime.block_on(tower_oauth2_resource_server::peer(
                    algorithm, specimen, jwks_url,
                ))?,
            ),
        ];
        let mut left_out = Vec::new();
        if algorithm == Algorithm::Hs256 {
            left_out.push(LeftOut {
                peer: "jwks_client_rs",
                reason: "knows RSA, EC and OKP keys only",
            });
        } else {
            let peer = jwks_client_rs::peer(jwks_url)?;
            libraries.push(Entrant::later("jwks_client_rs", runtime, peer));
        }
        Ok(Self {
            bare: Entrant::new("verify_sig", verify_sig::peer(algorithm, specimen)?),
            libraries,
            left_out,
        })
    }

    /// The bare signature and the libraries.
    pub(crate) fn all(&self) -> Vec<Entrant> {
        std::iter::once(&self.bare)
            .chain(&self.libraries)
            .cloned()
            .collect()
    }
}

/// Makes aws-lc the backend of both versions of jsonwebtoken that leave the choice: 11, which is also that of
/// `jwks_client_rs` and tower-oauth2-resource-server, and 10, that of axum-jwt-auth. The latter turns the
/// pure-Rust backend on for its version, after which there is no default. jwt-authorizer has version 9,
/// whose only backend is ring.
pub(crate) fn choose_aws_lc() -> Result<(), Failure> {
    static IS_CHOSEN: OnceLock<bool> = OnceLock::new();
    let is_chosen = IS_CHOSEN.get_or_init(|| {
        let newer = ::jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let older = jsonwebtoken_10::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        newer.is_ok() && older.is_ok()
    });
    if *is_chosen {
        Ok(())
    } else {
        Err("jsonwebtoken has another backend already".into())
    }
}
