//! Who spoke when: the turns that clients took, and the round trips among them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::frames::{CANCEL, Message, STARTUP, text};

/// The turns of all connections, in the order in which they were begun.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    turns: Vec<Turn>,
    conversations: usize,
}

/// What a client said until it had to hear the server.
#[derive(Debug)]
struct Turn {
    trip: Trip,
    answered: bool,
}

/// One round trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trip {
    connection: usize,
    messages: Vec<Said>,
}

/// One message of a client: its name in the manual, and the SQL that it sends or names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    kind: &'static str,
    sql: Option<String>,
}

/// A moment in the life of a [`Wire`](super::Wire): how many turns had been begun.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark(usize);

/// Round trips, in the order in which they were begun. Its `Display` has a line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trips(Vec<Trip>);

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Conversation {
    journal: Arc<Journal>,
    number: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The turn that the client has begun and the server has not answered to the end.
    turn: Option<usize>,
    /// Messages that the server answers with a `ReadyForQuery` each, and has not.
    unanswered: usize,
    /// What the client's prepared statements say, by name.
    statements: HashMap<String, String>,
}

impl Journal {
    pub(super) fn conversation(self: &Arc<Self>) -> Conversation {
        let mut entries = lock(&self.0);
        entries.conversations += 1;
        Conversation {
            journal: self.clone(),
            number: entries.conversations,
            state: Mutex::default(),
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark(lock(&self.0).turns.len())
    }

    pub(super) fn since(&self, mark: Mark) -> Trips {
        let entries = lock(&self.0);
        let answered = entries.turns.iter().skip(mark.0);
        let answered = answered.filter(|turn| turn.answered);
        Trips(answered.map(|turn| turn.trip.clone()).collect())
    }
}

impl Conversation {
    /// The client said `message`. That is a turn of its own unless an answer to an earlier message is due.
    pub(super) fn asked(&self, message: Message<'_>) {
        let mut state = lock(&self.state);
        let said = state.understand(message);
        if matches!(message.tag, STARTUP | b'Q' | b'S' | b'F') {
            state.unanswered += 1;
        }
        let turns = &mut lock(&self.journal.0).turns;
        let turn = *state.turn.get_or_insert(turns.len());
        if turn == turns.len() {
            turns.push(Turn {
                trip: Trip {
                    connection: self.number,
                    messages: Vec::new(),
                },
                answered: false,
            });
        }
        if let Some(turn) = turns.get_mut(turn) {
            turn.trip.messages.push(said);
        }
    }

    /// The server said `message`, which may end the turn: the client cannot go on without having read it.
    pub(super) fn answered(&self, message: Message<'_>) {
        let mut state = lock(&self.state);
        let turn_is_over = match message.tag {
            b'Z' => {
                state.unanswered = state.unanswered.saturating_sub(1);
                state.unanswered == 0
            }
            b'R' => asks_for_a_proof(message.body),
            // Copying in or both ways may begin.
            b'G' | b'W' => true,
            _ => false,
        };
        if turn_is_over && let Some(turn) = state.turn.take() {
            let turns = &mut lock(&self.journal.0).turns;
            if let Some(turn) = turns.get_mut(turn) {
                turn.answered = true;
            }
        }
    }
}

/// All but `AuthenticationOk` and `AuthenticationSASLFinal`, which are followed by more of the server.
fn asks_for_a_proof(authentication: &[u8]) -> bool {
    let code = authentication.first_chunk();
    code.is_some_and(|code| !matches!(u32::from_be_bytes(*code), 0 | 12))
}

impl State {
    fn understand(&mut self, message: Message<'_>) -> Said {
        let Message { tag, body } = message;
        let (kind, sql) = match tag {
            STARTUP => ("Startup", None),
            CANCEL => ("CancelRequest", None),
            b'Q' => ("Query", Some(text(body).0)),
            b'P' => {
                let (name, rest) = text(body);
                let sql = text(rest).0;
                self.statements.insert(name, sql.clone());
                ("Parse", Some(sql))
            }
            b'B' => {
                let (_portal, rest) = text(body);
                let statement = text(rest).0;
                ("Bind", self.statements.get(&statement).cloned())
            }
            b'C' => ("Close", None),
            b'D' => ("Describe", None),
            b'E' => ("Execute", None),
            b'F' => ("FunctionCall", None),
            b'H' => ("Flush", None),
            b'S' => ("Sync", None),
            b'X' => ("Terminate", None),
            b'c' => ("CopyDone", None),
            b'd' => ("CopyData", None),
            b'f' => ("CopyFail", None),
            b'p' => ("Password", None),
            _ => ("unknown", None),
        };
        Said { kind, sql }
    }
}

impl Trips {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Trip> {
        self.0.iter()
    }

