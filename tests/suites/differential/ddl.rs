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
            let is_there =
                |row: &&Row| inhabitants == Inhabitants::All || table.is_own(&row.owner, self);
            let mut rows: Vec<_> = table.rows.iter().filter(is_there).collect();
            if inhabitants == Inhabitants::OwnBackwards {
                rows.reverse();
            }
            for row in rows {
                let owner = row.owner.iter().map(|name| literal(name));
                let values = owner.chain(row.values.iter().map(ToString::to_string));
                let values: Vec<_> = values.collect();
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
        for (level, column) in table.bound.iter().enumerate() {
            let default = match inhabitants {
                Inhabitants::All => String::new(),
                Inhabitants::Own | Inhabitants::OwnBackwards => {
                    format!(" DEFAULT {}", literal(self.own[level]))
                }
            };
            let kind = if level == 0 {
                self.tenant_type()
            } else {
                "text"
            };
            lines.push(format!("{} {kind} NOT NULL{default}", quoted(column)));
            key.push(quoted(column));
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
        if let (Some(parent), Some(tenant)) = (&table.parent, table.tenant_column()) {
            let other = &self.tables[parent.table];
            lines.push(format!(
                "FOREIGN KEY ({}, \"parent_id\") REFERENCES {} ({}, \"id\") ON DELETE {action} ON UPDATE {action}",
                quoted(tenant),
                // SQLite wants the bare name here.
                if self.dialect == Dialect::Sqlite { quoted(other.name) } else { full_name(other) },
                quoted(other.tenant_column().expect("parents belong to tenants")),
                action = parent.action,
            ));
        }
        format!(
            "CREATE TABLE {} (\n    {}\n);\n",
            full_name(table),
            lines.join(",\n    ")
        )
    }

    /// What [`contents`](Self::contents) calls the owners of what the statements may see.
    pub(super) fn own_labels(&self) -> Vec<String> {
        (0..=self.own.len())
            .map(|levels| self.own[..levels].join(" / "))
            .collect()
    }

    /// One row for each table and owner: which, whose, and all their rows as text.
    pub(super) fn contents(&self) -> String {
        self.of_each_table(|table, name, owner| match self.dialect {
            Dialect::Sqlite => {
                let columns = table.columns.iter().map(|column| quoted(column.name));
                let line = columns.map(|name| format!("quote({name})")).collect::<Vec<_>>().join(" || ' ' || ");
                format!(
                    "SELECT {name}, {owner}, group_concat({line}, ';' ORDER BY {line}) FROM {} GROUP BY 2",
                    full_name(table)
                )
            }
            _ => format!(
                "SELECT {name}, {owner}, string_agg(t::text, ';' ORDER BY t::text) FROM {} t GROUP BY 2",
                full_name(table)
            ),
        })
    }

    /// For each strength of a lock, the rows on which somebody else could take it now.
    pub(super) fn free_rows(&self) -> String {
        let strengths = ["KEY SHARE", "SHARE", "NO KEY UPDATE", "UPDATE"];
        let each = strengths.map(|strength| {
            self.of_each_table(|table, name, owner| {
                format!(
                    "SELECT {name} || ' for {strength}', x.tenant, string_agg(x.line, ';' ORDER BY x.line) FROM \
                     (SELECT {owner} AS tenant, t::text AS line FROM {} t FOR {strength} SKIP LOCKED) x GROUP BY 2",
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
                let owner = table
                    .bound
                    .iter()
                    .map(|column| format!("CAST({} AS text)", quoted(column)));
                let owner: Vec<_> = owner.collect();
                let owner = if owner.is_empty() {
                    "''".to_owned()
                } else {
                    owner.join(" || ' / ' || ")
                };
                select(table, &literal(table.name), &owner)
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
