//! Conditions, hostile ones among them.

use sea_query::{Asterisk, Expr, ExprTrait as _, Func, Query};

use super::Generator;
use super::names::Names;
use crate::differential::world::{KINDS, Kind, literal, quoted};

#[derive(Debug, Clone, Copy)]
enum Sort {
    Compare,
    IsNull,
    List,
    Between,
    And,
    Or,
    Not,
    Hostile,
    Tenants,
    Like,
    Exists,
    In,
    Any,
    Tuple,
    Fragment,
}

impl Generator<'_> {
    pub(super) fn condition(&mut self, names: &Names, depth: usize) -> Expr {
        self.part(|it| {
            let deeper = usize::from(depth > 0);
            let nested = usize::from(it.fuel > 0);
            let in_postgres = usize::from(it.is_postgres());
            let sorts = [
                (30, Sort::Compare),
                (6, Sort::IsNull),
                (5, Sort::List),
                (4, Sort::Between),
                (8 * deeper, Sort::And),
                (10 * deeper, Sort::Or),
                (6 * deeper, Sort::Not),
                (5, Sort::Hostile),
                (7, Sort::Tenants),
                (3, Sort::Like),
                (9 * nested, Sort::Exists),
                (9 * nested, Sort::In),
                (4 * nested * in_postgres, Sort::Any),
                (3 * nested, Sort::Tuple),
                (8 * nested, Sort::Fragment),
            ];
            let sort = it.choices.weighted(&sorts);
            it.condition_of(sort, names, depth.saturating_sub(1))
        })
    }

    fn condition_of(&mut self, sort: Sort, names: &Names, depth: usize) -> Expr {
        match sort {
            Sort::Compare => self.comparison(names, depth),
            Sort::IsNull => {
                let kind = *self.choices.pick(&KINDS);
                let operand = self.expression(kind, names, 0);
                if self.choices.chance(50) {
                    operand.is_not_null()
                } else {
                    operand.is_null()
                }
            }
            Sort::List => {
                let operand = self.expression(Kind::Bigint, names, depth);
                let list = [1_i64, 3, 4];
                if self.choices.chance(30) {
                    operand.is_not_in(list)
                } else {
                    operand.is_in(list)
                }
            }
            Sort::Between => {
                let operand = self.expression(Kind::Bigint, names, depth);
                let from = self.expression(Kind::Bigint, names, 0);
                operand.between(from, Expr::val(4_i64))
            }
            Sort::And => {
                let left = self.condition(names, depth);
                left.and(self.condition(names, depth))
            }
            Sort::Or => {
                let left = self.condition(names, depth);
                left.or(self.condition(names, depth))
            }
            Sort::Not => self.condition(names, depth).not(),
            Sort::Hostile => {
                self.uses("a hostile condition");
                // Not in parentheses: it reaches as far as it can.
                Expr::cust(
                    *self
                        .choices
                        .pick(&["true OR true", "true", "1 = 1 OR 1 = 2"]),
                )
            }
            Sort::Tenants => self.about_tenants(names),
            Sort::Like => {
                let operand = self.expression(Kind::Text, names, depth);
                operand.like(*self.choices.pick(&["a%", "%b%", "_"]))
            }
            Sort::Exists => {
                self.uses("EXISTS");
                self.fuel -= 1;
                let query = if self.choices.chance(40) {
                    self.exists_anything(names)
                } else {
                    self.query(names, &[Kind::Bigint], false)
                };
                let exists = Expr::exists(query);
                if self.choices.chance(30) {
                    exists.not()
                } else {
                    exists
                }
            }
            Sort::In => {
                self.uses("IN a sub-query");
                self.fuel -= 1;
                let kind = *self.choices.pick(&KINDS);
                let operand = self.expression(kind, names, depth);
                let query = self.query(names, &[kind], true);
                if self.choices.chance(30) {
                    operand.not_in_subquery(query)
                } else {
                    operand.in_subquery(query)
                }
            }
            Sort::Any => {
                self.uses("ANY");
                self.fuel -= 1;
                let operand = self.expression(Kind::Bigint, names, depth);
                let query = self.query(names, &[Kind::Bigint], true);
                match self.choices.below(3) {
                    0 => operand.eq(Expr::any(query)),
                    1 => operand.gt(Expr::some(query)),
                    _ => operand.lte(Expr::all(query)),
                }
            }
            Sort::Tuple => {
                self.uses("a tuple IN a sub-query");
                self.fuel -= 1;
                let tuple = Expr::tuple([
                    self.expression(Kind::Bigint, names, 0),
                    self.expression(Kind::Text, names, 0),
                ]);
                let query = self.query(names, &[Kind::Bigint, Kind::Text], true);
                tuple.in_subquery(query)
            }
            Sort::Fragment => self.condition_fragment(names),
        }
    }

    fn comparison(&mut self, names: &Names, depth: usize) -> Expr {
        let kind = *self.choices.pick(&KINDS);
        let left = self.expression(kind, names, depth);
        let right = self.expression(kind, names, depth);
        match self.choices.below(5) {
            0 => left.eq(right),
            1 => left.lt(right),
            2 => left.gte(right),
            3 => left.ne(right),
            _ => Expr::cust_with_exprs(
                if self.is_postgres() {
                    "($1) IS NOT DISTINCT FROM ($2)"
                } else {
                    "(?) IS NOT DISTINCT FROM (?)"
                },
                [left, right],
            ),
        }
    }

    /// Tenant columns compared with tenants, this one and others, and with each other.
    fn about_tenants(&mut self, names: &Names) -> Expr {
        let columns = names.columns(Kind::Tenant);
        if columns.is_empty() {
            return self.comparison(names, 0);
        }
        self.uses("the tenant column compared");
        let column = self.choices.pick(&columns).clone();
        let tenant = *self.choices.pick(&self.world.tenants);
        let name = format!("{}.{}", quoted(&column.0), quoted(&column.1));
        match self.choices.below(5) {
            0 => Expr::col(column).cast_as("text").eq(tenant),
            1 => Expr::cust(format!("{name} = {}", self.tenant_literal(tenant))),
            2 => Expr::cust(format!("NOT ({name} = {})", self.tenant_literal(tenant))),
            3 => Expr::cust(format!("true OR {name} = {}", self.tenant_literal(tenant))),
            _ => {
                let other = self.choices.pick(&columns).clone();
                Expr::col(column).equals(other)
            }
        }
    }

    fn tenant_literal(&self, tenant: &str) -> String {
        match self.world.tenant_type {
            tenancy_core::TenantColumnType::Bigint => tenant.to_owned(),
            _ => literal(tenant),
        }
    }

    fn exists_anything(&mut self, names: &Names) -> sea_query::SelectStatement {
        let mut query = Query::select();
        let sources = self.from(&mut query, names);
        match self.choices.below(3) {
            0 => query.expr(Expr::cust("1")),
            1 => query.column(Asterisk),
            _ => query.expr(Func::count(Expr::col(Asterisk))),
        };
        let condition = self.condition(&names.and(&sources), 1);
        query.and_where(condition).take()
    }
}
