//! The verifiers under Criterion, at its length and with its statistics.

use criterion::{Criterion, criterion_group, criterion_main};

fn verify(criterion: &mut Criterion) {
    #[expect(
        clippy::expect_used,
        reason = "a benchmark ends at the first thing that is not as it should be"
    )]
    let comparisons =
        tenancy_benches::verify::comparisons().expect("everyone verifies before being timed");
    for comparison in &comparisons {
        let mut group = criterion.benchmark_group(&comparison.bench);
        for candidate in comparison.candidates() {
            group.bench_function(candidate.name(), |bencher| {
                bencher.iter_custom(|times| candidate.run(times));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, verify);
criterion_main!(benches);
