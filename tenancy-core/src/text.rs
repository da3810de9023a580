//! `Text`, text that lies where its owner lies while it is short.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrayvec::ArrayString;

/// Text of at most `IN_PLACE` bytes takes no memory beside its own. Whoever reads its owner has read it, where one among
/// a million would else be fetched from memory twice; and cloning it counts nothing that other threads count too. Longer
/// text is shared.
#[derive(Clone)]
pub(crate) struct Text<const IN_PLACE: usize>(Kept<IN_PLACE>);

#[derive(Clone)]
enum Kept<const IN_PLACE: usize> {
    InPlace(ArrayString<IN_PLACE>),
    Shared(Arc<str>),
}

impl<const IN_PLACE: usize> Text<IN_PLACE> {
    pub(crate) fn as_str(&self) -> &str {
        match &self.0 {
            Kept::InPlace(text) => text,
            Kept::Shared(text) => text,
        }
    }
}

impl<const IN_PLACE: usize> From<&str> for Text<IN_PLACE> {
    fn from(text: &str) -> Self {
        Self(ArrayString::from(text).map_or_else(|_| Kept::Shared(text.into()), Kept::InPlace))
    }
}

impl<const IN_PLACE: usize> PartialEq for Text<IN_PLACE> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl<const IN_PLACE: usize> Eq for Text<IN_PLACE> {}

impl<const IN_PLACE: usize> PartialOrd for Text<IN_PLACE> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const IN_PLACE: usize> Ord for Text<IN_PLACE> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl<const IN_PLACE: usize> Hash for Text<IN_PLACE> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl<const IN_PLACE: usize> fmt::Debug for Text<IN_PLACE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::*;

    /// Around what is kept in place, in bytes and in characters of several bytes.
    #[test]
    fn text_is_the_same_whichever_way_it_is_kept() {
        let texts = ["", "a", "abcdefg", "abcdefgh", "abcdefghi", "äöüß", "aäöüß"];
        for (text, in_place) in texts
            .into_iter()
            .zip([true, true, true, true, false, true, false])
        {
            let kept = Text::<8>::from(text);
            assert_eq!(kept.as_str(), text);
            assert_eq!(kept.clone(), kept);
            assert_eq!(matches!(kept.0, Kept::InPlace(_)), in_place, "{text}");
        }
    }

    #[test]
    fn order_and_identity_are_those_of_the_text() {
        let texts = [
            "b",
            "abcdefghijkl",
            "a",
            "abcdefgh",
            "z",
            "b\0",
            "abcdefghijkl",
        ];
        let kept: Vec<_> = texts.into_iter().map(Text::<8>::from).collect();
        let sorted: BTreeSet<_> = kept.iter().cloned().collect();
        let expected: BTreeSet<_> = texts.into_iter().collect();
        assert!(sorted.iter().map(Text::as_str).eq(expected.iter().copied()));
        let distinct: HashSet<_> = kept.into_iter().collect();
        assert_eq!(distinct.len(), expected.len());
    }
}
