//! Cancelling a future at each of its awaits in turn.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Polls `future` until it has been pending `pending` times, then drops it.
///
/// `None` when it was dropped, `Some` when it finished before. Counting up from one until the future finishes
/// cancels it once at every point at which it waits.
pub async fn at_await<T>(pending: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = pending;
    poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
