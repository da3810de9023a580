//! Secrets stay out of logs and debug output.
