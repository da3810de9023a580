//! The SQL that makes a [`World`]: as all tenants share it, and as one tenant has it alone.

use std::fmt::Write as _;

use tenancy_core::{Dialect, TenantColumnType};

use super::world::{Kind, Row, Table, World, literal, quoted};

/// Who is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inhabitants {
    All,
    /// The tenant whose statements are run. Its tenant columns are filled in by a default.
    Own,
    /// The same, with its rows stored in another order.
    OwnBackwards,
}

impl World {
    /// Tables and rows.
    pub(super) fn create(&self, inhabitants: Inhabitants) -> String {
        self.create_some(inhabitants, |_| true)
    }

    /// The same of some tables.
    pub(super) fn create_some(
        &self,
        inhabitants: Inhabitants,
        is_wanted: impl Fn(&Table) -> bool,
    ) -> String {
        let mut sql = String::new();
        for table in self.tables.iter().filter(|table| is_wanted(table)) {
            sql += &self.create_table(table, inhabitants);
            let is_there = |row: &&Row| {
                table.tenant_column.is_none()
                    || inhabitants == Inhabitants::All
                    || row.tenant == self.own
            };
            let mut rows: Vec<_> = table.rows.iter().filter(is_there).collect();
            if inhabitants == Inhabitants::OwnBackwards {
                rows.reverse();
            }
            for row in rows {
                let mut values: Vec<String> = row.values.iter().map(ToString::to_string).collect();
                if table.tenant_column.is_some() {
                    values.insert(0, literal(self.tenants[row.tenant]));
                }
                let _ = writeln!(
                    sql,
                    "INSERT INTO {} VALUES ({});",
                    full_name(table),
                    values.join(", ")
                );
            }
        }
        sql
    }

    fn create_table(&self, table: &Table, inhabitants: Inhabitants) -> String {
        let mut lines = Vec::new();
        let mut key = Vec::new();
        if let Some(tenant) = table.tenant_column {
            let default = match inhabitants {
                Inhabitants::All => String::new(),
                Inhabitants::Own | Inhabitants::OwnBackwards => {
                    format!(" DEFAULT {}", literal(self.tenant()))
                }
            };
            lines.push(format!(
                "{} {} NOT NULL{default}",
                quoted(tenant),
                self.tenant_type()
            ));
            key.push(quoted(tenant));
        }
        for column in &table.columns {
            // Equal numbers with different zeros behind the point would be told apart by their text.
            let precision = if column.kind == Kind::Numeric {
                "(20, 4)"
            } else {
                ""
            };
            let mut line = format!(
                "{} {}{precision}",
                quoted(column.name),
                self.type_of(column.kind)
            );
            if !column.nullable {
                line += " NOT NULL";
            }
            if let Some(default) = &column.default {
                let _ = write!(line, " DEFAULT {default}");
            }
            lines.push(line);
        }
        key.extend(
            table.columns[..table.key]
                .iter()
                .map(|column| quoted(column.name)),
        );
        lines.push(format!("PRIMARY KEY ({})", key.join(", ")));
        if let (Some(parent), Some(tenant)) = (&table.parent, table.tenant_column) {
            let other = &self.tables[parent.table];
            lines.push(format!(
                "FOREIGN KEY ({}, \"parent_id\") REFERENCES {} ({}, \"id\") ON DELETE {action} ON UPDATE {action}",
                quoted(tenant),
                // SQLite wants the bare name here.
                if self.dialect == Dialect::Sqlite { quoted(other.name) } else { full_name(other) },
                quoted(other.tenant_column.expect("parents belong to tenants")),
                action = parent.action,
            ));
        }
        format!(
            "CREATE TABLE {} (\n    {}\n);\n",
            full_name(table),
            lines.join(",\n    ")
        )
    }

    /// One row for each table and tenant: which, whose, and all their rows as text.
    pub(super) fn contents(&self) -> String {
        self.of_each_table(|table, name, tenant| match self.dialect {
            Dialect::Sqlite => {
                let columns = table.columns.iter().map(|column| quoted(column.name));
                let line = columns.map(|name| format!("quote({name})")).collect::<Vec<_>>().join(" || ' ' || ");
                format!(
                    "SELECT {name}, CAST({tenant} AS text), group_concat({line}, ';' ORDER BY {line}) FROM {} GROUP BY 2",
                    full_name(table)
                )
            }
            _ => format!(
                "SELECT {name}, {tenant}::text, string_agg(t::text, ';' ORDER BY t::text) FROM {} t GROUP BY 2",
                full_name(table)
            ),
        })
    }

    /// For each strength of a lock, the rows on which somebody else could take it now.
    pub(super) fn free_rows(&self) -> String {
        let strengths = ["KEY SHARE", "SHARE", "NO KEY UPDATE", "UPDATE"];
        let each = strengths.map(|strength| {
            self.of_each_table(|table, name, tenant| {
                format!(
                    "SELECT {name} || ' for {strength}', x.tenant, string_agg(x.line, ';' ORDER BY x.line) FROM \
                     (SELECT {tenant}::text AS tenant, t::text AS line FROM {} t FOR {strength} SKIP LOCKED) x GROUP BY 2",
                    full_name(table)
                )
            })
        });
        each.join(" UNION ALL ")
    }

    fn of_each_table(&self, select: impl Fn(&Table, &str, &str) -> String) -> String {
        let each: Vec<_> = self
            .tables
            .iter()
            .map(|table| {
                let tenant = table.tenant_column.map_or("''".to_owned(), quoted);
                select(table, &literal(table.name), &tenant)
            })
            .collect();
        each.join(" UNION ALL ")
    }

    pub(super) fn tenant_type(&self) -> &'static str {
        match (self.tenant_type, self.dialect) {
            (TenantColumnType::Bigint, _) => "bigint",
            // SQLite has no such type; it would take it for a number.
            (TenantColumnType::Uuid, Dialect::Postgres) => "uuid",
            _ => "text",
        }
    }

    pub(super) fn type_of(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Bigint => "bigint",
            Kind::Text => "text",
            Kind::Bool => "boolean",
            Kind::Numeric => "numeric",
            Kind::Tenant => self.tenant_type(),
        }
    }
}

pub(super) fn full_name(table: &Table) -> String {
    format!("{}.{}", quoted(table.schema), quoted(table.name))
}
