//! What the checks ask: queries over the system catalogues, by name, which one statement shares.

mod judged;
mod policy;
mod reach;
mod table;

/// A query that others may name. It may use those before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

/// Names without a schema mean `pg_catalog`: the statement runs with that as its search path. Privileges are asked
/// by role, because the doctor may be another than the patient. See the PostgreSQL manual, [System Catalogs] and
/// [Access Privilege Inquiry Functions].
///
/// `OFFSET 0` keeps the planner from moving a sub-query's expressions to each place that names them, where they would be
/// evaluated anew.
///
/// [System Catalogs]: https://www.postgresql.org/docs/current/catalogs.html
/// [Access Privilege Inquiry Functions]: https://www.postgresql.org/docs/current/functions-info.html
pub(super) fn sources() -> impl DoubleEndedIterator<Item = &'static Source> {
    let groups: [&'static [Source]; 4] = [
        &judged::SOURCES,
        &table::SOURCES,
        &policy::SOURCES,
        &reach::SOURCES,
    ];
    groups.into_iter().flatten()
}
