//! Nothing: what must not compile is in `tests/`.
