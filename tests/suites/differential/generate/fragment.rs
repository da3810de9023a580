//! Raw fragments, which hide tables from whoever looks at sea-query's tree, in every spelling that SQL has.

use sea_query::Expr;

use super::Generator;
use super::from::{placeholder, value};
use super::names::Names;
use crate::differential::world::{Kind, Table, quoted, some};

/// Sub-queries of one number. `{t}` and `{u}` are tables with a column `id`, written in one way or another.
const NUMBERS: [&str; 13] = [
    "(SELECT count(*) FROM {t})",
    "(SELECT count(*) FROM {t}, {u} AS \"group\")",
    "(SELECT count(*) FROM {t} f JOIN {u} USING (\"id\"))",
    "(SELECT count(*) AS \"from\" FROM {t} AS \"select\" LEFT JOIN {u} AS \"where\" ON \"select\".\"id\" = \"where\".\"id\")",
    "(SELECT count(*) FROM {t} f LEFT JOIN ({u} g CROSS JOIN {t} h) ON g.\"id\" = f.\"id\")",
    "(SELECT count(*) FROM {t} f WHERE f.\"id\" IS DISTINCT FROM 2)",
    "(SELECT count(*) FROM {t} f WHERE (f.\"id\", f.\"id\") IN (SELECT g.\"id\", g.\"id\" FROM {u} g))",
    "(SELECT count(*) FROM {t} WHERE '-- it''s /* no */ comment; FROM x' <> '')",
    "(SELECT \"id\" FROM {t} UNION SELECT \"id\" FROM {u} ORDER BY \"id\" DESC LIMIT 1)",
    "(WITH h AS MATERIALIZED (SELECT * FROM {t}), i AS (SELECT * FROM h) SELECT count(*) FROM i JOIN {u} f ON f.\"id\" = i.\"id\")",
    "(WITH RECURSIVE h (n) AS (SELECT min(\"id\") FROM {t} UNION ALL SELECT n + 1 FROM h WHERE n < 4) SELECT count(*) FROM h, {u} f)",
    "(SELECT max(r) FROM (SELECT row_number() OVER (PARTITION BY f.\"id\" ORDER BY f.\"id\") AS r FROM {t} f) w)",
    "(SELECT CASE WHEN EXISTS (SELECT 1 FROM {t}) THEN (SELECT max(\"id\") FROM {u}) ELSE 0 END)",
];

const NUMBERS_OF_POSTGRES: [&str; 21] = [
    "(SELECT count(*) FROM {t} f, LATERAL (SELECT 1 FROM {u} g WHERE g.\"id\" = f.\"id\") l)",
    "(SELECT sum(n)::bigint FROM unnest(ARRAY(SELECT \"id\" FROM {t})) AS n)",
    "cardinality(ARRAY(SELECT \"id\" FROM {t}))::bigint",
    "(SELECT count(*) FROM generate_series(1, 3) WITH ORDINALITY AS g (a, b) JOIN {t} AS f ON f.\"id\" = g.b)",
    "(SELECT count(*) FROM {t} f, generate_series(1, f.\"id\") AS g)",
    "(SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY \"id\") FROM {t})",
    "(SELECT count(*) FILTER (WHERE f.b::text <> '1') FROM {t} AS f (a, b))",
    "(SELECT count(*) FROM (VALUES (1), (2)) AS v (n) WHERE EXISTS (SELECT FROM {t} WHERE \"id\" = v.n))",
    "(SELECT count(*) FROM {t} f GROUP BY ROLLUP (f.\"id\") ORDER BY 1 DESC FETCH FIRST 1 ROWS ONLY)",
    "(SELECT extract(epoch FROM interval '1 s')::bigint + count(*) FROM {t})",
    "(SELECT count(f) FROM {t} f)",
    "(SELECT length(string_agg(to_jsonb(f)::text, '' ORDER BY to_jsonb(f)::text))::bigint FROM {t} f)",
    "(SELECT count(*) FROM ((SELECT \"id\" FROM {t}) EXCEPT ALL (SELECT \"id\" FROM {u})) e)",
    "(SELECT count(*) FROM {t} f WHERE f.\"id\"::text ~ '^[12]$' AND f.\"id\" % 2 = 1)",
    "(SELECT jsonb_array_length(jsonb_agg(f.\"id\")) FROM {t} f)::bigint",
    "(SELECT (ARRAY[7, 8, 9])[2]::bigint + count(*) FROM {t})",
    "(SELECT count(*) FROM {t} f WHERE f.\"id\" BETWEEN SYMMETRIC 3 AND 1)",
    "(SELECT count(*) FROM ({t} f NATURAL JOIN (SELECT \"id\" FROM {u}) g))",
    "(SELECT DISTINCT ON (\"id\") \"id\" FROM {t} ORDER BY \"id\" LIMIT 1)",
    "(SELECT sum(s.n) FROM (SELECT count(*) OVER w AS n FROM {t} f WINDOW w AS (PARTITION BY f.\"id\"), x AS (w)) s)::bigint",
    "(SELECT count(*) FROM (SELECT ALL \"id\" FROM {t} UNION ALL VALUES (1)) a JOIN {u} ON a.\"id\" = {u}.\"id\")",
];

