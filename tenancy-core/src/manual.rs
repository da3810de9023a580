//! The manual: what is checked, in which order, and why the defaults are what they are.

#[doc = include_str!("manual/admission.md")]
pub mod admission {}

#[doc = include_str!("manual/tokens.md")]
pub mod tokens {}

#[doc = include_str!("manual/watching.md")]
pub mod watching {}

#[doc = include_str!("manual/outside_a_request.md")]
pub mod outside_a_request {}

#[doc = include_str!("manual/scoping.md")]
pub mod scoping {}
