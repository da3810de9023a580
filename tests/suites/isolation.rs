//! The rules of isolation one by one, each through the scoped builder alone, row-level security alone, and both.

mod layers;
mod reading;
mod writing;
