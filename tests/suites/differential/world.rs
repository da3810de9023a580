//! `World`: a schema, its tenants, and their rows.

use std::fmt;

use tenancy_core::{Dialect, TableCatalog, TenantColumnType, TenantContext, TenantTable};
use tenancy_tests::notes::context;
use tenancy_tests::person::context_of;

use super::choices::Choices;

/// What one batch of statements runs on.
#[derive(Debug)]
pub(super) struct World {
    pub(super) dialect: Dialect,
    pub(super) tenant_type: TenantColumnType,
    pub(super) tenants: Vec<&'static str>,
    /// The tenant whose statements are run and, where there are projects, the project.
    pub(super) own: Vec<&'static str>,
    /// What the statements are scoped for.
    pub(super) context: TenantContext,
    /// Another tenant, with a project of its own where the first one has one.
    pub(super) foreign_context: TenantContext,
    pub(super) tables: Vec<Table>,
}

#[derive(Debug)]
pub(super) struct Table {
    pub(super) schema: &'static str,
    pub(super) name: &'static str,
    /// The columns for the tenant and the project; none of a shared table, and a project of some.
    pub(super) bound: Vec<&'static str>,
    /// The others. The first ones are the key.
    pub(super) columns: Vec<Column>,
    /// How many columns tell the rows of one tenant apart.
    pub(super) key: usize,
    pub(super) parent: Option<Parent>,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    pub(super) default: Option<Datum>,
}

/// A reference by the column `parent_id`, within the tenant.
#[derive(Debug)]
pub(super) struct Parent {
    pub(super) table: usize,
    pub(super) action: &'static str,
}

