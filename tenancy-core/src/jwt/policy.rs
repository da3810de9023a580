//! What the claims must say, as pure functions: issuer, audience, times, key binding (RFC 7519 §4.1).

use std::time::Duration;

use serde_json::Value;

use super::TokenProblem;
use crate::UnixTime;
use crate::claims::Object;

/// How claims are judged. One per issuer.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) audience: Audience,
    pub(super) leeway: Duration,
    pub(super) max_lifetime: Duration,
}

/// Whom tokens must be meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Audience {
    /// At least one of these.
    OneOf(Vec<String>),
    /// Anybody; chosen in words by [`Issuer::accept_any_audience`](crate::Issuer::accept_any_audience).
    Any,
}

impl Policy {
    /// Judges claims whose signature was verified and returns the expiry.
    pub(super) fn check(&self, claims: &Object, now: UnixTime) -> Result<UnixTime, TokenProblem> {
        audience_contains_us(claims, &self.audience)?;
        let expires_at = expiry(claims)?;
        is_not_expired(expires_at, now, self.leeway)?;
        lifetime_is_sane(expires_at, now, self.max_lifetime)?;
        is_not_early(claims, now, self.leeway)?;
        is_not_bound_to_a_key(claims)?;
        Ok(expires_at)
    }
}

/// `iss`, which selects the keys and therefore is read before the signature is checked.
pub(super) fn issuer(claims: &Object) -> Result<&str, TokenProblem> {
    claims
        .get("iss")
        .and_then(Value::as_str)
        .ok_or(TokenProblem::Issuer)
}

/// RFC 7519 §4.1.3: one string or an array of strings.
fn audience_contains_us(claims: &Object, audience: &Audience) -> Result<(), TokenProblem> {
    let Audience::OneOf(ours) = audience else {
        return Ok(());
    };
    let is_ours = |value: &str| ours.iter().any(|our| our == value);
    let accepted = match claims.get("aud") {
        Some(Value::String(one)) => is_ours(one),
        Some(Value::Array(several)) => {
            let several: Option<Vec<_>> = several.iter().map(Value::as_str).collect();
            several.is_some_and(|several| several.into_iter().any(is_ours))
        }
        _ => false,
    };
    if accepted {
        Ok(())
    } else {
        Err(TokenProblem::Audience)
    }
}

fn expiry(claims: &Object) -> Result<UnixTime, TokenProblem> {
    claims
        .get("exp")
        .and_then(|exp| seconds(exp, f64::floor))
        .ok_or(TokenProblem::Expiry)
}

/// RFC 7519 §4.1.4: "on or after which" the token is refused.
pub(super) fn is_not_expired(
    expires_at: UnixTime,
    now: UnixTime,
    leeway: Duration,
) -> Result<(), TokenProblem> {
    if now < expires_at.saturating_add(leeway) {
        Ok(())
    } else {
        Err(TokenProblem::Expired)
    }
}

/// Catches milliseconds given for seconds, which would make a token valid for fifty thousand years.
fn lifetime_is_sane(
    expires_at: UnixTime,
    now: UnixTime,
    max: Duration,
) -> Result<(), TokenProblem> {
    if expires_at <= now.saturating_add(max) {
        Ok(())
    } else {
        Err(TokenProblem::Lifetime)
    }
}

/// RFC 7519 §4.1.5 and §4.1.6. A token issued in the future was made by a clock that cannot be trusted
/// with `exp` either.
fn is_not_early(claims: &Object, now: UnixTime, leeway: Duration) -> Result<(), TokenProblem> {
    for name in ["nbf", "iat"] {
        let Some(value) = claims.get(name) else {
            continue;
        };
        let start = seconds(value, f64::ceil).ok_or(TokenProblem::NotYetValid)?;
        if start.saturating_sub(leeway) > now {
            return Err(TokenProblem::NotYetValid);
        }
    }
    Ok(())
}

/// RFC 7800 and RFC 9449 §7.1: whoever presents the token would have to prove possession of a key, which
/// plain `Bearer` does not.
fn is_not_bound_to_a_key(claims: &Object) -> Result<(), TokenProblem> {
    if claims.contains_key("cnf") {
        Err(TokenProblem::KeyBound)
    } else {
        Ok(())
    }
}

