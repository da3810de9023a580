//! The text of a statement: written by sea-query, cut into tokens, edited, and put together again.

mod draft;
mod edit;
mod keyword;
mod lexer;

pub(super) use self::draft::Draft;
pub(super) use self::edit::{Edits, Insert, Stamp};
pub(super) use self::keyword::Keyword;
pub(super) use self::lexer::{Kind, Token, tokens};