impl<'a> Generator<'a> {
    /// A sub-query of one value, in text.
    pub(super) fn scalar_fragment(&mut self, kind: Kind, names: &Names) -> Expr {
        self.uses("a raw scalar sub-query");
        self.fuel = self.fuel.saturating_sub(1);
        if kind == Kind::Bigint && self.choices.chance(70) {
            return Expr::cust(self.number_fragment());
        }
        let (table, spelt) = self.hidden_table();
        let of = table.columns.iter().find(|column| column.kind == kind);
        let max = |name: &str| match kind {
            Kind::Bool if self.is_postgres() => format!("bool_or({name})"),
            _ => format!("max({name})"),
        };
        let aggregate = match of {
            Some(column) => max(&format!("f.{}", quoted(column.name))),
            None => max(&format!("CAST(NULL AS {})", self.world.type_of(kind))),
        };
        let first = placeholder(self.world.dialect, 1);
        match self.choices.below(5) {
            0 => Expr::cust(format!("(SELECT {aggregate} FROM {spelt} AS f)")),
            1 => {
                let text = format!("(select {aggregate}\nfrom {spelt} f WHERE f.\"id\" < {first})");
                Expr::cust_with_values(text, [value(&some(Kind::Bigint, &mut self.choices))])
            }
            2 => {
                let text = format!("coalesce({first}, (SELECT {aggregate} FROM {spelt} AS f))");
                let expression = self.expression(kind, names, 1);
                Expr::cust_with_exprs(text, [expression])
            }
            3 => {
                self.uses("a raw WITH");
                Expr::cust(format!(
                    "(WITH h AS (SELECT * FROM {spelt}) SELECT {aggregate} FROM h AS f)"
                ))
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

    fn number_fragment(&mut self) -> String {
        let all = [
            &NUMBERS[..],
            if self.is_postgres() {
                &NUMBERS_OF_POSTGRES
            } else {
                &[]
            },
        ]
        .concat();
        let text = *self.choices.pick(&all);
        let first = self.hidden_table().1;
        let second = self.hidden_table().1;
        text.replace("{t}", &first).replace("{u}", &second)
    }

    /// A condition about rows, in text.
    pub(super) fn condition_fragment(&mut self, names: &Names) -> Expr {
        self.uses("a raw condition");
        self.fuel = self.fuel.saturating_sub(1);
        let (table, spelt) = self.hidden_table();
        let first = placeholder(self.world.dialect, 1);
        let last = &table.columns[table.columns.len() - 1];
        match self.choices.below(5) {
            0 => {
                self.uses("EXISTS");
                Expr::cust(format!(
                    "EXISTS (SELECT 1 FROM {spelt} AS f WHERE f.\"id\" > 2)"
                ))
            }
            1 => {
                let text = format!(
                    "{first} IN (SELECT f.\"id\" FROM {spelt} AS f LEFT JOIN {spelt} AS g ON f.\"id\" = g.\"id\" + 1)"
                );
                let expression = self.expression(Kind::Bigint, names, 1);
                Expr::cust_with_exprs(text, [expression])
            }
            2 => Expr::cust(format!("(SELECT count(*) FROM {spelt}) > 3 OR false")),
            3 => Expr::cust(format!("{} > 2", self.number_fragment())),
            _ => {
                let text = format!(
                    "NOT EXISTS (SELECT f.{} FROM ({spelt} AS f JOIN {spelt} AS g ON true) WHERE f.\"id\" = {first})",
                    quoted(last.name)
                );
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
        // The others need their quotes, and SQLite's catalogue is asked for what is written.
        let is_plain =
            table.name != "order" && table.name.bytes().all(|byte| byte.is_ascii_lowercase());
        let spelt = match self.choices.below(3) {
            1 if is_plain => table.name.to_owned(),
            2 if is_plain && self.is_postgres() => table.name.to_uppercase(),
            _ => quoted(table.name),
        };
        (table, spelt)
    }
}
