//! Raw fragments, which hide tables from whoever looks at sea-query's tree.

use sea_query::Expr;

use super::Generator;
use super::from::{placeholder, value};
use super::names::Names;
use crate::differential::world::{Kind, Table, quoted, some};

impl<'a> Generator<'a> {
    /// A sub-query of one value, in text.
    pub(super) fn scalar_fragment(&mut self, kind: Kind, names: &Names) -> Expr {
        self.uses("a raw scalar sub-query");
        self.fuel = self.fuel.saturating_sub(1);
        let (table, spelt) = self.hidden_table();
        let of: Vec<_> = table.columns.iter().filter(|column| column.kind == kind).collect();
        let max = |name: &str| match kind {
            Kind::Bool if self.is_postgres() => format!("bool_or({name})"),
            _ => format!("max({name})"),
        };
        let aggregate = match of.first() {
            Some(column) => max(&format!("f.{}", quoted(column.name))),
            None => max(&format!("CAST(NULL AS {})", self.world.type_of(kind))),
        };
        match self.choices.below(5) {
            0 => Expr::cust(format!("(SELECT {aggregate} FROM {spelt} AS f)")),
            1 => {
                let text = format!("(select {aggregate}\nfrom {spelt} f WHERE f.\"id\" < {})", placeholder(self.world.dialect, 1));
                Expr::cust_with_values(text, [value(&some(Kind::Bigint, &mut self.choices))])
            }
            2 => {
                let first = placeholder(self.world.dialect, 1);
                let text = format!("coalesce({first}, (SELECT {aggregate} FROM {spelt} AS f))");
                let expression = self.expression(kind, names, 1);
                Expr::cust_with_exprs(text, [expression])
            }
            3 => {
                self.uses("a raw WITH");
                Expr::cust(format!("(WITH h AS (SELECT * FROM {spelt}) SELECT {aggregate} FROM h AS f)"))
            }
            _ => {
                let (_, other) = self.hidden_table();
                Expr::cust(format!(
                    "(SELECT {aggregate} FROM (SELECT \"id\" FROM {other} UNION SELECT \"id\" FROM {spelt}) AS u, {spelt} AS f \
                     WHERE f.\"id\" = u.\"id\")"
                ))
            }
        }
    }

    /// A condition about rows, in text.
    pub(super) fn condition_fragment(&mut self, names: &Names) -> Expr {
        self.uses("a raw condition");
        self.fuel = self.fuel.saturating_sub(1);
        let (table, spelt) = self.hidden_table();
        let first = placeholder(self.world.dialect, 1);
        let last = &table.columns[table.columns.len() - 1];
        match self.choices.below(4) {
            0 => Expr::cust(format!("EXISTS (SELECT 1 FROM {spelt} AS f WHERE f.\"id\" > 2)")),
            1 => {
                let text = format!("{first} IN (SELECT f.\"id\" FROM {spelt} AS f LEFT JOIN {spelt} AS g ON f.\"id\" = g.\"id\" + 1)");
                let expression = self.expression(Kind::Bigint, names, 1);
                Expr::cust_with_exprs(text, [expression])
            }
            2 => Expr::cust(format!("(SELECT count(*) FROM {spelt}) > 3 OR false")),
            _ => {
                let text = format!("NOT EXISTS (SELECT f.{} FROM ({spelt} AS f JOIN {spelt} AS g ON true) WHERE f.\"id\" = {first})", quoted(last.name));
                let expression = self.literal(Kind::Bigint);
                Expr::cust_with_exprs(text, [expression])
            }
        }
    }

    /// Text with a FROM that is not that of a query.
    pub(super) fn confusing_fragment(&mut self, names: &Names, depth: usize) -> Expr {
        let of = self.expression(Kind::Text, names, depth);
        if !self.is_postgres() {
            return Expr::cust_with_exprs("CAST(? IS NOT DISTINCT FROM 'from' AS text)", [of]);
        }
        self.uses("a FROM that is none of a query");
        let text = *self.choices.pick(&[
            "trim(both 'a' from $1)",
            "substring($1 from 1 for 1)",
            "CAST(($1 IS DISTINCT FROM 'from') AS text)",
            "overlay($1 placing 'x' from 1 for 1)",
        ]);
        Expr::cust_with_exprs(text, [of])
    }

    /// A table and one of the ways to write its name.
    fn hidden_table(&mut self) -> (&'a Table, String) {
        let table = &self.world.tables[self.any_table()];
        // The others need their quotes.
        let spelt = match (table.name, self.choices.below(3)) {
            ("Invoice" | "order", _) | (_, 0) => quoted(table.name),
            (name, 1) => name.to_owned(),
            (name, _) => name.to_uppercase(),
        };
        (table, spelt)
    }
}
