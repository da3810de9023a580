//! All suites in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod access_matrix;
mod all_tenants;
mod answers;
mod api_keys;
mod attention;
mod cluster;
mod command;
mod configuration;
mod conformance;
mod differential;
mod directory;
mod discovering;
mod doctor;
mod door;
mod environment;
mod executing;
mod guarding;
mod isolation;
mod jobs;
mod keys;
mod limiting;
mod living;
mod metered;
mod noisy;
mod opening;
mod over_http;
mod plans;
mod pooler;
mod posture;
mod presenting;
mod properties;
mod redaction;
mod repository;
mod rls;
mod scenario;
mod sealing;
mod sending;
mod sharing;
mod statements;
mod tokens;
mod twins;
mod watching;
mod wire;
mod without_rls;
