//! GROUP BY, HAVING and aggregates.

use sea_query::{Asterisk, Expr, ExprTrait as _, Func, FunctionCall, Query, SelectStatement};

use super::Generator;
use super::names::{Names, Source};
use crate::differential::world::Kind;

impl Generator<'_> {
    /// Makes `select` one of groups, with the columns that are wanted.
    pub(super) fn group(
        &mut self,
        select: &mut SelectStatement,
        outer: &Names,
        sources: &[Source],
        wanted: &[Kind],
    ) {
        let all: Vec<(String, String, Kind)> = sources
            .iter()
            .flat_map(|source| {
                source
                    .columns
                    .iter()
                    .map(|(column, kind)| (source.name.clone(), column.clone(), *kind))
            })
            .collect();
        let mut keys = Vec::new();
        for _ in 0..self.choices.below(3) {
            let key = self.choices.pick(&all).clone();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        for (source, column, _) in &keys {
            self.uses("GROUP BY");
            select.group_by_col((source.clone(), column.clone()));
        }
        // Where rows are grouped, only what they are grouped by has one value.
        let narrowed: Vec<_> = sources
            .iter()
            .map(|source| {
                let columns = keys.iter().filter(|(name, _, _)| *name == source.name);
                Source::derived(
                    &source.name,
                    columns
                        .map(|(_, column, kind)| (column.clone(), *kind))
                        .collect(),
                )
            })
            .collect();
        let names = outer.and(&narrowed);
        let ungrouped = outer.and(sources).innermost();
        for (column, kind) in Self::columns(wanted) {
            if !keys.is_empty() && self.choices.chance(40) {
                let expression = self.expression(kind, &names, 1);
                select.expr_as(expression, column);
            } else {
                let aggregate = self.aggregate(kind, &ungrouped);
                select.expr_as(aggregate, column);
            }
        }
        if self.maybe(30, "HAVING") {
            let condition = if self.choices.chance(50) {
                self.condition(&names, 1)
            } else {
                let aggregate = self.aggregate(Kind::Bigint, &ungrouped);
                let bound = self.expression(Kind::Bigint, &names, 1);
                aggregate.gte(bound)
            };
            select.and_having(condition);
        }
    }

    /// An aggregate of `kind` over what `names` mentions, which must not be anything from around the query: the
    /// aggregate would be one of that query then. SQLite puts a common table where it is read, and with it what its query
    /// mentions from around.
    pub(super) fn aggregate(&mut self, kind: Kind, names: &Names) -> Expr {
        let names = &if self.is_postgres() {
            names.clone()
        } else {
            names.without_common_tables()
        };
        self.part(|it| {
            let of = it.expression(kind, names, 1);
            match kind {
                Kind::Bigint => match it.choices.below(6) {
                    0 => it.filtered(Func::count(Expr::col(Asterisk)), names),
                    1 => it.filtered(Func::count(of), names),
                    2 => Func::count_distinct(of).into(),
                    3 => it.filtered(Func::max(of), names),
                    4 => it.filtered(Func::min(of), names),
                    _ => it.filtered(Func::sum(of), names).cast_as("bigint"),
                },
                Kind::Numeric => match it.choices.below(3) {
                    0 => it.filtered(Func::sum(of), names),
                    1 => it.filtered(Func::max(of), names),
                    _ => it.filtered(Func::min(of), names),
                },
                Kind::Bool if it.is_postgres() => {
                    let function = *it.choices.pick(&["bool_or", "bool_and"]);
                    it.filtered(Func::cust(function).arg(of), names)
                }
                Kind::Text | Kind::Tenant if it.is_postgres() && it.choices.chance(30) => {
                    it.uses("an ordered aggregate");
                    Expr::cust_with_exprs("string_agg($1, ',' ORDER BY $1 DESC)", [of])
                }
                Kind::Bool | Kind::Text | Kind::Tenant => {
                    if it.choices.chance(50) {
                        Func::max(of).into()
                    } else {
                        Func::min(of).into()
                    }
                }
            }
        })
    }

    fn filtered(&mut self, function: FunctionCall, names: &Names) -> Expr {
        if self.maybe(15, "FILTER") {
            let condition = self.condition(names, 1);
            return function.filter(condition).into();
        }
        function.into()
    }

    /// A query of a single aggregate, and so of one row.
    pub(super) fn aggregate_query(&mut self, kind: Kind, outer: &Names) -> SelectStatement {
        let mut query = Query::select();
        let sources = self.from(&mut query, outer);
        let names = outer.and(&sources);
        let aggregate = self.aggregate(kind, &names.innermost());
        if self.choices.chance(60) {
            let condition = self.condition(&names, 1);
            query.and_where(condition);
        }
        query.expr_as(aggregate, "c0").take()
    }
}
