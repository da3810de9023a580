//! `TokenProblem`, the precise cause for which a token is refused.

/// Why a token is refused: for logs and metrics, never for the client, who is told `invalid_token`
/// whatever the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TokenProblem {
    /// Longer than the limit, 16 KiB unless the verifier says otherwise.
    #[error("token is too long")]
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
    /// The issuer is bound to certain tenants, and the token names another.
    #[error("token names a tenant that its issuer may not speak for")]
    TenantNotOfIssuer,
    /// A configured claim holds something that cannot be a project, or two of them differ, or the token is for several
    /// tenants and does not say whose projects they are.
    #[error("token names a project that is none, or not whose project it is")]
    Project,
    /// The roles or permissions are not a list of strings.
    #[error("token has invalid roles or permissions")]
    Roles,
    /// A claim does not have a value that the [`ClaimMap`](crate::ClaimMap) requires, or has one that it refuses: the
    /// token is of another kind.
    #[error("token is of a kind that is not accepted")]
    ClaimValue,
    /// `jti` is there and is not a non-empty string.
    #[error("token has an invalid token id")]
    TokenId,
    /// A claim that [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068) requires of access tokens is missing.
    #[error("token lacks what an RFC 9068 access token must have")]
    Profile,
    /// The token, its subject or its tenant's tokens were revoked.
    #[error("token was revoked")]
    Revoked,
}

impl TokenProblem {
    /// A stable name for metrics and log searches, such as `expired`.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Encrypted => "encrypted",
            Self::NotCompact => "not_compact",
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Algorithm => "algorithm",
            Self::Extension => "extension",
            Self::Type => "type",
            Self::Issuer => "issuer",
            Self::NoMatchingKey => "no_matching_key",
            Self::AmbiguousKey => "ambiguous_key",
            Self::Signature => "signature",
            Self::Audience => "audience",
            Self::Expiry => "expiry",
            Self::Expired => "expired",
            Self::Lifetime => "lifetime",
            Self::NotYetValid => "not_yet_valid",
            Self::KeyBound => "key_bound",
            Self::Subject => "subject",
            Self::TenantMissing => "tenant_missing",
            Self::TenantInvalid => "tenant_invalid",
            Self::TenantConflict => "tenant_conflict",
            Self::TenantNotOfIssuer => "tenant_not_of_issuer",
            Self::Project => "project",
            Self::Roles => "roles",
            Self::ClaimValue => "claim_value",
            Self::TokenId => "token_id",
            Self::Profile => "profile",
            Self::Revoked => "revoked",
        }
    }
}
