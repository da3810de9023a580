//! Any bytes as the claims of a token whose signature fits.
#![no_main]

#[allow(dead_code, reason = "each target drives one of the functions")]
#[path = "../../support/fuzzed.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::claims(data));
