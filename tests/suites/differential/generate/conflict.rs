//! ON CONFLICT.

use sea_query::OnConflict;

use super::Generator;
use super::names::{Names, Source};
use super::target::Target;

impl Generator<'_> {
    /// On the primary key, of which the tenant is a part.
    pub(super) fn on_conflict(&mut self, target: &Target<'_>, names: &Names) -> OnConflict {
        let table = target.table;
        let bound = table.bound.iter().copied();
        let mut columns: Vec<_> = bound.chain(target.key()).collect();
        if self.choices.chance(30) {
            columns.reverse();
        }
        let mut conflict = OnConflict::columns(columns);
        let free: Vec<_> = table.columns[table.key..]
            .iter()
            .filter(|column| column.name != "parent_id")
            .collect();
        if free.is_empty() || self.maybe(30, "DO NOTHING") {
            conflict.do_nothing();
            return conflict;
        }
        let excluded = Source::of_table(table, "excluded");
        let names = names.and(&[target.source(), excluded]);
        for column in free.iter().take(1 + self.choices.below(2)) {
            if self.choices.chance(50) {
                conflict.update_column(column.name);
            } else {
                self.uses("DO UPDATE with an expression");
                let value = self.expression(column.kind, &names, 2);
                let value = self.fitting(column, value);
                conflict.value(column.name, value);
            }
        }
        if self.maybe(35, "DO UPDATE with a condition") {
            let condition = self.condition(&names, 1);
            conflict.action_and_where(condition);
        }
        conflict
    }
}
