//! `Flights`, the questions that are under way.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

/// However many ask the same at once, it is asked once, and all have the answer. Nothing is remembered.
pub(super) struct Flights<Q, A>(Mutex<UnderWay<Q, A>>);

type UnderWay<Q, A> = HashMap<Q, Waiting<A>, foldhash::quality::RandomState>;

struct Waiting<A> {
    answer: Arc<OnceCell<A>>,
    /// How many wait for it.
    count: usize,
}

impl<Q, A> Default for Flights<Q, A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Q: Clone + Eq + Hash, A: Clone> Flights<Q, A> {
    /// The answer to `question`, which `ask` gives unless somebody has asked it and waits. When whoever asked gives up,
    /// another of those who wait asks.
    pub(super) async fn join(&self, question: &Q, ask: impl Future<Output = A>) -> A {
        let flight = self.board(question);
        let asking = async || {
            let answer = ask.await;
            // Whoever comes from now on is not answered by what was asked before.
            flight.land();
            answer
        };
        flight.answer.get_or_init(asking).await.clone()
    }

    fn board<'a>(&'a self, question: &'a Q) -> Flight<'a, Q, A> {
        let mut under_way = self.lock();
        let waiting = under_way
            .entry(question.clone())
            .or_insert_with(|| Waiting {
                answer: Arc::default(),
                count: 0,
            });
        waiting.count += 1;
        Flight {
            flights: self,
            question,
            answer: Arc::clone(&waiting.answer),
        }
    }

    fn lock(&self) -> MutexGuard<'_, UnderWay<Q, A>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of one who waits.
struct Flight<'a, Q: Clone + Eq + Hash, A: Clone> {
    flights: &'a Flights<Q, A>,
    question: &'a Q,
    answer: Arc<OnceCell<A>>,
}

impl<Q: Clone + Eq + Hash, A: Clone> Flight<'_, Q, A> {
    fn land(&self) {
        let mut under_way = self.flights.lock();
        if self.waiting(&mut under_way).is_some() {
            under_way.remove(self.question);
        }
    }

    /// Those who wait for the same answer, while it is under way.
    fn waiting<'w>(&self, under_way: &'w mut UnderWay<Q, A>) -> Option<&'w mut Waiting<A>> {
        let waiting = under_way.get_mut(self.question)?;
        Arc::ptr_eq(&waiting.answer, &self.answer).then_some(waiting)
    }
}

/// The last who gives up leaves nothing behind.
impl<Q: Clone + Eq + Hash, A: Clone> Drop for Flight<'_, Q, A> {
    fn drop(&mut self) {
        let mut under_way = self.flights.lock();
        if let Some(waiting) = self.waiting(&mut under_way) {
            waiting.count -= 1;
            if waiting.count == 0 {
                under_way.remove(self.question);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn those_who_give_up_leave_nothing_behind() {
        let flights = Flights::<&str, u32>::default();
        {
            let mut first = Box::pin(flights.join(&"a", pending()));
            let mut second = Box::pin(flights.join(&"a", pending()));
            for waiting in [&mut first, &mut second] {
                tokio::select! {
                    biased;
                    _ = waiting => unreachable!("nobody answers"),
                    () = ready(()) => {}
                }
            }
            assert_eq!(flights.lock()["a"].count, 2);
            drop(first);
            assert_eq!(flights.lock()["a"].count, 1);
        }
        assert!(flights.lock().is_empty());
    }

    #[tokio::test]
    async fn an_answer_is_for_those_who_waited_and_nobody_after_them() {
        let flights = Flights::<&str, u32>::default();
        let (answer, asked) = tokio::sync::oneshot::channel();
        let first = flights.join(&"a", async { asked.await.unwrap() });
        let second = flights.join(&"a", async { unreachable!("it was asked") });
        let answering = async { answer.send(1).unwrap() };
        assert_eq!(tokio::join!(first, second, answering), (1, 1, ()));
        assert!(flights.lock().is_empty());
        assert_eq!(flights.join(&"a", ready(2)).await, 2);
    }

    #[tokio::test]
    async fn a_question_that_panics_keeps_nobody_waiting() {
        let flights = Arc::new(Flights::<&str, u32>::default());
        let (panics, asked) = tokio::sync::oneshot::channel::<()>();
        let join = |ask: Box<dyn Future<Output = u32> + Send + Unpin>| {
            let flights = Arc::clone(&flights);
            tokio::spawn(async move { flights.join(&"a", ask).await })
        };
        let first = join(Box::new(Box::pin(async {
            let _ = asked.await;
            panic!("on purpose")
        })));
        while flights.lock().is_empty() {
            tokio::task::yield_now().await;
        }
        let second = join(Box::new(ready(2)));
        while flights.lock()["a"].count < 2 {
            tokio::task::yield_now().await;
        }
        panics.send(()).unwrap();
        assert!(first.await.unwrap_err().is_panic());
        assert_eq!(second.await.unwrap(), 2);
        assert!(flights.lock().is_empty());
    }
}
