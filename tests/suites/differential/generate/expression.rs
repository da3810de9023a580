//! Expressions of each type.

use sea_query::{CaseStatement, Expr, ExprTrait as _, Func, SelectStatement};

use super::Generator;
use super::from::value;
use super::names::Names;
use crate::differential::world::{Datum, Kind, some};

#[derive(Debug, Clone, Copy)]
enum Sort {
    Column,
    Literal,
    Null,
    Own,
    Coalesce,
    Case,
    Scalar,
    Fragment,
}

impl Generator<'_> {
    /// An expression of `kind` that mentions `names`, nested up to `depth`.
    pub(super) fn expression(&mut self, kind: Kind, names: &Names, depth: usize) -> Expr {
        self.part(|it| {
            let deeper = usize::from(depth > 0);
            let nested = usize::from(it.fuel > 0);
            let sorts = [
                (45, Sort::Column),
                (10, Sort::Literal),
                (2, Sort::Null),
                (20 * deeper, Sort::Own),
                (6 * deeper, Sort::Coalesce),
                (5 * deeper, Sort::Case),
                (8 * nested, Sort::Scalar),
                (6 * nested, Sort::Fragment),
            ];
            match it.choices.weighted(&sorts) {
                Sort::Column => it.column(kind, names),
                Sort::Literal => it.literal(kind),
                Sort::Null => it.typed(kind, &Datum::Null),
                Sort::Own => it.own(kind, names, depth - 1),
                Sort::Coalesce => {
                    let either = it.expression(kind, names, depth - 1);
                    let or = it.expression(kind, names, depth - 1);
                    Func::coalesce([either, or]).into()
                }
                Sort::Case => {
                    it.uses("CASE");
                    let condition = it.condition(names, depth - 1);
                    let then = it.expression(kind, names, depth - 1);
                    let other = it.expression(kind, names, depth - 1);
                    CaseStatement::new()
                        .case(condition, then)
                        .finally(other)
                        .into()
                }
                Sort::Scalar => {
                    it.uses("a scalar sub-query");
                    let query = it.scalar(kind, names);
                    Expr::SubQuery(None, Box::new(query.into()))
                }
                Sort::Fragment => it.scalar_fragment(kind, names),
            }
        })
    }

    fn column(&mut self, kind: Kind, names: &Names) -> Expr {
        let columns = names.columns(kind);
        if columns.is_empty() {
            return self.literal(kind);
        }
        Expr::col(self.choices.pick(&columns).clone())
    }

    pub(super) fn literal(&mut self, kind: Kind) -> Expr {
        let literal = some(kind, &mut self.choices);
        self.typed(kind, &literal)
    }

    /// A parameter, cast where its own type is another.
    pub(super) fn typed(&mut self, kind: Kind, literal: &Datum) -> Expr {
        let parameter = Expr::val(value(literal));
        match (kind, literal) {
            (Kind::Numeric, _) | (_, Datum::Null) => parameter.cast_as(self.world.type_of(kind)),
            _ => parameter,
        }
    }

    /// What only `kind` has.
    fn own(&mut self, kind: Kind, names: &Names, depth: usize) -> Expr {
        match kind {
            Kind::Bigint => self.number(names, depth),
            Kind::Numeric => {
                let left = self.expression(Kind::Numeric, names, depth);
                let right = self.expression(Kind::Numeric, names, depth);
                if self.choices.chance(50) {
                    left.sub(right)
                } else {
                    left.add(right)
                }
            }
            Kind::Bool => self.condition(names, depth),
            Kind::Text | Kind::Tenant => self.text(names, depth),
        }
    }

    fn number(&mut self, names: &Names, depth: usize) -> Expr {
        let left = self.expression(Kind::Bigint, names, depth);
        match self.choices.below(4) {
            0 => left.add(self.expression(Kind::Bigint, names, depth)),
            1 => left.sub(self.expression(Kind::Bigint, names, depth)),
            2 => Func::abs(left).into(),
            _ => {
                let text = self.expression(Kind::Text, names, depth);
                let length: Expr = Func::cust("length").arg(text).into();
                left.add(length)
            }
        }
    }

    fn text(&mut self, names: &Names, depth: usize) -> Expr {
        match self.choices.below(5) {
            0 => Func::lower(self.expression(Kind::Text, names, depth)).into(),
            1 => {
                let left = self.expression(Kind::Text, names, depth);
                let right = self.expression(Kind::Text, names, depth);
                left.binary(sea_query::BinOper::Custom("||"), right)
            }
            2 => self.expression(Kind::Bigint, names, depth).cast_as("text"),
            3 => {
                let columns = names.columns(Kind::Tenant);
                if columns.is_empty() {
                    return self.literal(Kind::Text);
                }
                self.uses("the tenant column read");
                Expr::col(self.choices.pick(&columns).clone()).cast_as("text")
            }
            _ => self.confusing_fragment(names, depth),
        }
    }

    /// A query of one column and at most one row.
    pub(super) fn scalar(&mut self, kind: Kind, names: &Names) -> SelectStatement {
        self.fuel = self.fuel.saturating_sub(1);
        if self.choices.chance(50) {
            let mut query = self.query(names, &[kind], true);
            // The rows have their order, so cutting off all but one is certain as well.
            query.reset_limit();
            return query.limit(1).take();
        }
        self.aggregate_query(kind, names)
    }
}
