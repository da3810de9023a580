//! The answer to a refused request, in actix-web's types.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use tenancy_core::{Admission, Refusal, RefusalResponse};

/// What the client is told. The refusal itself goes into the extensions, for the logs of an outer
/// middleware.
pub(crate) fn refused(admission: &Admission, refusal: Refusal) -> HttpResponse {
    let answer = admission.response(&refusal);
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, RefusalResponse::CONTENT_TYPE));
    if let Some(challenge) = answer.challenge() {
        response.insert_header((WWW_AUTHENTICATE, challenge));
    }
    if let Some(seconds) = answer.retry_after() {
        response.insert_header((RETRY_AFTER, seconds));
    }
    for (name, value) in [
        ("ratelimit-policy", answer.rate_limit_policy()),
        ("ratelimit", answer.rate_limit()),
    ] {
        if let Some(value) = value {
            response.insert_header((name, value));
        }
    }
    let mut response = response.body(answer.body().to_owned());
    response.extensions_mut().insert(refusal);
    response
}
