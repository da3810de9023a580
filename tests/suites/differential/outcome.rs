//! `Outcome`: what a statement did, as far as anybody can see.

use std::fmt;

use futures_util::{Stream, TryStreamExt as _};
use sqlx::{Either, Row};
use tenancy_tests::sqlstate::sqlstate;

use super::pair::Before;

/// What one statement has answered and left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The rows and the number of rows touched, or the SQLSTATE.
    pub(super) answer: Result<Answer, Failure>,
    /// What the tables hold afterwards, before it is rolled back. Nothing when the statement has failed.
    pub(super) contents: Vec<Content>,
    /// Which rows others could still lock; of locking statements only.
    pub(super) free: Vec<Content>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// Each value with its type.
    pub(super) rows: Vec<Vec<String>>,
    pub(super) affected: u64,
}

impl Answer {
    /// Hears a database out, whichever it is: numbers of rows touched, and rows, of which `value` tells one column.
    pub(super) async fn heard<R: Row>(
        mut steps: impl Stream<Item = Result<Either<u64, R>, sqlx::Error>> + Unpin,
        value: impl Fn(&R, usize) -> String,
    ) -> Result<Self, Failure> {
        let (mut rows, mut affected) = (Vec::new(), 0);
        while let Some(step) = steps.try_next().await? {
            match step {
                Either::Left(touched) => affected += touched,
                Either::Right(row) => {
                    rows.push((0..row.len()).map(|at| value(&row, at)).collect());
                }
            }
        }
        Ok(Self { rows, affected })
    }
}

/// Compared by its code alone: messages name what the scope has added.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
}

/// The rows of one tenant in one table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Content {
    pub(super) table: String,
    /// Empty for shared tables.
    pub(super) owner: String,
    pub(super) rows: String,
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self {
            code: sqlstate(&error),
            message: error.to_string(),
        }
    }
}

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Failure {}

/// What is different, in words; `None` if nothing is.
///
/// `scoped` comes from the database that all share, `alone` from the one with `tenant` only, and `before` is how it
/// was.
pub(super) fn difference(
    scoped: &Outcome,
    alone: &Outcome,
    ordered: bool,
    own: &[String],
    before: &Before,
) -> Option<&'static str> {
    let is_same_answer = match (&scoped.answer, &alone.answer) {
        (Ok(scoped), Ok(alone)) if ordered => scoped == alone,
        (Ok(scoped), Ok(alone)) => {
            scoped.affected == alone.affected && sorted(&scoped.rows) == sorted(&alone.rows)
        }
        (scoped, alone) => scoped == alone,
    };
    if !is_same_answer {
        return Some("the answers differ");
    }
    if scoped.answer.is_err() {
        return None;
    }
    let (mine, foreign) = divided(&scoped.contents, own);
    // What was not looked at is empty.
    if !scoped.contents.is_empty() && foreign != divided(&before.contents, own).1 {
        return Some("rows of others have changed");
    }
    if mine != divided(&alone.contents, own).0 {
        return Some("the tenant's rows differ afterwards");
    }
    let (mine, foreign) = divided(&scoped.free, own);
    if !scoped.free.is_empty() && foreign != divided(&before.free, own).1 {
        return Some("rows of others are locked");
    }
    if mine != divided(&alone.free, own).0 {
        return Some("other rows of the tenant are locked");
    }
    None
}

/// What is the tenant's or everybody's, and what is others'.
pub(super) fn divided(contents: &[Content], own: &[String]) -> (Vec<Content>, Vec<Content>) {
    let (mut own, mut foreign): (Vec<_>, Vec<_>) = contents
        .iter()
        .cloned()
        .partition(|content| own.contains(&content.owner));
    own.sort();
    foreign.sort();
    (own, foreign)
}

fn sorted(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut rows = rows.to_vec();
    rows.sort();
    rows
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answer {
            Ok(answer) => {
                writeln!(
                    f,
                    "  {} rows affected; {} returned",
                    answer.affected,
                    answer.rows.len()
                )?;
                for row in answer.rows.iter().take(20) {
                    writeln!(f, "    {}", row.join(" | "))?;
                }
            }
            Err(failure) => writeln!(f, "  {}: {}", failure.code, failure.message)?,
        }
        for (what, contents) in [("holds", &self.contents), ("has free", &self.free)] {
            for content in contents {
                writeln!(
                    f,
                    "  {} {what} of `{}`: {}",
                    content.table, content.owner, content.rows
                )?;
            }
        }
        Ok(())
    }
}
