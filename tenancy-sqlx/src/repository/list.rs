//! `List`, the rows of a tenant a page at a time.

use std::fmt;

use sea_query::{Expr, ExprTrait as _, Order, Value};
use serde::Serialize;
use sqlx::FromRow;
use sqlx::postgres::PgRow;

use super::{Cursor, InvalidCursor, Repository, RowKey};
use crate::{Error, TenantTransaction};

const DEFAULT_PAGE_SIZE: u32 = 50;
const LARGEST_PAGE_SIZE: u32 = 500;

/// A list under construction. Made by [`Repository::list`].
///
/// Pages are told apart by where the last one ended and not by how many rows were before: rows that are added or
/// deleted meanwhile make no other row come twice or not at all, and the hundredth page costs what the first does,
/// given an index that is led by the tenant column and the columns that are sorted by.
#[must_use = "it is read by `fetch`"]
pub struct List<'r, T, K> {
    repository: &'r Repository<T, K>,
    filters: Vec<Expr>,
    sorted_by: Option<SortColumn<T>>,
    order: Order,
    page_size: u32,
    after: Option<Cursor>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins, if there were more rows.
    pub next: Option<Cursor>,
}

/// A column that rows are sorted by, and what of it a cursor carries.
struct SortColumn<T> {
    name: String,
    text: Box<dyn Fn(&T) -> String + Send + Sync>,
    value: fn(&str) -> Option<Value>,
}

impl<'r, T, K> List<'r, T, K>
where
    T: for<'row> FromRow<'row, PgRow> + Send + Unpin + 'static,
    K: RowKey,
{
    pub(super) fn new(repository: &'r Repository<T, K>) -> Self {
        Self {
            repository,
            filters: Vec::new(),
            sorted_by: None,
            order: Order::Asc,
            page_size: DEFAULT_PAGE_SIZE,
            after: None,
        }
    }

    /// Narrows the rows. Several conditions must all hold; none can widen the list beyond the tenant.
    pub fn filter(mut self, condition: Expr) -> Self {
        self.filters.push(condition);
        self
    }

    /// Sorts by a column, and by the key where it is equal: a column without NULLs, and where its value stands in a `T`.
    pub fn order_by<S: RowKey>(mut self, column: &str, value_of: fn(&T) -> S) -> Self {
        self.sorted_by = Some(SortColumn::new(column, value_of));
        self
    }

    /// The largest or latest first.
    pub fn descending(mut self) -> Self {
        self.order = Order::Desc;
        self
    }

    /// How many rows a page may have: 50 unless said otherwise or for 0, and never more than 500, also where a client
    /// asks for more ([AIP-158](https://google.aip.dev/158)).
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = match rows {
            0 => DEFAULT_PAGE_SIZE,
            rows => Ord::min(rows, LARGEST_PAGE_SIZE),
        };
        self
    }

    /// Begins where the page before ended. `None` is the start.
    pub fn after(mut self, cursor: impl Into<Option<Cursor>>) -> Self {
        self.after = cursor.into();
        self
    }

    /// Reads the page.
    ///
    /// # Errors
    /// [`Error::Cursor`] when the cursor is not one of a list that is sorted like this, before anything is sent;
    /// [`Error::Scope`] when the catalogue does not have the table or a condition cannot be proven to stay within the
    /// tenant; [`Error::Database`] when the database refuses.
    pub async fn fetch(self, transaction: &mut TenantTransaction) -> Result<Page<T>, Error> {
        let Repository {
            table,
            columns,
            key,
            key_of,
            ..
        } = self.repository;
        let mut sort_columns = Vec::from_iter(self.sorted_by);
        if sort_columns.iter().all(|column| column.name != *key) {
            sort_columns.push(SortColumn::new(key, *key_of));
        }

        let scope = self.repository.scope(transaction);
        let mut select = scope
            .select()
            .columns(columns.iter().cloned())
            .from(table.clone())
            .limit(u64::from(self.page_size) + 1);
        for filter in self.filters {
            // In parentheses of its own, so that an `OR` in a raw fragment stays inside.
            select = select.and_where(Expr::cust_with_exprs("($1)", [filter]));
        }
        for column in &sort_columns {
            select = select.order_by(column.name.clone(), self.order.clone());
        }
        if let Some(cursor) = self.after {
            let position = position(&cursor, &sort_columns)?;
            let columns = sort_columns
                .iter()
                .map(|column| Expr::col(column.name.clone()));
            let columns = Expr::tuple(columns);
            select = select.and_where(match self.order {
                Order::Desc => columns.lt(position),
                _ => columns.gt(position),
            });
        }
        let mut rows: Vec<T> = transaction.fetch_all(&select.finish()?).await?;

        let size = usize::try_from(self.page_size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| {
            let texts = sort_columns.iter().map(|column| (column.text)(row));
            Cursor::new(texts.collect())
        });
        Ok(Page { rows, next })
    }
}

/// The values that a cursor stands for.
fn position<T>(cursor: &Cursor, columns: &[SortColumn<T>]) -> Result<Expr, InvalidCursor> {
    let texts = cursor.position(columns.len())?;
    let values = columns
        .iter()
        .zip(texts)
        .map(|(column, text)| (column.value)(text).map(Expr::val));
    let values: Option<Vec<_>> = values.collect();
    values.map(Expr::tuple).ok_or(InvalidCursor)
}

impl<T: 'static> SortColumn<T> {
    fn new<S: RowKey>(name: &str, value_of: fn(&T) -> S) -> Self {
        Self {
            name: name.to_owned(),
            text: Box::new(move |row| value_of(row).to_string()),
            value: |text| text.parse::<S>().ok().map(Into::into),
        }
    }
}

impl<T, K> fmt::Debug for List<'_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("repository", &self.repository)
            .field("page_size", &self.page_size)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}
