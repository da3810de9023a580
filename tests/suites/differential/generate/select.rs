//! SELECT: an arm, several arms, an order, a limit.

use sea_query::{Asterisk, Expr, Order, Query, SelectStatement, UnionType};

use super::names::{Names, Source};
use super::{Generator, Statement};
use crate::differential::world::{KINDS, Kind};

impl Generator<'_> {
    /// A statement that reads.
    pub(super) fn read(&mut self) -> Statement {
        let mut names = Names::default();
        let with = self
            .maybe(15, "WITH around a SELECT")
            .then(|| self.with_clause(&mut names));
        let wanted = self.kinds(4);
        self.is_outermost = true;
        let select = if self.maybe(6, "SELECT *") {
            self.asterisk(&names)
        } else {
            let total = self.choices.chance(40);
            self.ordered = total;
            self.body(&names, &wanted, total)
        };
        match with {
            None => Statement::Select(select),
            Some(with) if self.choices.chance(50) => {
                Statement::Select(select.clone().with_cte(with).take())
            }
            Some(with) => Statement::With(select.with(with)),
        }
    }

    /// Up to so many kinds of columns.
    pub(super) fn kinds(&mut self, most: usize) -> Vec<Kind> {
        (0..=self.choices.below(most))
            .map(|_| *self.choices.pick(&KINDS))
            .collect()
    }

    /// The names of the columns of a [`query`](Self::query).
    pub(super) fn columns(wanted: &[Kind]) -> Vec<(String, Kind)> {
        let named = wanted.iter().enumerate();
        named.map(|(at, kind)| (format!("c{at}"), *kind)).collect()
    }

    fn asterisk(&mut self, names: &Names) -> SelectStatement {
        let mut select = Query::select();
        select.column(Asterisk);
        let sources = self.from(&mut select, names);
        if self.choices.chance(60) {
            let condition = self.condition(&names.and(&sources), 2);
            select.and_where(condition);
        }
        select
    }

    /// A query with columns `c0`, `c1` and so on. With a `total` order, rows that differ come in a certain order.
    pub(super) fn query(&mut self, outer: &Names, wanted: &[Kind], total: bool) -> SelectStatement {
        self.part(|it| {
            let mut names = outer.clone();
            let nests = it.fuel > 0 && it.maybe(8, "WITH in a sub-query");
            let with = nests.then(|| it.with_clause(&mut names));
            let mut select = it.body(&names, wanted, total);
            if let Some(with) = with {
                select.with_cte(with);
            }
            select
        })
    }

    /// By all columns, so that what is left undecided cannot be told apart.
    pub(super) fn order(&mut self, select: &mut SelectStatement, columns: usize) {
        let rotation = self.choices.below(columns);
        for at in 0..columns {
            let order = if self.choices.chance(40) {
                Order::Desc
            } else {
                Order::Asc
            };
            let position = (at + rotation) % columns + 1;
            select.order_by_expr(Expr::cust(position.to_string()), order);
        }
    }

    /// The same without a WITH of its own.
    fn body(&mut self, names: &Names, wanted: &[Kind], total: bool) -> SelectStatement {
        // sea-query writes WINDOW behind everything else, where only a query without unions, order and limit may
        // have it.
        if !total && self.maybe(5, "WINDOW") {
            return self.arm(names, wanted, true);
        }
        if self.is_postgres() && self.maybe(4, "DISTINCT ON") {
            return self.first_of_each(names, wanted);
        }
        let mut select = self.arms(names, wanted);
        if total || self.maybe(10, "ORDER BY in a sub-query") {
            self.order_and_cut(&mut select, wanted.len());
        }
        select
    }

    /// `SELECT DISTINCT ON (column) …`, with an order that says which is the first.
    fn first_of_each(&mut self, outer: &Names, wanted: &[Kind]) -> SelectStatement {
        let mut select = Query::select();
        let sources = self.from(&mut select, outer);
        let names = outer.and(&sources);
        self.list(&mut select, &names, &sources, wanted, false);
        let source = self.choices.pick(&sources).clone();
        let (column, _) = self.choices.pick(&source.columns).clone();
        select.distinct_on([(source.name.clone(), column.clone())]);
        select.order_by((source.name, column), Order::Asc);
        self.order(&mut select, wanted.len());
        select
    }

    fn order_and_cut(&mut self, select: &mut SelectStatement, columns: usize) {
        self.order(select, columns);
        if self.maybe(35, "LIMIT") {
            select.limit(1 + self.choices.below(4) as u64);
        }
        // In front of an EXISTS, SQLite 3.51 may skip what that finds rather than what it lets through, depending on its plan.
        let skips_rows = self.is_postgres() || !self.features.contains("EXISTS");
        if skips_rows && self.maybe(15, "OFFSET") {
            // SQLite knows no OFFSET without a LIMIT.
            if !self.is_postgres() {
                select.limit(5);
            }
            select.offset(self.choices.below(3) as u64);
        }
    }

    fn arms(&mut self, names: &Names, wanted: &[Kind]) -> SelectStatement {
        let mut select = self.arm(names, wanted, false);
        while self.fuel > 0 && self.choices.chance(15) {
            self.fuel -= 1;
            let (name, union) = *self.choices.pick(&[
                ("UNION ALL", UnionType::All),
                ("UNION", UnionType::Distinct),
                ("INTERSECT", UnionType::Intersect),
                ("EXCEPT", UnionType::Except),
            ]);
            self.uses(name);
            // SQLite's arms are bare: no parentheses, and so no order or WITH of their own.
            let arm = if self.is_postgres() && self.fuel > 0 && self.choices.chance(30) {
                self.query(names, wanted, true)
            } else {
                self.part(|it| it.arm(names, wanted, false))
            };
            select.union(union, arm);
        }
        select
    }

    /// One SELECT without an order.
    pub(super) fn arm(
        &mut self,
        outer: &Names,
        wanted: &[Kind],
        named_window: bool,
    ) -> SelectStatement {
        let mut select = Query::select();
        if self.maybe(4, "SELECT without FROM") {
            self.is_outermost = false;
            for (column, kind) in Self::columns(wanted) {
                let expression = self.expression(kind, outer, 2);
                select.expr_as(expression, column);
            }
            return select;
        }
        let sources = self.from(&mut select, outer);
        let names = outer.and(&sources);
        if self.choices.chance(60) {
            let condition = self.condition(&names, 2);
            select.and_where(condition);
            if self.choices.chance(20) {
                let condition = self.condition(&names, 1);
                select.and_where(condition);
            }
        }
        if self.maybe(20, "aggregates") {
            self.group(&mut select, outer, &sources, wanted);
            return select;
        }
        self.list(&mut select, &names, &sources, wanted, named_window);
        if self.maybe(12, "DISTINCT") {
            select.distinct();
        }
        select
    }

    fn list(
        &mut self,
        select: &mut SelectStatement,
        names: &Names,
        sources: &[Source],
        wanted: &[Kind],
        named_window: bool,
    ) {
        if named_window {
            let window = self.window(names, sources);
            select.window("w", window);
        }
        for (column, kind) in Self::columns(wanted) {
            if named_window {
                let function = self.window_function(kind, names);
                select.expr_window_name_as(function, "w", column);
            } else if self.maybe(7, "window functions") {
                let function = self.window_function(kind, names);
                let window = self.window(names, sources);
                select.expr_window_as(function, window, column);
            } else {
                let expression = self.expression(kind, names, 2);
                select.expr_as(expression, column);
            }
        }
    }
}
