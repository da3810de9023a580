//! `Seal`, what proves to the database that a tenant was set by the service.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use tenancy_core::TenantId;

use crate::Setting;

/// The shortest secret, in bytes: the length of the hash (RFC 2104 §3).
const SHORTEST: usize = 32;
/// The length of a block of SHA-256 in bytes, to which HMAC pads its key.
const BLOCK: usize = 64;

/// Proves to the database that the service, which knows the secret, and nobody else has set the tenant.
///
/// By default every role may call `set_config`, so SQL that an attacker controls can name another tenant. With
/// [`Rls::sealed`](crate::Rls::sealed) a tenant counts only together with its seal,
///
/// ```text
/// HMAC-SHA256(secret, "tenancy.seal.v1" 00 name of the setting 00 tenant)
/// ```
///
/// in lower-case hexadecimal, in the setting of the same name with `_seal` behind, such as
/// `app.current_tenant_id_seal`. The database checks it with a key that the application role cannot read.
///
/// A seal is for one tenant and does not age: who has seen that of another tenant can use it until the secret is
/// replaced. It travels in the text of a statement, which other sessions of the same role can read in
/// `pg_stat_activity` while it is the last one of its session, and which a log of statements keeps. So against SQL that
/// an attacker controls revoke that view as well, as a superuser: `REVOKE EXECUTE ON FUNCTION
/// pg_catalog.pg_stat_get_activity(integer) FROM PUBLIC`. Then SQL in a transaction can read the seal of its own tenant
/// and no other.
///
/// ```
/// use tenancy_core::TenantId;
/// use tenancy_sqlx::{Seal, Setting};
///
/// let seal = Seal::new(b"thirty-two bytes of randomness..")?;
/// let acme = seal.of(&Setting::default(), &TenantId::parse("acme")?);
/// assert_eq!(acme.len(), 64);
/// assert!(Seal::new(b"too short").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Seal(Arc<Key>);

struct Key {
    mac: Hmac<Sha256>,
    /// The secret as HMAC uses it: hashed if it is longer than a block, padded with zeros.
    padded: [u8; BLOCK],
}

/// A secret that is too short for a [`Seal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret of a seal has {0} bytes and needs {SHORTEST} or more; take them from a random source"
)]
pub struct WeakSeal(usize);

impl Seal {
    /// A seal with `secret`, 32 bytes or more from a random source.
    ///
    /// # Errors
    /// When the secret is shorter.
    pub fn new(secret: &[u8]) -> Result<Self, WeakSeal> {
        let weak = WeakSeal(secret.len());
        if secret.len() < SHORTEST {
            return Err(weak);
        }
        let mac = Hmac::new_from_slice(secret).map_err(|_| weak)?;
        let hash;
        let key = if secret.len() > BLOCK {
            hash = Sha256::digest(secret);
            hash.as_slice()
        } else {
            secret
        };
        let mut padded = [0; BLOCK];
        for (to, from) in padded.iter_mut().zip(key) {
            *to = *from;
        }
        Ok(Self(Arc::new(Key { mac, padded })))
    }

    /// The seal of `tenant` in `setting`, for a tool that sets the tenant itself; a pool does so on its own.
    pub fn of(&self, setting: &Setting, tenant: &TenantId) -> String {
        let mut mac = self.0.mac.clone();
        mac.update(&message_head(setting));
        mac.update(tenant.as_str().as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// What the database keeps of the secret, in hexadecimal: a name for it, and the inner and the outer block of
    /// the HMAC.
    pub(crate) fn key(&self) -> [String; 3] {
        let padded = &self.0.padded;
        let name = Sha256::new()
            .chain_update(b"tenancy.seal.v1.key\0")
            .chain_update(padded)
            .finalize();
        let block = |constant: u8| hex(&padded.map(|byte| byte ^ constant));
        let name = hex(&name).chars().take(16).collect();
        [name, block(0x36), block(0x5c)]
    }
}

/// The name of the setting that carries the seal of the tenant in `setting`.
pub(crate) fn seal_setting(setting: &Setting) -> String {
    format!("{setting}_seal")
}

/// What stands before the tenant in the sealed message, in hexadecimal.
pub(crate) fn domain(setting: &Setting) -> String {
    hex(&message_head(setting))
}

/// No setting and no tenant holds a NUL byte, so different pairs give different messages.
fn message_head(setting: &Setting) -> Vec<u8> {
    format!("tenancy.seal.v1\0{setting}\0").into_bytes()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Without the secret.
impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acme(secret: &[u8]) -> String {
        let tenant = TenantId::parse("acme").unwrap();
        Seal::new(secret).unwrap().of(&Setting::default(), &tenant)
    }

    #[test]
    fn a_seal_depends_on_secret_setting_and_tenant() {
        let seal = Seal::new(&[7; 32]).unwrap();
        let of = |setting, tenant| {
            seal.of(
                &Setting::new(setting).unwrap(),
                &TenantId::parse(tenant).unwrap(),
            )
        };
        let seals = [
            acme(&[8; 32]),
            of("app.current_tenant_id", "acme"),
            of("app.current_tenant_id", "globex"),
            of("app.tenant", "acme"),
            of("app.current_tenant_i", "dacme"),
        ];
        for (index, seal) in seals.iter().enumerate() {
            assert!(!seals[..index].contains(seal));
            assert!(seal.len() == 64 && !seal.contains(|c: char| c.is_ascii_uppercase()));
        }
    }

    /// Made with Python's `hmac.new(key, b"tenancy.seal.v1\0app.current_tenant_id\0acme", "sha256")`.
    #[test]
    fn a_seal_is_what_others_compute() {
        assert_eq!(
            acme(&[7; 32]),
            "5aaac30dceb359073f6189d652ed06eb75e6b6f85d88f5de3f0b4dc93f9a0d1d"
        );
        assert_eq!(
            acme(&[7; 100]),
            "724c73b8a21c5de58b657ce3eaaef15593ff92ffe8567468dc399f4e34350b65"
        );
    }

    #[test]
    fn a_secret_shorter_than_the_hash_is_refused() {
        for length in [0, 1, 31] {
            let error = Seal::new(&vec![1; length]).unwrap_err();
            assert!(error.to_string().contains(&format!("has {length} bytes")));
        }
        for length in [32, 64, 65, 1000] {
            assert!(Seal::new(&vec![1; length]).is_ok());
        }
    }

    #[test]
    fn nothing_of_the_secret_is_shown() {
        let seal = Seal::new(b"ssssssssssssssssssssssssssssssss").unwrap();
        assert_eq!(format!("{seal:?}"), "Seal { .. }");
    }
}
