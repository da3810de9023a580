//! Reads that lock rows.

use sea_query::{Expr, JoinType, LockBehavior, LockType, Query, SelectStatement, TableRef};

use super::Generator;
use super::from::{table_ref, table_ref_as};
use super::names::{Names, Source};
use crate::differential::world::Kind;

impl Generator<'_> {
    pub(super) fn locking_read(&mut self) -> SelectStatement {
        self.uses("a row lock");
        self.locking = true;
        let outer = Names::default();
        let mut select = Query::select();
        let mut sources = Vec::new();
        let (first, table) = self.lockable(&sources);
        self.root = None;
        select.from(table);
        sources.push(first);
        let mut may_lock_all = true;
        if self.choices.chance(45) {
            let (source, table) = if self.maybe(20, "a row lock through a sub-query") {
                self.plain_sub_query()
            } else {
                self.lockable(&sources)
            };
            // Rows that an outer join may lack cannot be locked.
            let kind = *self
                .choices
                .pick(&[JoinType::InnerJoin, JoinType::LeftJoin]);
            may_lock_all = kind == JoinType::InnerJoin;
            let names = outer.and(&sources).and(std::slice::from_ref(&source));
            let condition = self.condition(&names, 1);
            select.join(kind, table, condition);
            sources.push(source);
        }
        let names = outer.and(&sources);
        let wanted = self.kinds(3);
        for (column, kind) in Self::columns(&wanted) {
            let expression = self.expression(kind, &names, 1);
            select.expr_as(expression, column);
        }
        if self.choices.chance(70) {
            let condition = self.condition(&names, 2);
            select.and_where(condition);
        }
        if self.choices.chance(50) {
            self.ordered = true;
            self.order(&mut select, wanted.len());
        }
        self.lock(&mut select, &sources, may_lock_all);
        select
    }

    fn lock(&mut self, select: &mut SelectStatement, sources: &[Source], may_lock_all: bool) {
        let strength = *self.choices.pick(&[
            LockType::Update,
            LockType::Share,
            LockType::NoKeyUpdate,
            LockType::KeyShare,
        ]);
        let behavior = *self.choices.pick(&[
            None,
            Some(LockBehavior::SkipLocked),
            Some(LockBehavior::Nowait),
        ]);
        let of =
            (!may_lock_all || self.maybe(40, "FOR UPDATE OF")).then(|| [sources[0].name.clone()]);
        match (of, behavior) {
            (None, None) => select.lock(strength),
            (None, Some(behavior)) => select.lock_with_behavior(strength, behavior),
            (Some(of), None) => select.lock_with_tables(strength, of),
            (Some(of), Some(behavior)) => select.lock_with_tables_behavior(strength, of, behavior),
        };
    }

    /// A table of the tenant.
    fn lockable(&mut self, beside: &[Source]) -> (Source, TableRef) {
        let tables = self.world.tenant_tables();
        let at = *self.choices.pick(&tables);
        self.reads(at);
        let table = &self.world.tables[at];
        if self.choices.chance(50) && beside.iter().all(|other| other.name != table.name) {
            return (Source::of_table(table, table.name), table_ref(table.name));
        }
        let alias = self.made_up("t");
        (
            Source::of_table(table, &alias),
            table_ref_as(table.name, &alias),
        )
    }

    /// A sub-query through which a lock reaches.
    fn plain_sub_query(&mut self) -> (Source, TableRef) {
        let (source, table) = self.lockable(&[]);
        let mut query = Query::select();
        query
            .expr_as(Expr::col((source.name, "id")), "c0")
            .from(table);
        let name = self.made_up("q");
        let derived = Source::derived(&name, vec![("c0".to_owned(), Kind::Bigint)]);
        (derived, TableRef::SubQuery(query.into(), name.into()))
    }

    /// `SELECT id … LIMIT n FOR UPDATE SKIP LOCKED`, as job queues do.
    ///
    /// Which rows it locks is certain where it is run once. Whether it is run at all, when no row is left that
    /// could be written, is the planner's affair: so these locks are not compared.
    pub(super) fn next_jobs(&mut self, at: usize) -> SelectStatement {
        self.uses("a queue of jobs");
        self.reads(at);
        let table = &self.world.tables[at];
        let mut query = Query::select();
        query
            .expr(Expr::col(("job", "id")))
            .from(table_ref_as(table.name, "job"));
        if self.choices.chance(50) {
            let condition =
                self.condition(&Names::default().and(&[Source::of_table(table, "job")]), 1);
            query.and_where(condition);
        }
        for column in &table.columns[..table.key] {
            query.order_by(("job", column.name), sea_query::Order::Asc);
        }
        query.limit(1 + self.choices.below(3) as u64);
        query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        query
    }
}