    /// All SQL that was run: of `Query`, and of the statement that a `Bind` names.
    pub fn sql(&self) -> Vec<&str> {
        let ran = |said: &&Said| matches!(said.kind, "Query" | "Bind");
        let messages = self.0.iter().flat_map(|trip| &trip.messages).filter(ran);
        messages.filter_map(|said| said.sql.as_deref()).collect()
    }
}

impl Trip {
    /// On which connection it was, counted from 1 in the order in which they were accepted.
    pub fn connection(&self) -> usize {
        self.connection
    }

    /// The client's messages, by their names in the manual.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.messages.iter().map(|said| said.kind).collect()
    }
}

impl fmt::Display for Trips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} round trips", self.count())?;
        self.0.iter().try_for_each(|trip| writeln!(f, "{trip}"))
    }
}

impl fmt::Display for Trip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  connection {}:", self.connection)?;
        for Said { kind, sql } in &self.messages {
            write!(f, " {kind}")?;
            if let Some(sql) = sql {
                write!(f, " ({sql})")?;
            }
        }
        Ok(())
    }
}

/// What a panicking test has left in it is still true.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: (u8, &[u8]) = (b'Z', b"I");

    fn message((tag, body): (u8, &'static [u8])) -> Message<'static> {
        Message { tag, body }
    }

    /// A journal and a connection that has logged in.
    fn begun() -> (Arc<Journal>, Conversation, Mark) {
        let journal = Arc::new(Journal::default());
        let conversation = journal.conversation();
        conversation.asked(message((STARTUP, b"")));
        conversation.answered(message((b'R', &[0; 4])));
        assert_eq!(journal.since(Mark::default()).count(), 0);
        conversation.answered(message(READY));
        assert_eq!(journal.since(Mark::default()).count(), 1);
        let mark = journal.mark();
        (journal, conversation, mark)
    }

    #[test]
    fn a_trip_counts_from_its_answer() {
        let (journal, conversation, mark) = begun();
        conversation.asked(message((b'Q', b"SELECT 1\0")));
        conversation.answered(message((b'D', b"")));
        assert_eq!(journal.since(mark).count(), 0);
        conversation.answered(message(READY));
        assert_eq!(journal.since(mark).sql(), ["SELECT 1"]);
        conversation.asked(message((b'X', b"")));
        assert_eq!(journal.since(mark).count(), 1);
    }

    #[test]
    fn what_was_under_way_at_a_mark_is_not_counted_from_it() {
        let (journal, conversation, _) = begun();
        conversation.asked(message((b'Q', b"SELECT 1\0")));
        let mark = journal.mark();
        conversation.answered(message(READY));
        assert_eq!(journal.since(mark).count(), 0);
    }

    #[test]
    fn messages_that_do_not_wait_for_each_other_share_a_trip() {
        let (journal, conversation, mark) = begun();
        conversation.asked(message((b'P', b"s\0SELECT 1\0")));
        conversation.asked(message((b'S', b"")));
        conversation.asked(message((b'B', b"\0s\0")));
        conversation.asked(message((b'S', b"")));
        conversation.answered(message(READY));
        conversation.asked(message((b'Q', b"SELECT 2\0")));
        conversation.answered(message(READY));
        assert_eq!(journal.since(mark).count(), 0);
        conversation.answered(message(READY));
        let trips = journal.since(mark);
        assert_eq!(trips.count(), 1, "{trips}");
        assert_eq!(trips.sql(), ["SELECT 1", "SELECT 2"]);
    }

    #[test]
    fn copying_in_waits_for_leave() {
        let (journal, conversation, mark) = begun();
        conversation.asked(message((b'Q', b"COPY t FROM STDIN\0")));
        conversation.answered(message((b'G', b"")));
        conversation.asked(message((b'd', b"1\n")));
        conversation.asked(message((b'c', b"")));
        conversation.answered(message(READY));
        assert_eq!(journal.since(mark).count(), 2);
    }

    #[test]
    fn connections_take_turns_of_their_own() {
        let (journal, one, mark) = begun();
        let other = journal.conversation();
        one.asked(message((b'Q', b"SELECT 1\0")));
        other.asked(message((b'Q', b"SELECT 2\0")));
        other.answered(message(READY));
        one.answered(message(READY));
        let trips = journal.since(mark);
        let connections: Vec<_> = trips.iter().map(Trip::connection).collect();
        assert_eq!(connections, [1, 2]);
    }
}
