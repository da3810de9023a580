//! The answer to a refused request, in actix-web's types.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use tenancy_core::{Admission, Refusal};

/// What the client is told. The refusal itself goes into the extensions, for the logs of an outer
/// middleware.
pub(crate) fn refused(admission: &Admission, refusal: Refusal) -> HttpResponse {
    let answer = admission.response(&refusal);
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.fields() {
        response.insert_header((name, value.as_ref()));
    }
    let mut response = response.body(answer.body().to_owned());
    response.extensions_mut().insert(refusal);
    response
}
