//! The answer to a request that cannot be served, in the types of the `http` crate.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use tenancy_core::RefusalResponse;
use tenancy_sqlx::Problem;

use crate::RefusalBody;

pub(crate) fn response<B: RefusalBody>(problem: Problem) -> Response<B> {
    let mut response = Response::new(B::from_text(problem.body().to_owned()));
    *response.status_mut() =
        StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = HeaderValue::from_static(RefusalResponse::CONTENT_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
