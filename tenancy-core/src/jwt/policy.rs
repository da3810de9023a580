//! What the claims must say, as pure functions: issuer, audience, times, key binding, profile
//! (RFC 7519 §4.1, RFC 9068 §2.2).

use std::time::Duration;

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
        let times = times(claims)?;
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
        is_not_expired(times.expires_at, now, self.leeway)?;
        lifetime_is_sane(times.expires_at, now, self.max_lifetime)?;
        is_not_early(times, now, self.leeway)
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

/// RFC 7519 §4.1.4 to §4.1.6. `exp` has to be there, the others may be. Each is rounded so that the token is
/// accepted for less time, never for more.
fn times(claims: &Object<'_>) -> Result<Times, TokenProblem> {
    let optional = |name, round: fn(f64) -> f64| match claims.get(name) {
        None => Ok(None),
        Some(value) => seconds(value, round)
            .map(Some)
            .ok_or(TokenProblem::NotYetValid),
    };
    let starts = [optional("iat", f64::ceil)?, optional("nbf", f64::ceil)?];
    Ok(Times {
        expires_at: claims
            .get("exp")
            .and_then(|exp| seconds(exp, f64::floor))
            .ok_or(TokenProblem::Expiry)?,
        issued_at: optional("iat", f64::floor)?,
        not_before: starts.into_iter().flatten().max(),
    })
}

/// RFC 7519 §4.1.4: "on or after which" the token is refused.
fn is_not_expired(
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
fn is_not_early(times: Times, now: UnixTime, leeway: Duration) -> Result<(), TokenProblem> {
    if times
        .not_before
        .is_none_or(|start| start.saturating_sub(leeway) <= now)
    {
        Ok(())
    } else {
        Err(TokenProblem::NotYetValid)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::object;
    use crate::jwt::Algorithm;

    const NOW: i64 = 1_700_000_000;

    fn judge(profile: TokenProfile, kind: Kind, claims: &str) -> Result<Times, TokenProblem> {
        // An access token says whom it is meant for, even where anybody may be meant.
        let audience = match profile {
            TokenProfile::Jwt => Audience::OneOf(vec!["us".into()]),
            TokenProfile::AccessToken => Audience::Any,
        };
        let policy = Policy {
            audience,
            audience_claim: "aud".into(),
            leeway: Duration::from_mins(1),
            max_lifetime: Duration::from_hours(24),
            profile,
        };
        let header = Header {
            algorithm: Algorithm::RS256,
            key_id: None,
            kind,
        };
        policy.check(
            &header,
            &object(claims).unwrap(),
            UnixTime::from_seconds(NOW),
        )
    }

    fn check(claims: &str) -> Result<Times, TokenProblem> {
        judge(TokenProfile::Jwt, Kind::Jwt, claims)
    }

    fn check_times(times: &str) -> Result<Times, TokenProblem> {
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

    #[test]
    fn an_access_token_has_what_rfc_9068_requires() {
        let whole =
            r#"{"aud":"us","exp":1700000060,"iat":1700000000,"sub":"u","client_id":"c","jti":"1"}"#;
        let check = |kind, claims: &str| judge(TokenProfile::AccessToken, kind, claims);
        assert!(check(Kind::AccessToken, whole).is_ok());
        assert_eq!(check(Kind::Jwt, whole), Err(TokenProblem::Type));
        for (member, other) in [
            (r#","iat":1700000000"#, ""),
            (r#","sub":"u""#, ""),
            (r#","sub":"u""#, r#","sub":1"#),
            (r#","client_id":"c""#, ""),
            (r#","client_id":"c""#, r#","client_id":["c"]"#),
            (r#","jti":"1""#, ""),
            (r#","jti":"1""#, r#","jti":"""#),
            (r#","jti":"1""#, r#","jti":1"#),
            (r#""aud":"us""#, r#""aud":["us",1]"#),
            (r#""aud":"us""#, r#""aud":[]"#),
            (r#""aud":"us""#, r#""aud":null"#),
            (r#""aud":"us""#, r#""aud":"""#),
        ] {
            let claims = whole.replace(member, other);
            assert_eq!(
                check(Kind::AccessToken, &claims),
                Err(TokenProblem::Profile),
                "{claims}"
            );
        }
    }

    /// A fraction never makes a token good for longer: neither at its ends nor when older ones are revoked.
    #[test]
    fn fractions_are_rounded_against_the_token() {
        let times = check_times(r#""exp":1700000060.9,"iat":1699999999.9,"nbf":1699999990.1"#);
        assert_eq!(
            times,
            Ok(Times {
                expires_at: UnixTime::from_seconds(1_700_000_060),
                issued_at: Some(UnixTime::from_seconds(1_699_999_999)),
                not_before: Some(UnixTime::from_seconds(1_700_000_000)),
            })
        );
    }

    /// Whatever the numbers, comparing them neither overflows nor panics.
    #[test]
    fn times_at_the_ends_of_their_range_are_judged() {
        for exp in [i64::MIN, -1, 0, i64::MAX] {
            for nbf in [i64::MIN, 0, i64::MAX] {
                assert!(check_times(&format!(r#""exp":{exp},"nbf":{nbf}"#)).is_err());
            }
        }
    }
}
