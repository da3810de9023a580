//! Claims that are accepted, and for each rule claims that break it.

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
