//! INSERT: values, many rows, defaults, and the rows of a query.

use sea_query::{Expr, ExprTrait as _, Keyword, Query, SelectStatement, UnionType};

use super::from::table_ref_as;
use super::names::{Names, Source};
use super::target::Target;
use super::{Generator, Statement};
use crate::differential::statement::{Insert, Rows};
use crate::differential::world::{Column, Datum, Kind};

impl<'a> Generator<'a> {
    pub(super) fn insert(&mut self) -> Statement {
        let mut names = Names::default();
        let (target, written) = self.target();
        // SQLite adds row after row, and what is read for one may have those before it, or not, as it is planned.
        if !self.is_postgres() {
            self.avoided = Some(target.place);
        }
        let with = self
            .maybe(10, "WITH around an INSERT")
            .then(|| self.with_clause(&mut names));
        let mut insert = Insert {
            target: written,
            columns: Vec::new(),
            rows: Rows::Defaults,
            conflict: None,
            returning: None,
            with: None,
        };
        if !self.maybe(4, "DEFAULT VALUES") {
            self.rows(&mut insert, &target, &names);
        }
        self.avoided = None;
        insert.returning = self.returning(&target, true);
        match with {
            None => Statement::Insert(insert),
            Some(with) if self.choices.chance(50) => {
                insert.with = Some(with);
                Statement::Insert(insert)
            }
            Some(with) => Statement::With(insert.statement().with(with)),
        }
    }

    fn rows(&mut self, insert: &mut Insert, target: &Target<'a>, names: &Names) {
        let table = target.table;
        // Left out, a column has its default; two rows cannot both have that of the key.
        let is_given: Vec<_> = table
            .columns
            .iter()
            .map(|column| column.name == "id" || self.choices.chance(70))
            .collect();
        let columns: Vec<&Column> = table
            .columns
            .iter()
            .zip(is_given)
            .filter(|(_, given)| *given)
            .map(|(column, _)| column)
            .collect();
        insert.columns = columns.iter().map(|column| column.name).collect();
        let upsert = self.maybe(45, "ON CONFLICT");
        if self.fuel > 0 && self.maybe(35, "INSERT from a SELECT") {
            insert.rows = Rows::Query(Box::new(self.rows_to_insert(&columns, names)));
        } else {
            let tenant = self
                .tenant_as_parameter()
                .filter(|_| self.choices.chance(20));
            if tenant.is_some() {
                self.uses("the tenant given");
                insert.columns.push(table.tenant_column().unwrap());
            }
            let mut rows = Vec::new();
            for row in 0..self.choices.weighted(&[(60, 1), (25, 2), (15, 4)]) {
                let begin = self.choices.begin();
                let mut values: Vec<_> = columns
                    .iter()
                    .map(|column| self.new_value(column, row, upsert, names))
                    .collect();
                values.extend(tenant.clone());
                rows.push(values);
                self.choices.end(begin);
            }
            insert.rows = Rows::Values(rows);
        }
        insert.conflict = upsert.then(|| self.on_conflict(target, names));
    }

    /// No parameter stands for a UUID as it is.
    fn tenant_as_parameter(&self) -> Option<Expr> {
        let tenant = self.world.tenant();
        match self.world.tenant_type() {
            "text" => Some(Expr::val(tenant)),
            "bigint" => Some(Expr::val(tenant.parse::<i64>().expect("a number"))),
            _ => None,
        }
    }

    fn new_value(&mut self, column: &Column, row: i64, upsert: bool, names: &Names) -> Expr {
        match column.name {
            // Many rows of one statement must not meet the same row.
            "id" if upsert => Expr::val(1 + row + 4 * self.choices.number_below(2)),
            "id" if self.choices.chance(5) => Expr::val(1_i64),
            "id" => Expr::val(20 + row),
            "parent_id" => self.parent(),
            _ if self.is_postgres() && self.maybe(6, "DEFAULT") => Expr::Keyword(Keyword::Default),
            _ => {
                let depth = usize::from(self.choices.chance(30));
                let value = if self.choices.chance(50) {
                    self.expression(column.kind, names, depth)
                } else {
                    self.literal(column.kind)
                };
                self.fitting(column, value)
            }
        }
    }

    /// What is no error where NULL would be one, most of the time.
    pub(super) fn fitting(&mut self, column: &Column, value: Expr) -> Expr {
        if column.nullable || self.maybe(3, "NULL where there must be none") {
            return value;
        }
        let otherwise = self.literal(column.kind);
        sea_query::Func::coalesce([value, otherwise]).into()
    }

    /// A reference to a parent that is there, or is not.
    pub(super) fn parent(&mut self) -> Expr {
        let mut tables = self.world.tables.iter();
        let parent = tables.find_map(|table| table.parent.as_ref());
        match (parent, self.choices.below(10)) {
            (_, 0..=3) | (None, _) => self.typed(Kind::Bigint, &Datum::Null),
            (_, 4) => Expr::val(3_i64),
            (Some(parent), _) => {
                self.uses("a reference to a parent");
                self.reads(parent.table);
                let name = crate::differential::world::quoted(self.world.tables[parent.table].name);
                Expr::cust(format!("(SELECT max(\"id\") FROM {name})"))
            }
        }
    }

    /// Rows of another table, with ids that are free.
    fn rows_to_insert(&mut self, columns: &[&Column], names: &Names) -> SelectStatement {
        self.fuel -= 1;
        let mut select = self.copied_rows(columns, names, 100);
        if self.maybe(25, "INSERT from a UNION") {
            let arm = self.copied_rows(columns, names, 200);
            select.union(UnionType::All, arm);
        }
        self.order(&mut select, columns.len());
        select
    }

    fn copied_rows(&mut self, columns: &[&Column], names: &Names, offset: i64) -> SelectStatement {
        let with_simple_key: Vec<_> = (0..self.world.tables.len())
            .filter(|at| self.world.tables[*at].key == 1)
            .collect();
        let several = if with_simple_key.is_empty() {
            self.world.tenant_tables()
        } else {
            with_simple_key
        };
        let at = *self.choices.pick(&several);
        self.reads(at);
        let table = &self.world.tables[at];
        let alias = self.made_up("t");
        let source = Source::of_table(table, &alias);
        let here = names.and(std::slice::from_ref(&source));
        let mut select = Query::select();
        select.from(table_ref_as(table.name, &alias));
        for column in columns {
            let value = match column.name {
                "id" => Expr::col((alias.clone(), "id")).add(offset),
                "parent_id" => self.parent(),
                _ => {
                    let value = self.expression(column.kind, &here, 1);
                    self.fitting(column, value)
                }
            };
            select.expr_as(value, column.name);
        }
        if self.choices.chance(50) {
            let condition = self.condition(&here, 1);
            select.and_where(condition);
        }
        select
    }
}
