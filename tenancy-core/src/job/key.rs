//! `EnvelopeKey`, what envelopes are sealed and opened with.

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::jwks::Key;
use crate::{Algorithm, IssueError, SigningKey};

/// RFC 8725 §3.11: so that no envelope is taken for an access token and no token for an envelope, also where both are
/// signed with one key.
const TYPE: &str = "tenancy-job+jwt";

pub(super) struct EnvelopeKey {
    signing: SigningKey,
    verifying: Key,
    algorithm: Algorithm,
    header: String,
    /// How every envelope of this key begins: the header, encoded, and a dot.
    beginning: String,
}

impl EnvelopeKey {
    pub(super) fn new(signing: SigningKey) -> Result<Self, IssueError> {
        let header = header(&signing);
        Ok(Self {
            verifying: signing.verifying()?,
            algorithm: signing.algorithm(),
            beginning: format!("{}.", URL_SAFE_NO_PAD.encode_to_string(&header)),
            header,
            signing,
        })
    }

    /// A compact JWS (RFC 7515 §7.1).
    pub(super) fn seal(&self, payload: &str) -> Result<String, IssueError> {
        self.signing.sign_compact(&self.header, payload)
    }

    /// The payload, if this key has sealed it.
    ///
    /// The header is compared and not read. It is the one that this key writes or none, so that nothing in it can choose an
    /// algorithm, demand an extension or claim another type.
    pub(super) fn open(&self, envelope: &str) -> Option<String> {
        let (signed, signature) = envelope.rsplit_once('.')?;
        let payload = signed.strip_prefix(&self.beginning)?;
        // Canonical base64url only: each envelope has one spelling.
        let decode = |segment: &str| URL_SAFE_NO_PAD.decode_to_vec(segment).ok();
        let signature = decode(signature)?;
        let is_ours = self
            .verifying
            .verify(self.algorithm, signed.as_bytes(), &signature);
        if !is_ours {
            return None;
        }
        String::from_utf8(decode(payload)?).ok()
    }
}

/// Put together by hand, so that it is the same bytes whichever program writes it.
fn header(key: &SigningKey) -> String {
    let (algorithm, key_id) = (key.algorithm(), key.key_id().map(Value::from));
    let key_id = key_id.map(|id| format!(r#","kid":{id}"#));
    let key_id = key_id.unwrap_or_default();
    format!(r#"{{"typ":"{TYPE}","alg":"{algorithm}"{key_id}}}"#)
}
