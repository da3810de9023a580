//! `Choices`, the stream of small numbers that a case is made of.
//!
//! A case is a function of its choices and of nothing else, and 0 always is the simplest. So a case is kept by
//! keeping its choices, and made smaller by making those fewer and smaller: see [`shrink`](super::shrink).

/// Numbers from a seed or from a list, which are written down as they are handed out.
#[derive(Debug)]
pub(super) struct Choices {
    source: Source,
    made: Vec<usize>,
    parts: Vec<(usize, usize)>,
}

#[derive(Debug)]
enum Source {
    Seeded(u64),
    Recorded(std::vec::IntoIter<usize>),
}

/// What was chosen, and which runs of it belong together.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) made: Vec<usize>,
    /// Begin and end of what one call of [`Choices::part`] has chosen.
    pub(super) parts: Vec<(usize, usize)>,
}

impl Choices {
    pub(super) fn seeded(seed: u64) -> Self {
        Self::from(Source::Seeded(seed))
    }

    /// Plays `made` again. Behind its end everything is as simple as it can be.
    pub(super) fn recorded(made: Vec<usize>) -> Self {
        Self::from(Source::Recorded(made.into_iter()))
    }

    fn from(source: Source) -> Self {
        let (made, parts) = (Vec::new(), Vec::new());
        Self {
            source,
            made,
            parts,
        }
    }

    /// A number below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let last = count.checked_sub(1).expect("something to choose from");
        let chosen = match &mut self.source {
            Source::Seeded(state) => usize::try_from(next(state) >> 33).unwrap() % count,
            Source::Recorded(made) => made.next().unwrap_or_default().min(last),
        };
        self.made.push(chosen);
        chosen
    }

    /// The same for SQL.
    pub(super) fn number_below(&mut self, count: usize) -> i64 {
        i64::try_from(self.below(count)).unwrap()
    }

    /// Whether something happens that does in so many cases out of a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    /// One of several; the first is the simplest.
    pub(super) fn pick<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len())]
    }

    /// The same of words.
    pub(super) fn word(&mut self, several: &[&'static str]) -> &'static str {
        several[self.below(several.len())]
    }

    /// One of several, each as often as its weight says; the first is the simplest.
    pub(super) fn weighted<T: Copy>(&mut self, several: &[(usize, T)]) -> T {
        let sum = several.iter().map(|(weight, _)| weight).sum();
        let mut chosen = self.below(sum);
        for (weight, one) in several {
            match chosen.checked_sub(*weight) {
                None => return *one,
                Some(rest) => chosen = rest,
            }
        }
        unreachable!("the weights add up to {sum}")
    }

    /// Where a part begins; for [`end`](Self::end).
    pub(super) fn begin(&self) -> usize {
        self.made.len()
    }

    /// Notes that the choices since `begin` belong together.
    pub(super) fn end(&mut self, begin: usize) {
        if begin < self.made.len() {
            self.parts.push((begin, self.made.len()));
        }
    }

    pub(super) fn into_record(self) -> Record {
        Record {
            made: self.made,
            parts: self.parts,
        }
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014): written out, so that a seed means the same cases for ever.
pub(super) fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
