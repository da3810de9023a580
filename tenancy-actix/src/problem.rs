//! The answer to a request that cannot be served, in actix-web's types.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use tenancy_core::RefusalResponse;
use tenancy_sqlx::Problem;

pub(crate) fn status(problem: Problem) -> StatusCode {
    StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

pub(crate) fn response(problem: Problem) -> HttpResponse {
    HttpResponse::build(status(problem))
        .content_type(RefusalResponse::CONTENT_TYPE)
        .body(problem.body())
}
