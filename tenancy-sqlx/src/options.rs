//! `TransactionOptions`, what a single transaction may ask for.

/// How far a transaction is kept apart from those that run beside it.
///
/// See the PostgreSQL manual, [Transaction Isolation].
///
/// [Transaction Isolation]: https://www.postgresql.org/docs/current/transaction-iso.html
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// Each statement sees what was committed before it began.
    ReadCommitted,
    /// All statements see what was committed before the first began. A conflicting write fails.
    RepeatableRead,
    /// As if transactions ran one after the other. What cannot be made to look so fails, and
    /// [`TenantPool::retry`](crate::TenantPool::retry) does it again.
    Serializable,
}

/// What a transaction asks for, beyond a tenant.
///
/// ```
/// use tenancy_sqlx::{Isolation, TransactionOptions};
///
/// let report = TransactionOptions::new().isolation(Isolation::RepeatableRead).read_only();
/// # let _ = report;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use = "give them to `begin_with` or `retry`"]
pub struct TransactionOptions {
    isolation: Option<Isolation>,
    read_only: bool,
    deferrable: bool,
    attempts: Option<u32>,
}

impl TransactionOptions {
    /// A transaction as the server makes it by default.
    pub fn new() -> Self {
        Self::default()
    }

    /// The isolation level. `default_transaction_isolation` of the server unless said otherwise.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Refuses to write.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Lets a serializable transaction that only reads wait until no conflict can stop it. Without effect on
    /// others.
    pub fn deferrable(mut self) -> Self {
        self.deferrable = true;
        self
    }

    /// How often [`TenantPool::retry`](crate::TenantPool::retry) tries, 5 unless said otherwise. 0 counts as 1.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    pub(crate) fn most_attempts(self) -> u32 {
        self.attempts.unwrap_or(5).max(1)
    }

    pub(crate) fn only_reads(self) -> bool {
        self.read_only
    }

    /// The `BEGIN` that asks for it.
    pub(crate) fn begin(self) -> String {
        let isolation = match self.isolation {
            None => "",
            Some(Isolation::ReadCommitted) => " ISOLATION LEVEL READ COMMITTED",
            Some(Isolation::RepeatableRead) => " ISOLATION LEVEL REPEATABLE READ",
            Some(Isolation::Serializable) => " ISOLATION LEVEL SERIALIZABLE",
        };
        let access = if self.read_only { " READ ONLY" } else { "" };
        let deferrable = if self.deferrable { " DEFERRABLE" } else { "" };
        format!("BEGIN{isolation}{access}{deferrable}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_a_begin() {
        assert_eq!(TransactionOptions::new().begin(), "BEGIN");
        let all = TransactionOptions::new()
            .deferrable()
            .read_only()
            .isolation(Isolation::Serializable);
        assert_eq!(
            all.begin(),
            "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE"
        );
        assert_eq!(all.attempts(0).most_attempts(), 1);
    }
}