/// A `NumericDate`, which may have a fraction. Rounded so that the token is valid for less time, never
/// for more.
fn seconds(value: &Value, round: impl Fn(f64) -> f64) -> Option<UnixTime> {
    // 2^53: beyond it a double no longer tells one second from the next.
    const MAX: f64 = 9_007_199_254_740_992.0;
    if let Some(whole) = value.as_i64() {
        return Some(UnixTime::from_seconds(whole));
    }
    let rounded = round(value.as_f64()?);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::object;

    const NOW: i64 = 1_700_000_000;

    fn check(claims: &str) -> Result<UnixTime, TokenProblem> {
        let policy = Policy {
            audience: Audience::OneOf(vec!["us".into()]),
            leeway: Duration::from_mins(1),
            max_lifetime: Duration::from_hours(24),
        };
        policy.check(
            &object(claims.as_bytes()).unwrap(),
            UnixTime::from_seconds(NOW),
        )
    }

    fn check_times(times: &str) -> Result<UnixTime, TokenProblem> {
        check(&format!(r#"{{"aud":"us",{times}}}"#))
    }

    #[test]
    fn an_audience_is_a_string_or_strings_that_contain_us() {
        for aud in [r#""us""#, r#"["them","us"]"#] {
            assert!(
                check(&format!(r#"{{"aud":{aud},"exp":1700000001}}"#)).is_ok(),
                "{aud}"
            );
        }
        for aud in [
            r#""them""#,
            r#""""#,
            r#""us ""#,
            "null",
            "1",
            "[]",
            "{}",
            r#"["us",1]"#,
            r#"[["us"]]"#,
            r#"{"us":1}"#,
        ] {
            assert_eq!(
                check(&format!(r#"{{"aud":{aud},"exp":1700000001}}"#)),
                Err(TokenProblem::Audience),
                "{aud}"
            );
        }
        assert_eq!(check(r#"{"exp":1700000001}"#), Err(TokenProblem::Audience));
    }

    #[test]
    fn expiry_is_required_and_counted_with_leeway() {
        assert!(check_times(r#""exp":1699999941"#).is_ok());
        assert_eq!(
            check_times(r#""exp":1699999940"#),
            Err(TokenProblem::Expired)
        );
        assert!(check_times(r#""exp":1699999941.9"#).is_ok());
        assert_eq!(
            check_times(r#""exp":1699999940.9"#),
            Err(TokenProblem::Expired)
        );
        for exp in [
            "null",
            r#""1800000000""#,
            "[]",
            "true",
            "1e300",
            "18446744073709551615",
        ] {
            assert_eq!(
                check_times(&format!(r#""exp":{exp}"#)),
                Err(TokenProblem::Expiry),
                "{exp}"
            );
        }
        assert_eq!(check(r#"{"aud":"us"}"#), Err(TokenProblem::Expiry));
    }

    #[test]
    fn milliseconds_for_seconds_are_caught() {
        assert_eq!(
            check_times(r#""exp":1700000001000"#),
            Err(TokenProblem::Lifetime)
        );
        assert_eq!(
            check_times(r#""exp":9223372036854775807"#),
            Err(TokenProblem::Lifetime)
        );
        assert!(check_times(r#""exp":1700086400"#).is_ok());
    }

    #[test]
    fn a_token_from_the_future_is_refused() {
        for name in ["nbf", "iat"] {
            assert!(check_times(&format!(r#""exp":1700000001,"{name}":1700000060"#)).is_ok());
            assert_eq!(
                check_times(&format!(r#""exp":1700000001,"{name}":1700000061"#)),
                Err(TokenProblem::NotYetValid)
            );
            assert_eq!(
                check_times(&format!(r#""exp":1700000001,"{name}":1700000060.5"#)),
                Err(TokenProblem::NotYetValid)
            );
            assert_eq!(
                check_times(&format!(r#""exp":1700000001,"{name}":"0""#)),
                Err(TokenProblem::NotYetValid)
            );
            assert_eq!(
                check_times(&format!(r#""exp":1700000001,"{name}":null"#)),
                Err(TokenProblem::NotYetValid)
            );
        }
    }

    #[test]
    fn a_key_bound_token_is_no_bearer_token() {
        assert_eq!(
            check_times(r#""exp":1700000001,"cnf":{"jkt":"x"}"#),
            Err(TokenProblem::KeyBound)
        );
    }
}
