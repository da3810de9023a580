//! `Pair`: a database that all tenants share, and a copy that holds one tenant's rows only.

use sea_query::Values;

use super::outcome::{Content, Outcome};
use super::world::World;

/// A database in which nothing has been run.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub(super) contents: Vec<Content>,
    /// Which rows can be locked: all.
    pub(super) free: Vec<Content>,
}

/// What of an outcome has to be looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) contents: bool,
    pub(super) free: bool,
}

/// Statements run in transactions that are rolled back, so that each finds the rows as they were made.
pub(super) trait Pair {
    /// Makes `world` in both, instead of what was there.
    async fn create(&mut self, world: &World);

    /// Runs a scoped statement where all tenants are and an unscoped one where one is alone.
    async fn run(
        &mut self,
        scoped: (String, Values),
        alone: (String, Values),
        look: Look,
    ) -> (Outcome, Outcome);

    /// What the shared database holds when nothing has been run.
    async fn before(&mut self) -> Before;
}
