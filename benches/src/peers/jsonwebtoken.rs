//! jsonwebtoken 11: `decode_header`, for the key is chosen by what it says, and `decode`.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};

use crate::Failure;
use crate::claims::Claims;
use crate::entrant::Verify;
use crate::specimen::{AUDIENCE, Algorithm, ISSUER, SECRET};

pub(crate) struct Jsonwebtoken {
    key_id: &'static str,
    key: DecodingKey,
    validation: Validation,
}

pub(crate) fn peer(algorithm: Algorithm, jwks: &str) -> Result<Jsonwebtoken, Failure> {
    let key_id = algorithm.name();
    let key = if algorithm == Algorithm::Hs256 {
        DecodingKey::from_secret(SECRET.as_bytes())
    } else {
        let keys: JwkSet = serde_json::from_str(jwks)?;
        let jwk = keys.find(key_id).ok_or("jsonwebtoken finds no key")?;
        DecodingKey::from_jwk(jwk)?
    };
    let mut validation = Validation::new(key_id.parse()?);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    Ok(Jsonwebtoken {
        key_id,
        key,
        validation,
    })
}

impl Jsonwebtoken {
    pub(crate) fn verify(&self, token: &str) -> Option<Claims> {
        let header = decode_header(token).ok()?;
        if header.kid.as_deref() != Some(self.key_id) {
            return None;
        }
        let token = decode(token, &self.key, &self.validation).ok()?;
        Some(token.claims)
    }
}

impl Verify for Jsonwebtoken {
    type Presented<'t> = &'t str;

    fn present<'t>(&self, token: &'t str) -> Self::Presented<'t> {
        token
    }

    fn accepts(&self, token: &Self::Presented<'_>) -> bool {
        self.verify(token).is_some()
    }
}
