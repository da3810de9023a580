//! The answer to a refused request, in actix-web's types.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use tenancy_core::{Admission, Refusal};

/// What the client is told. The refusal itself goes into the extensions, for the logs of an outer
/// middleware.
pub(crate) fn refused(admission: &Admission, refusal: Refusal) -> HttpResponse {
    let answer = admission.response(&refusal);
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::with_body(status, BoxBody::new(answer.body().to_owned()));
    add(answer.fields(), response.headers_mut());
    response.extensions_mut().insert(refusal);
    response
}

/// Adds fields of `tenancy-core`, whose names and values are good ones.
pub(crate) fn add(
    fields: impl Iterator<Item = (&'static str, impl AsRef<str>)>,
    headers: &mut HeaderMap,
) {
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
}
