//! What the claims must say, as pure functions: issuer, audience, times, key binding, profile
//! (RFC 7519 §4.1, RFC 9068 §2.2).

#[cfg(test)]
mod tests;
mod times;

use std::time::Duration;

pub(crate) use self::times::Times;
use super::header::Kind;
use super::{Header, TokenProblem};
use crate::json::{Json, Object};
use crate::{ClaimPath, UnixTime};

/// How claims are judged. One per issuer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Policy {
    pub(super) audience: Audience,
    /// Where tokens name it: `aud`, or what the provider uses instead.
    pub(super) audience_claim: ClaimPath,
    pub(super) leeway: Duration,
    pub(super) max_lifetime: Duration,
    pub(super) profile: TokenProfile,
}

/// Whom tokens must be meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Audience {
    /// At least one of these.
    OneOf(Vec<String>),
    /// Anybody; chosen in words by [`Issuer::accept_any_audience`](crate::Issuer::accept_any_audience).
    Any,
}

/// Which kind of token an issuer's tokens have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenProfile {
    /// Any JSON Web Token that does not say it is something else than an access token: `typ` is absent,
    /// `JWT` or `at+jwt`.
    #[default]
    Jwt,
    /// An access token of [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068): `typ` is `at+jwt`, and `aud`,
    /// `sub`, `client_id`, `iat` and `jti` are there with the type that §2.2 gives them.
    AccessToken,
}

impl Policy {
    /// Judges claims whose signature was verified.
    pub(super) fn check(
        &self,
        header: &Header<'_>,
        claims: &Object<'_>,
        now: UnixTime,
    ) -> Result<Times, TokenProblem> {
        audience_contains_us(
            self.audience_claim.find(claims).ok().flatten(),
            &self.audience,
        )?;
        let times = Times::of(claims)?;
        self.check_times(times, now)?;
        is_not_bound_to_a_key(claims)?;
        match self.profile {
            TokenProfile::Jwt => {}
            TokenProfile::AccessToken => is_an_access_token(header, claims)?,
        }
        Ok(times)
    }

    /// The part of the judgement that changes with time, for tokens that were verified before.
    pub(super) fn check_times(&self, times: Times, now: UnixTime) -> Result<(), TokenProblem> {
        times.is_not_expired(now, self.leeway)?;
        times.lifetime_is_sane(now, self.max_lifetime)?;
        times.is_not_early(now, self.leeway)
    }
}

/// `iss`, which selects the keys and therefore is read before the signature is checked.
pub(super) fn issuer<'a>(claims: &'a Object<'_>) -> Result<&'a str, TokenProblem> {
    claims
        .get("iss")
        .and_then(Json::as_str)
        .ok_or(TokenProblem::Issuer)
}

/// RFC 7519 §4.1.3: one string or an array of strings.
fn audience_contains_us(claim: Option<&Json<'_>>, audience: &Audience) -> Result<(), TokenProblem> {
    let Audience::OneOf(ours) = audience else {
        return Ok(());
    };
    let is_ours = |value: &str| ours.iter().any(|our| our == value);
    let accepted = match claim {
        Some(Json::String(one)) => is_ours(one),
        Some(Json::Array(several)) => {
            several.iter().all(|value| value.as_str().is_some())
                && several.iter().filter_map(Json::as_str).any(is_ours)
        }
        _ => false,
    };
    if accepted {
        Ok(())
    } else {
        Err(TokenProblem::Audience)
    }
}

/// RFC 7800 and RFC 9449 §7.1: whoever presents the token would have to prove possession of a key, which
/// plain `Bearer` does not.
fn is_not_bound_to_a_key(claims: &Object<'_>) -> Result<(), TokenProblem> {
    if claims.contains("cnf") {
        Err(TokenProblem::KeyBound)
    } else {
        Ok(())
    }
}

/// RFC 9068 §2.1 and §2.2. `iss` and `exp` are required of every token.
fn is_an_access_token(header: &Header<'_>, claims: &Object<'_>) -> Result<(), TokenProblem> {
    if header.kind != Kind::AccessToken {
        return Err(TokenProblem::Type);
    }
    let is_text = |name| {
        claims
            .get(name)
            .and_then(Json::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    let names_an_audience = match claims.get("aud") {
        Some(Json::String(one)) => !one.is_empty(),
        Some(Json::Array(several)) => {
            !several.is_empty() && several.iter().all(|one| one.as_str().is_some())
        }
        _ => false,
    };
    let complete = ["sub", "client_id", "jti"].into_iter().all(is_text)
        && names_an_audience
        && claims.contains("iat");
    if complete {
        Ok(())
    } else {
        Err(TokenProblem::Profile)
    }
}
