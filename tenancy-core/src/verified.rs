//! `Verified`, the proof that a check was made.

use std::ops::Deref;

/// A value whose credential was checked.
///
/// Only this crate makes one, and only after the check. A function that takes `Verified<Claims>` therefore
/// cannot be handed claims that merely were decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(crate) fn assertion(value: T) -> Self {
        Self(value)
    }

    /// Gives up the proof and keeps the value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