#[derive(Debug)]
pub(super) struct Row {
    /// What stands in the columns for the tenant and the project.
    pub(super) owner: Vec<&'static str>,
    pub(super) values: Vec<Datum>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bigint,
    Text,
    Bool,
    Numeric,
    /// The tenant column, of whatever type.
    Tenant,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Datum {
    Null,
    Bigint(i64),
    Text(&'static str),
    Bool(bool),
    Numeric(&'static str),
}

pub(super) const KINDS: [Kind; 4] = [Kind::Bigint, Kind::Text, Kind::Bool, Kind::Numeric];

const TENANT_TABLES: [&str; 5] = ["note", "tag", "Invoice", "order", "vis\"it é"];
const PROJECTS: [&str; 2] = ["a", "apollo"];
const SHARED_TABLES: [&str; 2] = ["plan", "currency"];
/// Few values, so that tenants have many in common; some of them are names of tenants.
const TEXTS: [&str; 7] = ["a", "b", "", "x", "B", "1", "it's"];
/// Halves and quarters: sums of them are exact whatever the order, in binary as well.
const NUMERICS: [&str; 5] = ["0", "1.5", "-2.5", "0.25", "3"];

impl World {
    pub(super) async fn new(dialect: Dialect, choices: &mut Choices) -> Self {
        let (tenant_type, tenants) = match choices.below(3) {
            0 => (TenantColumnType::Text, vec!["a", "b", "a' OR true --"]),
            1 => (TenantColumnType::Bigint, vec!["1", "2", "-3"]),
            _ => (
                TenantColumnType::Uuid,
                vec![
                    "5d3cf3d8-86a5-4b1c-9bb1-5d6c8a5e2f10",
                    "00000000-0000-0000-0000-000000000000",
                    "5d3cf3d8-86a5-4b1c-9bb1-5d6c8a5e2f11",
                ],
            ),
        };
        let mut own = vec![choices.word(&tenants)];
        let foreign = tenants.iter().copied().find(|tenant| *tenant != own[0]);
        let foreign = foreign.expect("there are several");
        let (context, foreign_context) = if choices.chance(40) {
            own.push(PROJECTS[0]);
            (
                context_of(own[0], "ada", own[1], &[]).await.unwrap(),
                context_of(foreign, "ada", PROJECTS[1], &[]).await.unwrap(),
            )
        } else {
            (context(own[0]), context(foreign))
        };
        let mut world = Self {
            dialect,
            tenant_type,
            own,
            context,
            foreign_context,
            tenants,
            tables: Vec::new(),
        };
        for name in &TENANT_TABLES[..3 + choices.below(3)] {
            let table = world.tenant_table(name, choices);
            world.tables.push(table);
        }
        for name in &SHARED_TABLES[..=choices.below(2)] {
            let mut table = world.table(name, choices);
            world.fill(&mut table, &[], choices);
            world.tables.push(table);
        }
        world
    }

    fn tenant_table(&self, name: &'static str, choices: &mut Choices) -> Table {
        let mut table = self.table(name, choices);
        table
            .bound
            .push(choices.word(&["tenant_id", "owner", "Org"]));
        if self.own.len() == 2 && choices.chance(50) {
            table.bound.push("project");
        }
        if self.dialect != Dialect::Sqlite && choices.chance(25) {
            table.schema = "billing";
        }
        let parents: Vec<_> = (0..self.tables.len())
            .filter(|at| self.tables[*at].key == 1 && self.tables[*at].bound.len() == 1)
            .collect();
        if !parents.is_empty() && table.bound.len() == 1 && choices.chance(50) {
            let actions = ["NO ACTION", "CASCADE"];
            table.parent = Some(Parent {
                table: *choices.pick(&parents),
                action: choices.word(&actions),
            });
            table.columns.push(Column {
                name: "parent_id",
                kind: Kind::Bigint,
                nullable: true,
                default: None,
            });
        }
        for tenant in &self.tenants {
            if table.bound.len() == 1 {
                self.fill(&mut table, &[tenant], choices);
            } else {
                for project in PROJECTS {
                    self.fill(&mut table, &[tenant, project], choices);
                }
            }
        }
        table
    }

    fn table(&self, name: &'static str, choices: &mut Choices) -> Table {
        let schema = match self.dialect {
            Dialect::Sqlite => "main",
            _ => "public",
        };
        let key = 1 + usize::from(choices.chance(30));
        let mut columns = vec![Column {
            name: "id",
            kind: Kind::Bigint,
            nullable: false,
            default: Some(Datum::Bigint(50)),
        }];
        if key == 2 {
            let kind = *choices.pick(&[Kind::Bigint, Kind::Text]);
            columns.push(Column {
                name: "part",
                kind,
                nullable: false,
                default: Some(some(kind, choices)),
            });
        }
        let names = [
            ("n", Kind::Bigint),
            ("body", Kind::Text),
            ("ok", Kind::Bool),
            ("amount", Kind::Numeric),
            ("limit", Kind::Bigint),
            ("from", Kind::Text),
            ("Done", Kind::Bool),
        ];
        for (name, kind) in names {
            if !choices.chance(70) {
                continue;
            }
            let nullable = choices.chance(60);
            let default = (!nullable || choices.chance(20)).then(|| some(kind, choices));
            columns.push(Column {
                name,
                kind,
                nullable,
                default,
            });
        }
        Table {
            schema,
            name,
            bound: Vec::new(),
            columns,
            key,
            parent: None,
            rows: Vec::new(),
        }
    }

    fn fill(&self, table: &mut Table, owner: &[&'static str], choices: &mut Choices) {
        let ids_of_parents = |at: &Parent| -> Vec<Datum> {
            let rows = self.tables[at.table].rows.iter();
            rows.filter(|row| row.owner == owner)
                .map(|row| row.values[0].clone())
                .collect()
        };
        let parents = table.parent.as_ref().map(ids_of_parents);
        let mut id = 0;
        for _ in 0..2 + choices.below(5) {
            id += i64::from(choices.chance(80)) + i64::from(id == 0);
            let values: Vec<_> = table
                .columns
                .iter()
                .map(|column| match (column.name, &parents) {
                    ("id", _) => Datum::Bigint(id),
                    ("parent_id", Some(ids)) if !ids.is_empty() && choices.chance(70) => {
                        choices.pick(ids).clone()
                    }
                    ("parent_id", _) => Datum::Null,
                    _ if column.nullable && choices.chance(25) => Datum::Null,
                    _ => some(column.kind, choices),
                })
                .collect();
            let is_new = table
                .rows
                .iter()
                .all(|row| row.owner != owner || row.values[..table.key] != values[..table.key]);
            if is_new {
                let owner = owner.to_vec();
                table.rows.push(Row { owner, values });
            }
        }
    }

    pub(super) fn tenant(&self) -> &'static str {
        self.own[0]
    }

    pub(super) fn catalog(&self) -> TableCatalog {
        let mut catalog = TableCatalog::new().with_tenant_column_type(self.tenant_type);
        for table in &self.tables {
            catalog = match table.bound[..] {
                [tenant] => catalog.tenant_table_in(table.schema, table.name, tenant),
                [tenant, project] => catalog.table(
                    TenantTable::new(table.name, tenant)
                        .in_schema(table.schema)
                        .with_project_column(project),
                ),
                _ => catalog.shared_table(table.name),
            };
        }
        catalog.with_dialect(self.dialect)
    }

    /// The places of the tables that belong to tenants.
    pub(super) fn tenant_tables(&self) -> Vec<usize> {
        (0..self.tables.len())
            .filter(|at| !self.tables[*at].bound.is_empty())
            .collect()
    }
}

impl Table {
    pub(super) fn tenant_column(&self) -> Option<&'static str> {
        self.bound.first().copied()
    }

    /// Whether all rows of an owner are those of the tenant and the project whose statements are run.
    pub(super) fn is_own(&self, owner: &[&str], world: &World) -> bool {
        owner == &world.own[..self.bound.len()]
    }
}

/// A value that is not null.
pub(super) fn some(kind: Kind, choices: &mut Choices) -> Datum {
    match kind {
        Kind::Bigint => Datum::Bigint(choices.number_below(6)),
        Kind::Bool => Datum::Bool(choices.chance(50)),
        Kind::Numeric => Datum::Numeric(choices.word(&NUMERICS)),
        Kind::Text | Kind::Tenant => Datum::Text(choices.word(&TEXTS)),
    }
}

/// As a literal of SQL.
impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Bigint(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(&literal(text)),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Numeric(number) => f.write_str(number),
        }
    }
}

pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
