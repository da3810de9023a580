//! The text of a statement, written by sea-query and cut into tokens.

mod draft;
mod keyword;
mod lexer;

pub(super) use self::draft::Draft;
pub(super) use self::keyword::Keyword;
pub(super) use self::lexer::{Kind, Token, tokens};
