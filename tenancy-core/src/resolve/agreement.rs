//! `Agreement`: all places of a request that name something have to name the same.

/// What the places that were read so far name. `None` in the pair is something that does not exist.
#[derive(Debug)]
pub(crate) struct Agreement<T>(Option<(&'static str, Option<T>)>);

/// What all places name.
#[derive(Debug)]
pub(crate) enum Agreed<T> {
    /// No place names anything.
    Unnamed,
    On(T),
    /// The first place that names something, which does not exist.
    OnNothingThatExists(&'static str),
}

/// Two places that name different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Disagreement {
    pub(crate) first: &'static str,
    pub(crate) second: &'static str,
}

impl<T: PartialEq> Agreement<T> {
    pub(crate) fn new() -> Self {
        Self(None)
    }

    pub(crate) fn add(
        &mut self,
        place: &'static str,
        meant: Option<T>,
    ) -> Result<(), Disagreement> {
        match &self.0 {
            None => {
                self.0 = Some((place, meant));
                Ok(())
            }
            Some((_, before)) if *before == meant => Ok(()),
            Some((first, _)) => Err(Disagreement {
                first,
                second: place,
            }),
        }
    }

    pub(crate) fn reached(self) -> Agreed<T> {
        match self.0 {
            None => Agreed::Unnamed,
            Some((_, Some(meant))) => Agreed::On(meant),
            Some((place, None)) => Agreed::OnNothingThatExists(place),
        }
    }
}
