//! FROM: tables, sub-queries, lists of values, functions, and joins of them.

use sea_query::{
    Condition, Expr, ExprTrait as _, Func, JoinType, SelectStatement, TableRef, Value, ValueTuple,
};

use tenancy_core::Dialect;

use super::Generator;
use super::names::{Names, Source};
use crate::differential::world::{Datum, Kind, Table, some};

#[derive(Debug, Clone, Copy)]
enum Sort {
    Table,
    Subquery,
    Common,
    Values,
    Function,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    Inner,
    Left,
    Right,
    Full,
    Cross,
    Lateral,
}

impl Generator<'_> {
    /// Gives `select` its FROM; what stands in it.
    pub(super) fn from(&mut self, select: &mut SelectStatement, outer: &Names) -> Vec<Source> {
        let is_outermost = std::mem::take(&mut self.is_outermost);
        let first = self.part(|it| it.source(outer, &[]));
        if is_outermost {
            self.root = self.tenant_column_of(&first.0);
        }
        let mut sources = vec![first.0];
        select.from(first.1);
        let others = self.choices.weighted(&[(45, 0), (35, 1), (15, 2), (5, 3)]);
        // Behind a comma the tables before it cannot be seen: it does not mix with joins.
        let by_comma = others > 0 && self.maybe(10, "a comma in FROM");
        for _ in 0..others {
            let begin = self.choices.begin();
            if by_comma {
                let (source, table) = self.source(outer, &sources);
                select.from(table);
                sources.push(source);
            } else {
                self.join(select, outer, &mut sources);
            }
            self.choices.end(begin);
        }
        sources
    }

    fn tenant_column_of(&self, source: &Source) -> Option<(String, &'static str)> {
        let (column, _) = source
            .columns
            .iter()
            .find(|(_, kind)| *kind == Kind::Tenant)?;
        let mut known = self.world.tables.iter().filter_map(Table::tenant_column);
        known
            .find(|known| known == column)
            .map(|column| (source.name.clone(), column))
    }

    fn join(&mut self, select: &mut SelectStatement, outer: &Names, sources: &mut Vec<Source>) {
        let lateral = if self.is_postgres() && self.fuel > 0 {
            12
        } else {
            0
        };
        let sorts = [
            (40, Join::Inner),
            (30, Join::Left),
            (8, Join::Right),
            (8, Join::Full),
            (8, Join::Cross),
            (lateral, Join::Lateral),
        ];
        let join = self.choices.weighted(&sorts);
        if join == Join::Lateral {
            return self.join_lateral(select, outer, sources);
        }
        let (source, table) = self.source(outer, sources);
        let before = outer.and(sources);
        let (feature, kind) = match join {
            Join::Inner => ("INNER JOIN", JoinType::InnerJoin),
            Join::Left => ("LEFT JOIN", JoinType::LeftJoin),
            Join::Right => ("RIGHT JOIN", JoinType::RightJoin),
            Join::Full => ("FULL JOIN", JoinType::FullOuterJoin),
            Join::Cross | Join::Lateral => ("CROSS JOIN", JoinType::CrossJoin),
        };
        let condition = match join {
            Join::Cross | Join::Lateral => None,
            _ => {
                // Postgres makes FULL JOINs of equalities only.
                let equality = self.equality(sources, &source);
                if join == Join::Full || (equality.is_some() && self.choices.chance(70)) {
                    equality
                } else {
                    let names = before.and(std::slice::from_ref(&source));
                    Some(Condition::all().add(self.condition(&names, 1)))
                }
            }
        };
        if let Some(condition) = condition {
            self.uses(feature);
            select.join(kind, table, condition);
        } else {
            self.uses("CROSS JOIN");
            select.cross_join(table);
        }
        sources.push(source);
    }

    fn join_lateral(
        &mut self,
        select: &mut SelectStatement,
        outer: &Names,
        sources: &mut Vec<Source>,
    ) {
        self.uses("LATERAL");
        self.fuel -= 1;
        let name = self.made_up("l");
        let wanted = self.kinds(2);
        let query = self.query(&outer.and(sources), &wanted, true);
        let kind = *self
            .choices
            .pick(&[JoinType::LeftJoin, JoinType::InnerJoin]);
        select.join_lateral(kind, query, name.clone(), Expr::cust("true"));
        sources.push(Source::derived(&name, Self::columns(&wanted)));
    }

    /// A column of one of `sources` that equals one of `source`.
    fn equality(&mut self, sources: &[Source], source: &Source) -> Option<Condition> {
        let mut pairs = Vec::new();
        for other in sources {
            for (left, kind) in &other.columns {
                for (right, _) in source.columns.iter().filter(|(_, other)| other == kind) {
                    pairs.push((
                        (other.name.clone(), left.clone()),
                        (source.name.clone(), right.clone()),
                    ));
                }
            }
        }
        if pairs.is_empty() {
            return None;
        }
        let (left, right) = self.choices.pick(&pairs).clone();
        Some(Condition::all().add(Expr::col(left).equals(right)))
    }

    /// Something that rows come from, beside `beside` whose names are taken.
    fn source(&mut self, outer: &Names, beside: &[Source]) -> (Source, TableRef) {
        let nested = usize::from(self.fuel > 0);
        let sorts = [
            (76, Sort::Table),
            (10 * nested, Sort::Subquery),
            (
                if outer.common_tables().is_empty() {
                    0
                } else {
                    30
                },
                Sort::Common,
            ),
            (3, Sort::Values),
            (if self.is_postgres() { 4 } else { 0 }, Sort::Function),
        ];
        match self.choices.weighted(&sorts) {
            Sort::Table => self.table(beside),
            Sort::Subquery => self.sub_query(outer),
            Sort::Common => self.common_table(outer, beside),
            Sort::Values => self.values(),
            Sort::Function => {
                self.uses("a function in FROM");
                let name = self.made_up("g");
                let to = self.choices.number_below(5);
                let function =
                    Func::cust("generate_series").args([Expr::val(1_i64), Expr::val(to)]);
                let source = Source::derived(&name, vec![(name.clone(), Kind::Bigint)]);
                (source, TableRef::FunctionCall(function, name.into()))
            }
        }
    }

    fn table(&mut self, beside: &[Source]) -> (Source, TableRef) {
        let table = &self.world.tables[self.any_table()];
        let is_free = |name: &str| beside.iter().all(|other| other.name != name);
        if is_free(table.name) && self.maybe(8, "a table with its schema") {
            return (Source::of_table(table, table.name), full_ref(table));
        }
        if is_free(table.name) && self.choices.chance(50) {
            return (Source::of_table(table, table.name), table_ref(table.name));
        }
        // Named like another table: what counts is the name behind AS.
        let another = self.choices.pick(&self.world.tables).name;
        let alias = if is_free(another) && self.maybe(15, "an alias named like a table") {
            another.to_owned()
        } else {
            self.made_up("t")
        };
        (
            Source::of_table(table, &alias),
            table_ref_as(table.name, &alias),
        )
    }

    fn sub_query(&mut self, outer: &Names) -> (Source, TableRef) {
        self.uses("a sub-query in FROM");
        self.fuel = self.fuel.saturating_sub(1);
        let name = self.made_up("q");
        let wanted = self.kinds(3);
        let total = self.choices.chance(30);
        let query = self.query(outer, &wanted, total);
        let source = Source::derived(&name, Self::columns(&wanted));
        (source, TableRef::SubQuery(query.into(), name.into()))
    }

    fn common_table(&mut self, outer: &Names, beside: &[Source]) -> (Source, TableRef) {
        self.uses("a common table expression in FROM");
        let table = self.choices.pick(outer.common_tables()).clone();
        if beside.iter().all(|other| other.name != table.name) && self.choices.chance(50) {
            let name = table_ref(&table.name);
            return (table, name);
        }
        let alias = self.made_up("t");
        let name = table_ref_as(&table.name, &alias);
        (
            Source {
                name: alias,
                ..table
            },
            name,
        )
    }

    fn values(&mut self) -> (Source, TableRef) {
        self.uses("VALUES in FROM");
        let name = self.made_up("v");
        // SQLite 3.51 loses rows: `SELECT 0 AS c FROM (VALUES (5), (6))` behind a LEFT JOIN stays NULL once it was.
        let count = if self.is_postgres() {
            1 + self.choices.below(3)
        } else {
            1
        };
        let rows = (0..count).map(|_| {
            let number = some(Kind::Bigint, &mut self.choices);
            let text = some(Kind::Text, &mut self.choices);
            ValueTuple::Two(value(&number), value(&text))
        });
        let rows: Vec<_> = rows.collect();
        let columns = vec![
            ("column1".to_owned(), Kind::Bigint),
            ("column2".to_owned(), Kind::Text),
        ];
        (
            Source::derived(&name, columns),
            TableRef::ValuesList(rows, name.into()),
        )
    }
}

/// With the schema that it is declared with.
pub(super) fn full_ref(table: &Table) -> TableRef {
    sea_query::IntoTableRef::into_table_ref((table.schema, table.name))
}

pub(super) fn table_ref(name: &str) -> TableRef {
    sea_query::IntoTableRef::into_table_ref(name.to_owned())
}

pub(super) fn table_ref_as(name: &str, alias: &str) -> TableRef {
    table_ref(name).alias(alias.to_owned())
}

/// As a parameter; numerics and nulls, which have none of their own, are cast where they are used.
pub(super) fn value(datum: &Datum) -> Value {
    match datum {
        Datum::Null => Value::String(None),
        Datum::Bigint(number) => (*number).into(),
        Datum::Text(text) | Datum::Numeric(text) => (*text).into(),
        Datum::Bool(truth) => (*truth).into(),
    }
}

/// The placeholder in a raw fragment for its expression at place `at`.
pub(super) fn placeholder(dialect: Dialect, at: usize) -> String {
    match dialect {
        Dialect::Sqlite => "?".to_owned(),
        _ => format!("${at}"),
    }
}
