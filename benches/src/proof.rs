//! Who is timed must verify: good tokens pass and bad ones do not, before the clock runs.

use serde_json::{Value, json};

use crate::Failure;
use crate::entrant::Entrant;
use crate::specimen::{Algorithm, Specimen, forged, garbage};

/// For the bare signature check, which knows nothing of claims.
pub(crate) fn checks_signatures(
    entrant: &Entrant,
    specimen: &Specimen,
    algorithm: Algorithm,
) -> Result<(), Failure> {
    let token = specimen.token(algorithm)?;
    let forged = forged(&token).ok_or("a token has a signature")?;
    must(
        entrant,
        algorithm,
        "accept a good token",
        entrant.accepts(&token),
    )?;
    must(
        entrant,
        algorithm,
        "refuse a flipped signature",
        !entrant.accepts(&forged),
    )
}

/// For everyone else.
pub(crate) fn verifies(
    entrant: &Entrant,
    specimen: &Specimen,
    algorithm: Algorithm,
) -> Result<(), Failure> {
    checks_signatures(entrant, specimen, algorithm)?;
    must(
        entrant,
        algorithm,
        "refuse garbage",
        !entrant.accepts(&garbage()),
    )?;
    let refusals: [(&str, Value); 3] = [
        (
            "refuse another issuer",
            json!({ "iss": "https://other.example" }),
        ),
        (
            "refuse another audience",
            json!({ "aud": "another-client" }),
        ),
        ("refuse an expired token", json!({ "exp": 1_500_000_000 })),
    ];
    for (what, claims) in refusals {
        let token = specimen.token_with(algorithm, &claims)?;
        must(entrant, algorithm, what, !entrant.accepts(&token))?;
    }
    Ok(())
}

fn must(entrant: &Entrant, algorithm: Algorithm, what: &str, held: bool) -> Result<(), Failure> {
    if held {
        return Ok(());
    }
    let (name, algorithm) = (entrant.name, algorithm.name());
    Err(format!("{name} must {what} with {algorithm} before it is timed, and does not").into())
}
