//! Makes a failing case smaller by leaving out and lowering its choices, as Hypothesis does.

use super::choices::Record;

/// How many smaller cases are tried: each costs two statements.
const PATIENCE: usize = 3_000;

/// The smallest case found that still fails. `fails` gives the record of a case when it does: other choices
/// than were asked for may have been made.
pub(super) async fn smallest(
    mut smallest: Record,
    mut fails: impl AsyncFnMut(Vec<usize>) -> Option<Record>,
) -> Record {
    let mut patience = PATIENCE;
    loop {
        let before = smallest.made.clone();
        let mut round = Round { smallest, patience };
        round.leave_out_parts(&mut fails).await;
        round.leave_out_runs(&mut fails).await;
        round.lower(&mut fails).await;
        (smallest, patience) = (round.smallest, round.patience);
        if smallest.made == before || patience == 0 {
            return smallest;
        }
    }
}

struct Round {
    smallest: Record,
    patience: usize,
}

impl Round {
    /// Keeps `made` if it is smaller and still fails.
    async fn attempt(
        &mut self,
        made: Vec<usize>,
        fails: &mut impl AsyncFnMut(Vec<usize>) -> Option<Record>,
    ) -> bool {
        if self.patience == 0 || !is_smaller(&made, &self.smallest.made) {
            return false;
        }
        self.patience -= 1;
        match fails(made).await {
            Some(record) if is_smaller(&record.made, &self.smallest.made) => {
                self.smallest = record;
                true
            }
            _ => false,
        }
    }

    /// The largest parts first: as nothing, as their simplest, as one of the parts inside.
    async fn leave_out_parts(&mut self, fails: &mut impl AsyncFnMut(Vec<usize>) -> Option<Record>) {
        let mut at = 0;
        loop {
            let mut parts = self.smallest.parts.clone();
            parts.sort_by_key(|(begin, end)| (std::cmp::Reverse(end - begin), *begin));
            let Some(&(begin, end)) = parts.get(at) else {
                return;
            };
            at += 1;
            let made = self.smallest.made.clone();
            let with = |middle: &[usize]| [&made[..begin], middle, &made[end..]].concat();
            let zeros = vec![0; end - begin];
            if self.attempt(with(&[]), fails).await || self.attempt(with(&zeros), fails).await {
                at = 0;
                continue;
            }
            let inside: Vec<_> = parts
                .iter()
                .filter(|(from, to)| begin <= *from && *to <= end && to - from < end - begin)
                .take(8)
                .copied()
                .collect();
            for (from, to) in inside {
                if self.attempt(with(&made[from..to]), fails).await {
                    at = 0;
                    break;
                }
            }
        }
    }

    async fn leave_out_runs(&mut self, fails: &mut impl AsyncFnMut(Vec<usize>) -> Option<Record>) {
        for length in [8, 4, 2, 1] {
            let mut end = self.smallest.made.len();
            while end >= length {
                let made = &self.smallest.made;
                if end > made.len() {
                    end = made.len();
                    continue;
                }
                let without = [&made[..end - length], &made[end..]].concat();
                if !self.attempt(without, fails).await {
                    end -= 1;
                }
            }
        }
    }

    async fn lower(&mut self, fails: &mut impl AsyncFnMut(Vec<usize>) -> Option<Record>) {
        let mut at = 0;
        while at < self.smallest.made.len() {
            let chosen = self.smallest.made[at];
            for lower in [0, chosen / 2, chosen.saturating_sub(1)] {
                let mut made = self.smallest.made.clone();
                made[at] = lower;
                if self.attempt(made, fails).await {
                    break;
                }
            }
            at += 1;
        }
    }
}

/// Fewer choices, or as many of which the first that differs is lower.
fn is_smaller(one: &[usize], other: &[usize]) -> bool {
    (one.len(), one) < (other.len(), other)
}
