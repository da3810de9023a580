//! The corpus of the fuzz targets, and what is put together from it.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use tenancy_tests::fuzzed;

use super::{bytes, holds};

type Drive = fn(&[u8]);

/// What fuzzing starts from, and what it once found, with the targets that it is for.
fn corpus() -> Vec<(PathBuf, Vec<u8>, Drive)> {
    let targets: [(&str, Drive); 4] = [
        ("header", fuzzed::header),
        ("claims", fuzzed::claims),
        ("jwks", fuzzed::jwks),
        ("authorization", fuzzed::authorization),
    ];
    let mut corpus = Vec::new();
    for (target, drive) in targets {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(target);
        let before = corpus.len();
        for file in fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            corpus.push((path, bytes, drive));
        }
        assert!(corpus.len() > before, "{} is empty", folder.display());
    }
    corpus
}

#[test]
fn the_corpus_of_the_fuzz_targets_holds() {
    for (path, bytes, drive) in corpus() {
        let outcome = std::panic::catch_unwind(|| drive(&bytes));
        assert!(outcome.is_ok(), "{}", path.display());
    }
}

/// What fuzzing begins with, for machines without it.
#[test]
fn pieces_of_the_corpus_put_together_hold_too() {
    let corpus = corpus();
    let pieces = vec((any::<Index>(), any::<Index>(), any::<Index>()), 1..4);
    holds(512, (pieces, bytes(3)), |(pieces, junk)| {
        let mut text = Vec::new();
        let mut drive = None;
        for (file, start, end) in pieces {
            let (_, bytes, of_this_file) = file.get(&corpus);
            let (start, end) = (start.index(bytes.len() + 1), end.index(bytes.len() + 1));
            // A beginning, an end, or both around a hole.
            text.extend_from_slice(&bytes[..start.min(end)]);
            text.extend_from_slice(&junk);
            text.extend_from_slice(&bytes[start.max(end)..]);
            drive.get_or_insert(of_this_file);
        }
        if let Some(drive) = drive {
            drive(&text);
        }
        Ok(())
    });
}
