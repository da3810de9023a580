//! `Reading`, a million rows of so many tenants, and what is asked of it.

const ROWS: u32 = 1_000_000;
/// Values are the numbers of their rows modulo this.
const VALUES: u32 = 10;

/// A table that so many tenants share evenly, the rows of each side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    tenants: u32,
}

impl Reading {
    pub(super) fn of(tenants: u32) -> Self {
        Self { tenants }
    }

    /// The id of the benchmark.
    pub(super) fn bench(self) -> String {
        format!("rls/{}-tenants", self.tenants)
    }

    pub(super) fn table(self) -> String {
        format!("reading_{}", self.tenants)
    }

    /// Makes and fills the table. The index comes after the rows, which is faster.
    pub(super) fn table_sql(self) -> String {
        let (table, rows_of_one) = (self.table(), ROWS / self.tenants);
        format!(
            "CREATE UNLOGGED TABLE {table} (tenant_id text NOT NULL, id bigint NOT NULL, value integer NOT NULL)
                 WITH (autovacuum_enabled = off);
             INSERT INTO {table} SELECT 'tenant-' || i / {rows_of_one}, i, i % {VALUES}
                 FROM generate_series(0, {ROWS} - 1) AS i;
             ALTER TABLE {table} ADD PRIMARY KEY (tenant_id, id);"
        )
    }

    /// The tenant in the middle.
    pub(super) fn tenant(self) -> String {
        format!("tenant-{}", self.tenants / 2)
    }

    /// Leaves the tenant to the policy.
    pub(super) fn sum_sql(self) -> String {
        format!("SELECT count(*), sum(value) FROM {}", self.table())
    }

    /// Names the tenant.
    pub(super) fn sum_where_sql(self) -> String {
        format!("{} WHERE tenant_id = $1", self.sum_sql())
    }

    /// How many rows the tenant has, and what they add up to.
    pub(super) fn answer(self) -> Answer {
        let rows_of_one = ROWS / self.tenants;
        let first = self.tenants / 2 * rows_of_one;
        let values = (first..first + rows_of_one).map(|row| i64::from(row % VALUES));
        (i64::from(rows_of_one), Some(values.sum()))
    }
}

/// A count and a sum, which is none over no rows.
pub(super) type Answer = (i64, Option<i64>);
