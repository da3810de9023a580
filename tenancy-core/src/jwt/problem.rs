//! `TokenProblem`, the precise cause for which a token is refused.

/// Why a token is refused: for logs and metrics, never for the client, who is told `invalid_token`
/// whatever the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TokenProblem {
    /// Longer than 16 KiB.
    #[error("token is longer than 16 KiB")]
    TooLong,
    /// Five segments: an encrypted token (RFC 7516).
    #[error("token is encrypted")]
    Encrypted,
    /// Not three segments of canonical base64url (RFC 7515 §7.1).
    #[error("token is not a compact JWS")]
    NotCompact,
    /// The header is not one strict JSON object with members of the right type.
    #[error("token header is not valid")]
    Header,
    /// The payload is not one strict JSON object.
    #[error("token payload is not a valid JSON object")]
    Payload,
    /// `alg` is `none`, unknown, symmetric, or not allowed for the key or by the issuer.
    #[error("token algorithm is not allowed")]
    Algorithm,
    /// `crit`, `b64`, `zip` or `enc` is present.
    #[error("token header demands an extension that is not supported")]
    Extension,
    /// `typ` is that of another kind of token.
    #[error("token type is not that of an access token")]
    Type,
    /// `iss` is missing, not a string, or no configured issuer.
    #[error("token issuer is not known")]
    Issuer,
    /// No key of the issuer has the token's `kid`.
    #[error("no matching signing key found in JWKS")]
    NoMatchingKey,
    /// The token has no `kid` and the issuer has several keys that fit.
    #[error("token names no key and several fit")]
    AmbiguousKey,
    /// The signature is not that of the key.
    #[error("token signature is not valid")]
    Signature,
    /// `aud` is missing, of a wrong type, or does not contain us.
    #[error("token is meant for another audience")]
    Audience,
    /// `exp` is missing or not a number.
    #[error("token has no valid expiry")]
    Expiry,
    /// `exp` has passed.
    #[error("token has expired")]
    Expired,
    /// `exp` is further away than the maximum lifetime.
    #[error("token lives longer than allowed")]
    Lifetime,
    /// `nbf` or `iat` is in the future, or not a number.
    #[error("token is not valid yet")]
    NotYetValid,
    /// `cnf` binds the token to a key whose possession was not proven.
    #[error("token is bound to a key")]
    KeyBound,
    /// No configured claim holds a subject, or one holds something else.
    #[error("token has no valid subject")]
    Subject,
    /// No configured claim holds a tenant.
    #[error("token has no tenant identifier")]
    TenantMissing,
    /// A configured claim holds something that cannot be a tenant.
    #[error("token has an invalid tenant identifier")]
    TenantInvalid,
    /// Two configured claims name different tenants.
    #[error("token names two tenants")]
    TenantConflict,
    /// The roles or permissions are not a list of strings.
    #[error("token has invalid roles or permissions")]
    Roles,
}
