//! `Times`, when a token is valid.

use std::time::Duration;

use crate::UnixTime;
use crate::json::{Json, Object};
use crate::jwt::TokenProblem;

/// When a token is valid, as it says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// `exp`.
    pub(crate) expires_at: UnixTime,
    /// `iat`, which decides about revocation.
    pub(crate) issued_at: Option<UnixTime>,
    /// The later of `nbf` and `iat`.
    pub(crate) not_before: Option<UnixTime>,
}

impl Times {
    /// RFC 7519 §4.1.4 to §4.1.6. `exp` has to be there, the others may be. Each is rounded so that the token is
    /// accepted for less time, never for more.
    pub(super) fn of(claims: &Object<'_>) -> Result<Self, TokenProblem> {
        let optional = |name, round: fn(f64) -> f64| match claims.get(name) {
            None => Ok(None),
            Some(value) => seconds(value, round)
                .map(Some)
                .ok_or(TokenProblem::NotYetValid),
        };
        let starts = [optional("iat", f64::ceil)?, optional("nbf", f64::ceil)?];
        Ok(Self {
            expires_at: claims
                .get("exp")
                .and_then(|exp| seconds(exp, f64::floor))
                .ok_or(TokenProblem::Expiry)?,
            issued_at: optional("iat", f64::floor)?,
            not_before: starts.into_iter().flatten().max(),
        })
    }

    /// RFC 7519 §4.1.4: "on or after which" the token is refused.
    pub(super) fn is_not_expired(
        self,
        now: UnixTime,
        leeway: Duration,
    ) -> Result<(), TokenProblem> {
        if now < self.expires_at.saturating_add(leeway) {
            Ok(())
        } else {
            Err(TokenProblem::Expired)
        }
    }

    /// Catches milliseconds given for seconds, which would make a token valid for fifty thousand years.
    pub(super) fn lifetime_is_sane(self, now: UnixTime, max: Duration) -> Result<(), TokenProblem> {
        if self.expires_at <= now.saturating_add(max) {
            Ok(())
        } else {
            Err(TokenProblem::Lifetime)
        }
    }

    /// RFC 7519 §4.1.5 and §4.1.6. A token issued in the future was made by a clock that cannot be trusted
    /// with `exp` either.
    pub(super) fn is_not_early(self, now: UnixTime, leeway: Duration) -> Result<(), TokenProblem> {
        if self
            .not_before
            .is_none_or(|start| start.saturating_sub(leeway) <= now)
        {
            Ok(())
        } else {
            Err(TokenProblem::NotYetValid)
        }
    }
}

/// A `NumericDate`, which may have a fraction.
fn seconds(value: &Json<'_>, round: impl Fn(f64) -> f64) -> Option<UnixTime> {
    // 2^53: beyond it a double no longer tells one second from the next.
    const MAX: f64 = 9_007_199_254_740_992.0;
    let rounded = match value {
        Json::Integer(whole) => return Some(UnixTime::from_seconds(*whole)),
        Json::Float(float) => round(*float),
        _ => return None,
    };
    if !(-MAX..=MAX).contains(&rounded) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and within 2^53, as checked above"
    )]
    let whole = rounded as i64;
    Some(UnixTime::from_seconds(whole))
}
