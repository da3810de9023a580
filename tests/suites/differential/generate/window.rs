//! Window functions.

use sea_query::{Expr, Frame, FrameType, Func, Order, OverStatement as _, WindowStatement};

use super::Generator;
use super::names::{Names, Source};
use crate::differential::world::Kind;

impl Generator<'_> {
    pub(super) fn window_function(&mut self, kind: Kind, names: &Names) -> Expr {
        if kind == Kind::Bigint && self.choices.chance(50) {
            let function = *self.choices.pick(&["row_number", "rank", "dense_rank"]);
            return Func::cust(function).into();
        }
        let of = self.expression(kind, names, 1);
        let function = *self
            .choices
            .pick(&["first_value", "last_value", "lag", "lead"]);
        Func::cust(function).arg(of).into()
    }

    /// A window whose order tells all rows of `sources` apart.
    pub(super) fn window(&mut self, names: &Names, sources: &[Source]) -> WindowStatement {
        let mut window = WindowStatement::new();
        if self.choices.chance(50) {
            let kind = *self.choices.pick(&[Kind::Bigint, Kind::Text, Kind::Bool]);
            let by = self.expression(kind, names, 1);
            window.add_partition_by(by);
        }
        let order = if self.choices.chance(40) {
            Order::Desc
        } else {
            Order::Asc
        };
        for source in sources {
            for column in &source.identity {
                window.order_by((source.name.clone(), column.clone()), order.clone());
            }
        }
        // sea-query writes no space behind the number of `1 PRECEDING`.
        if self.choices.chance(30) {
            window.frame_between(
                FrameType::Rows,
                Frame::CurrentRow,
                Frame::UnboundedFollowing,
            );
        }
        window
    }
}
