//! Not a library but the floor: aws-lc checks the signature, and nothing is decoded or looked up.

use aws_lc_rs::hmac;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};

use crate::Failure;
use crate::entrant::Verify;
use crate::specimen::{Algorithm, Specimen, split};

pub(super) enum Bare {
    Signature(ParsedPublicKey),
    /// For HMAC there is no `verify_sig`; this is its like.
    Hmac(Box<hmac::Key>),
}

pub(super) fn peer(algorithm: Algorithm, specimen: &Specimen) -> Result<Bare, Failure> {
    let key = match algorithm {
        Algorithm::Rs256 => {
            let key = PublicKeyComponents::<Vec<u8>>::from(specimen.rsa.public_key());
            RsaPublicKeyComponents { n: key.n, e: key.e }
                .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)?
        }
        Algorithm::Es256 => {
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, specimen.p256.public_key())?
        }
        Algorithm::EdDsa => ParsedPublicKey::new(&ED25519, specimen.ed25519.public_key())?,
        Algorithm::Hs256 => return Ok(Bare::Hmac(Box::new(specimen.hmac.clone()))),
    };
    Ok(Bare::Signature(key))
}

impl Verify for Bare {
    /// The signed text and the signature.
    type Presented<'t> = (&'t str, Vec<u8>);

    fn present<'t>(&self, token: &'t str) -> Self::Presented<'t> {
        split(token).unwrap_or_default()
    }

    fn accepts(&self, (message, signature): &Self::Presented<'_>) -> bool {
        match self {
            Self::Signature(key) => key.verify_sig(message.as_bytes(), signature).is_ok(),
            Self::Hmac(key) => hmac::verify(key, message.as_bytes(), signature).is_ok(),
        }
    }
}
