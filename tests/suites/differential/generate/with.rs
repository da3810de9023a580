//! WITH: common table expressions, which read those before them, and recursive ones.

use sea_query::{
    CommonTableExpression, Cycle, Expr, ExprTrait as _, Query, Search, SearchOrder, SelectExpr,
    UnionType, WithClause,
};

use super::Generator;
use super::from::{table_ref, table_ref_as};
use super::names::{Names, Source};
use crate::differential::world::Kind;

impl Generator<'_> {
    /// A WITH whose tables are added to `names`.
    pub(super) fn with_clause(&mut self, names: &mut Names) -> WithClause {
        self.part(|it| {
            let mut clause = WithClause::new();
            let recursive = it.maybe(20, "WITH RECURSIVE");
            let mut around: Vec<_> = names
                .common_tables()
                .iter()
                .map(|table| table.name.clone())
                .collect();
            if recursive {
                // Here a name means the table of this WITH even before that is defined.
                around.clear();
                clause.recursive(true);
                let table = it.recursive(names);
                clause.cte(table);
            }
            let count = it.choices.below(3) + usize::from(!recursive);
            if recursive && count == 0 && it.is_postgres() {
                it.search_or_cycle(&mut clause);
            }
            for _ in 0..count {
                let table = it.common(names, &mut around);
                clause.cte(table);
            }
            clause
        })
    }

    fn search_or_cycle(&mut self, clause: &mut WithClause) {
        if self.maybe(30, "SEARCH") {
            let by = SelectExpr {
                expr: Expr::col("n"),
                alias: Some("found".into()),
                window: None,
            };
            clause.search(Search::new_from_order_and_expr(SearchOrder::BREADTH, by));
        }
        if self.maybe(30, "CYCLE") {
            clause.cycle(Cycle::new_from_expr_set_using(
                Expr::col("n"),
                "looped",
                "path",
            ));
        }
    }

    /// One of a WITH, or one that hides another `around` that WITH.
    fn common(&mut self, names: &mut Names, around: &mut Vec<String>) -> CommonTableExpression {
        let name = if !around.is_empty() && self.maybe(15, "a common table that hides another") {
            around.remove(0)
        } else {
            self.made_up("w")
        };
        let wanted = self.kinds(3);
        let total = self.choices.chance(30);
        let query = self.query(names, &wanted, total);
        let mut table = CommonTableExpression::new();
        table.table_name(name.clone()).query(query);
        let mut columns = Self::columns(&wanted);
        if self.choices.chance(30) {
            for (at, (column, _)) in columns.iter_mut().enumerate() {
                *column = format!("d{at}");
            }
            table.columns(columns.iter().map(|(column, _)| column.clone()));
        }
        if self.maybe(30, "MATERIALIZED") {
            table.materialized(self.choices.chance(50));
        }
        names.define(Source::derived(&name, columns));
        table
    }

    /// Follows numbers that grow, and so comes to an end.
    fn recursive(&mut self, names: &mut Names) -> CommonTableExpression {
        let name = self.made_up("r");
        let start = &self.world.tables[self.any_table()];
        let mut query = Query::select();
        query
            .expr_as(Expr::col((start.name, "id")), "n")
            .expr_as(Expr::val(self.choices.number_below(3)), "depth")
            .from(table_ref(start.name));
        if self.choices.chance(50) {
            let condition = self.condition(
                &names
                    .without_columns()
                    .and(&[Source::of_table(start, start.name)]),
                1,
            );
            query.and_where(condition);
        }
        let step = &self.world.tables[self.any_table()];
        let mut next = Query::select();
        next.expr(Expr::col(("x", "id")))
            .expr(Expr::col((name.clone(), "depth")).add(1_i64))
            .from(table_ref(&name))
            .inner_join(
                table_ref_as(step.name, "x"),
                Expr::col(("x", "id")).gt(Expr::col((name.clone(), "n"))),
            )
            .and_where(Expr::col((name.clone(), "depth")).lt(4_i64));
        query.union(UnionType::Distinct, next);
        let columns = vec![
            ("n".to_owned(), Kind::Bigint),
            ("depth".to_owned(), Kind::Bigint),
        ];
        let mut table = CommonTableExpression::new();
        table
            .table_name(name.clone())
            .columns(["n", "depth"])
            .query(query);
        names.define(Source::derived(&name, columns));
        table
    }
}
