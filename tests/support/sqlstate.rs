//! `sqlstate`, what Postgres calls an error (manual, appendix A).

/// The SQLSTATE of an error of the server, and nothing for any other error.
pub fn sqlstate(error: &sqlx::Error) -> String {
    let error = error.as_database_error();
    let code = error.and_then(sqlx::error::DatabaseError::code);
    code.map(String::from).unwrap_or_default()
}
