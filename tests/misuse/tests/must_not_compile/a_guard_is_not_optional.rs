//! Where a tenant or a subject may be missing, a handler says so. What it requires may not: `None` would let everybody in.

use axum_core::extract::FromRequestParts;
use tenancy_axum::{Permit, Require, Subject, Tenant};
use tenancy_core::{Guard, Requirement};

struct Admin;

impl Requirement for Admin {
    fn guard() -> Guard {
        Guard::role("Admin")
    }
}

fn a_handler_takes<T: FromRequestParts<()>>() {}

fn main() {
    a_handler_takes::<Option<Tenant>>();
    a_handler_takes::<Option<Subject>>();
    a_handler_takes::<Option<Require<Admin>>>();
    a_handler_takes::<Option<Permit>>();
}
