//! There is no way from a scoped statement back to one that can be run for everybody.

use sea_query::SelectStatement;
use tenancy_core::Scoped;

fn back(scoped: Scoped<SelectStatement>) -> SelectStatement {
    scoped
}

fn borrowed(scoped: &Scoped<SelectStatement>) -> &SelectStatement {
    scoped
}

fn taken_apart(scoped: Scoped<SelectStatement>) -> String {
    scoped.sql
}

fn main() {}
