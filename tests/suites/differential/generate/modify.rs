//! UPDATE, DELETE and RETURNING.

use sea_query::{
    CommonTableExpression, Expr, ExprTrait as _, Query, ReturningClause, TableRef, WithClause,
};

use super::from::{table_ref, table_ref_as};
use super::names::{Names, Source};
use super::target::Target;
use super::{Generator, Statement};
use crate::differential::statement::{Delete, Update};
use crate::differential::world::Kind;

impl Generator<'_> {
    pub(super) fn update(&mut self) -> Statement {
        let mut names = Names::default();
        let (target, written) = self.target();
        // SQLite changes row after row, and what is read for one has the changes of those before it.
        if !self.is_postgres() {
            self.avoided = Some(target.place);
        }
        let mut with = self
            .maybe(12, "WITH around an UPDATE")
            .then(|| self.with_clause(&mut names));
        let mut update = Update {
            target: written,
            values: Vec::new(),
            from: Vec::new(),
            conditions: Vec::new(),
            returning: None,
            with: None,
        };
        let mut sources = vec![target.source()];
        if self.maybe(25, "UPDATE FROM") {
            let source = self.update_from(&mut update, &target, &names);
            sources.push(source);
        }
        // Behind SEARCH no further table may be defined.
        if with.is_none()
            && self.is_postgres()
            && target.table.key == 1
            && self.maybe(6, "a queue of jobs in WITH")
        {
            let name = self.made_up("w");
            let mut jobs = CommonTableExpression::new();
            jobs.table_name(name.clone())
                .query(self.next_jobs(target.place));
            with = Some(WithClause::new().cte(jobs).to_owned());
            update.from.push(table_ref(&name));
            let next = Expr::col((target.name.clone(), "id")).equals((name.clone(), "id"));
            update.conditions.push(next);
            sources.push(Source::derived(
                &name,
                vec![("id".to_owned(), Kind::Bigint)],
            ));
        }
        let names = names.and(&sources);
        self.set(&mut update, &target, &names);
        self.avoided = None;
        let condition = self.rows_to_change(&target, &names, sources.len() > 1);
        update.conditions.extend(condition);
        update.returning = self.returning(&target, true);
        match with {
            None => Statement::Update(update),
            Some(with) if self.choices.chance(50) => {
                update.with = Some(with);
                Statement::Update(update)
            }
            Some(with) => Statement::With(update.statement().with(with)),
        }
    }

    pub(super) fn delete(&mut self) -> Statement {
        let mut names = Names::default();
        let with = self
            .maybe(12, "WITH around a DELETE")
            .then(|| self.with_clause(&mut names));
        let (target, written) = self.target();
        let mut delete = Delete {
            target: written,
            using: Vec::new(),
            conditions: Vec::new(),
            returning: None,
            with: None,
        };
        let mut sources = vec![target.source()];
        let mut is_certain = true;
        if self.is_postgres() && self.choices.chance(25) {
            is_certain = self.using(&mut delete, &target, &mut sources);
        }
        let names = names.and(&sources);
        let condition = self.rows_to_change(&target, &names, sources.len() > 1);
        delete.conditions.extend(condition);
        delete.returning = self.returning(&target, is_certain);
        match with {
            None => Statement::Delete(delete),
            Some(with) if !delete.using.is_empty() || self.choices.chance(50) => {
                delete.with = Some(with);
                Statement::Delete(delete)
            }
            Some(with) => Statement::With(delete.statement().with(with)),
        }
    }

    /// Tables beside the target. Whether their rows meet each row of it once at most: otherwise it is deleted all the
    /// same, but which of them would be returned is open.
    fn using(
        &mut self,
        delete: &mut Delete,
        target: &Target<'_>,
        sources: &mut Vec<Source>,
    ) -> bool {
        let mut is_certain = true;
        for _ in 0..self.choices.weighted(&[(75, 1), (25, 2)]) {
            let at = self.any_table();
            let table = &self.world.tables[at];
            if sources.iter().any(|source| source.name == table.name) {
                continue;
            }
            self.uses("DELETE USING");
            delete.using.push(table.name);
            sources.push(Source::of_table(table, table.name));
            if table.key == 1 && self.choices.chance(60) {
                let same = Expr::col((target.name.clone(), "id")).equals((table.name, "id"));
                delete.conditions.push(same);
            } else {
                is_certain = false;
            }
        }
        is_certain
    }

    /// Joins a table whose rows meet each row of the target once at most: which of several would count is open.
    fn update_from(&mut self, update: &mut Update, target: &Target<'_>, names: &Names) -> Source {
        let alias = self.made_up("t");
        let with_simple_key: Vec<_> = (0..self.world.tables.len())
            .filter(|at| self.world.tables[*at].key == 1)
            .collect();
        if !with_simple_key.is_empty() && self.choices.chance(60) {
            let at = *self.choices.pick(&with_simple_key);
            self.reads(at);
            let table = &self.world.tables[at];
            update.from.push(table_ref_as(table.name, &alias));
            let same = Expr::col((target.name.clone(), "id")).equals((alias.clone(), "id"));
            update.conditions.push(same);
            return Source::of_table(table, &alias);
        }
        let mut query = self.aggregate_query(Kind::Bigint, names);
        query.reset_limit();
        let query = TableRef::SubQuery(query.into(), alias.clone().into());
        update.from.push(query);
        Source::derived(&alias, vec![("c0".to_owned(), Kind::Bigint)])
    }

    fn set(&mut self, update: &mut Update, target: &Target<'_>, names: &Names) {
        let table = target.table;
        let free = &table.columns[table.key..];
        for (at, column) in free.iter().enumerate() {
            let has_none_yet = update.values.is_empty() && at + 1 == free.len();
            if !has_none_yet && !self.choices.chance(35) {
                continue;
            }
            let begin = self.choices.begin();
            let value = if column.name == "parent_id" {
                self.parent()
            } else {
                let value = self.expression(column.kind, names, 2);
                self.fitting(column, value)
            };
            update.values.push((column.name, value));
            self.choices.end(begin);
        }
        if free.is_empty() || self.maybe(6, "UPDATE of the key") {
            let moved = Expr::col((target.name.clone(), "id")).add(1000_i64);
            update.values.push(("id", moved));
        }
    }

    /// A condition for most statements. Where it must stay beside another one, it stands in parentheses.
    fn rows_to_change(
        &mut self,
        target: &Target<'_>,
        names: &Names,
        in_parentheses: bool,
    ) -> Option<Expr> {
        if self.is_postgres() && self.choices.chance(6) {
            let jobs = self.next_jobs(target.place);
            // With `IN (…)` the planner may run it again for each row, and then finds rows beyond its limit.
            let id = Expr::col((target.name.clone(), "id"));
            let jobs = Expr::SubQuery(None, Box::new(jobs.into()));
            return Some(Expr::cust_with_exprs("$1 = ANY(ARRAY $2)", [id, jobs]));
        }
        if !self.choices.chance(75) {
            return None;
        }
        let condition = self.condition(names, 2);
        Some(if in_parentheses {
            Expr::cust_with_exprs(
                format!("({})", super::from::placeholder(self.world.dialect, 1)),
                [condition],
            )
        } else {
            condition
        })
    }

    /// In RETURNING, SQLite knows the target by its own name only.
    fn returned(&self, target: &Target<'_>) -> Source {
        if self.is_postgres() {
            target.source()
        } else {
            Source::of_table(target.table, target.table.name)
        }
    }

    /// Where it is not `certain` which rows of other tables meet those that are written, only these are named.
    pub(super) fn returning(
        &mut self,
        target: &Target<'_>,
        certain: bool,
    ) -> Option<ReturningClause> {
        if !self.maybe(50, "RETURNING") {
            return None;
        }
        if certain && self.maybe(20, "RETURNING *") {
            return Some(Query::returning().all());
        }
        // What a sub-query sees here SQLite leaves open.
        if !self.is_postgres() {
            self.fuel = 0;
        }
        let names = Names::default().and(&[self.returned(target)]);
        let wanted = self.kinds(3);
        let expressions: Vec<_> = wanted
            .iter()
            .map(|kind| self.expression(*kind, &names, 1))
            .collect();
        Some(Query::returning().exprs(expressions))
    }
}
