//! UPDATE, DELETE and RETURNING.

use sea_query::{Expr, ExprTrait as _, Query, ReturningClause, UpdateStatement};

use super::from::table_ref_as;
use super::names::{Names, Source};
use super::{Generator, Statement};
use crate::differential::world::Table;

impl<'a> Generator<'a> {
    pub(super) fn update(&mut self) -> Statement {
        let mut names = Names::default();
        let table = self.target();
        // SQLite changes row after row, and what is read for one has the changes of those before it.
        if !self.is_postgres() {
            self.avoided = Some(self.place_of(table));
        }
        let with = self.maybe(12, "WITH around an UPDATE").then(|| self.with_clause(&mut names));
        let mut update = Query::update();
        update.table(table.name);
        let mut sources = vec![Source::of_table(table, table.name)];
        if self.maybe(25, "UPDATE FROM") {
            let source = self.update_from(&mut update, table, &names);
            sources.push(source);
        }
        let names = names.and(&sources);
        self.set(&mut update, table, &names);
        self.avoided = None;
        if let Some(condition) = self.rows_to_change(table, &names, sources.len() > 1) {
            update.and_where(condition);
        }
        self.returning(table, |clause| {
            update.returning(clause);
        });
        match with {
            None => Statement::Update(update),
            Some(with) if self.choices.chance(50) => Statement::Update(update.with_cte(with).take()),
            Some(with) => Statement::With(update.with(with)),
        }
    }

    pub(super) fn delete(&mut self) -> Statement {
        let mut names = Names::default();
        let with = self.maybe(12, "WITH around a DELETE").then(|| self.with_clause(&mut names));
        let table = self.target();
        let mut delete = Query::delete();
        delete.from_table(table.name);
        let names = names.and(&[Source::of_table(table, table.name)]);
        if let Some(condition) = self.rows_to_change(table, &names, false) {
            delete.and_where(condition);
        }
        self.returning(table, |clause| {
            delete.returning(clause);
        });
        match with {
            None => Statement::Delete(delete),
            Some(with) if self.choices.chance(50) => Statement::Delete(delete.with_cte(with).to_owned()),
            Some(with) => Statement::With(delete.with(with)),
        }
    }

    fn place_of(&self, table: &Table) -> usize {
        let same = |other: &Table| std::ptr::eq(other, table);
        self.world.tables.iter().position(same).expect("one of this world")
    }

    /// Joins a table whose rows meet each row of the target once at most: which of several would count is open.
    fn update_from(&mut self, update: &mut UpdateStatement, target: &Table, names: &Names) -> Source {
        let alias = self.made_up("t");
        let with_simple_key: Vec<_> = (0..self.world.tables.len()).filter(|at| self.world.tables[*at].key == 1).collect();
        if !with_simple_key.is_empty() && self.choices.chance(60) {
            let at = *self.choices.pick(&with_simple_key);
            self.reads(at);
            let table = &self.world.tables[at];
            update.from(table_ref_as(table.name, &alias));
            let same = Expr::col((target.name, "id")).equals((alias.clone(), "id"));
            update.and_where(same);
            return Source::of_table(table, &alias);
        }
        let mut query = self.aggregate_query(crate::differential::world::Kind::Bigint, names);
        query.reset_limit();
        update.from(sea_query::TableRef::SubQuery(query.into(), alias.clone().into()));
        Source::derived(&alias, vec![("c0".to_owned(), crate::differential::world::Kind::Bigint)])
    }

    fn set(&mut self, update: &mut UpdateStatement, table: &Table, names: &Names) {
        let free = &table.columns[table.key..];
        for column in free {
            let last = update.get_values().is_empty() && std::ptr::eq(column, &free[free.len() - 1]);
            if !last && !self.choices.chance(35) {
                continue;
            }
            let begin = self.choices.begin();
            let value = match column.name {
                "parent_id" => self.parent(),
                _ => {
                    let value = self.expression(column.kind, names, 2);
                    self.fitting(column, value)
                }
            };
            update.value(column.name, value);
            self.choices.end(begin);
        }
        if free.is_empty() || self.maybe(6, "UPDATE of the key") {
            update.value("id", Expr::col((table.name, "id")).add(1000_i64));
        }
    }

    /// A condition for most statements. Where it must stay beside another one, it stands in parentheses.
    fn rows_to_change(&mut self, table: &'a Table, names: &Names, in_parentheses: bool) -> Option<Expr> {
        if self.is_postgres() && self.choices.chance(6) {
            let jobs = self.next_jobs(self.place_of(table));
            return Some(Expr::col((table.name, "id")).in_subquery(jobs));
        }
        if !self.choices.chance(75) {
            return None;
        }
        let condition = self.condition(names, 2);
        Some(if in_parentheses {
            Expr::cust_with_exprs(format!("({})", super::from::placeholder(self.world.dialect, 1)), [condition])
        } else {
            condition
        })
    }

    pub(super) fn returning(&mut self, table: &Table, set: impl FnOnce(ReturningClause)) {
        if !self.maybe(50, "RETURNING") {
            return;
        }
        if self.maybe(20, "RETURNING *") {
            return set(Query::returning().all());
        }
        // What a sub-query sees here SQLite leaves open.
        if !self.is_postgres() {
            self.fuel = 0;
        }
        let names = Names::default().and(&[Source::of_table(table, table.name)]);
        let wanted = self.kinds(3);
        let expressions: Vec<_> = wanted.iter().map(|kind| self.expression(*kind, &names, 1)).collect();
        set(Query::returning().exprs(expressions));
    }
}
