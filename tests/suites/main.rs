//! All suites in one binary.

mod cluster;
