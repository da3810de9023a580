//! `Work`, what is timed in a database, and the loop in which it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::PgPool;
use tenancy_sqlx::Error;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Failure;
use crate::candidate::Run;
use crate::measure::time;

/// What is done over and over, by one task or by many at a time.
pub(crate) trait Work: Send + Sync + 'static {
    /// What is open before the clock runs and closed after it: a transaction, or nothing.
    type Open: Send + 'static;

    fn open(&self) -> impl Future<Output = Result<Self::Open, Error>> + Send;

    /// Does it once, with the row of one's own, and says whether the answer is right.
    fn once(
        &self,
        open: &mut Self::Open,
        row: i64,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Where the connections come from.
    fn pool(&self) -> &PgPool;
}

/// Does `work` `times` times. Tasks take the next time from a common stock, so that all end together; a
/// single one is not spawned.
pub(super) fn batch<W: Work>(
    work: &Arc<W>,
    runtime: &Runtime,
    tasks: u32,
    times: u64,
) -> Result<Run, Failure> {
    let opened: Result<Vec<_>, Error> = (0..tasks)
        .map(|task| Ok((i64::from(task), runtime.block_on(work.open())?)))
        .collect();
    let opened = opened?;
    let stock = Arc::new(AtomicU64::new(times));
    let doing = async {
        let shares = opened.into_iter().map(|(row, open)| {
            let (work, stock) = (Arc::clone(work), Arc::clone(&stock));
            async move { share(&*work, &stock, open, row).await }
        });
        let mut done = Vec::new();
        if tasks == 1 {
            for share in shares {
                done.push(share.await?);
            }
        } else {
            let shares: JoinSet<_> = shares.collect();
            for share in shares.join_all().await {
                done.push(share?);
            }
        }
        Ok::<_, Error>(done)
    };
    let (done, took) = time(|| runtime.block_on(doing));
    let done = done?;
    let right = done.iter().map(|(right, _)| right).sum();
    runtime.block_on(async {
        drop(done);
        settle(work.pool()).await;
    });
    Ok(Run { right, took })
}

/// As much of the stock as is left whenever one looks.
async fn share<W: Work>(
    work: &W,
    stock: &AtomicU64,
    mut open: W::Open,
    row: i64,
) -> Result<(u64, W::Open), Error> {
    let take = |left: u64| left.checked_sub(1);
    let mut right = 0;
    while stock
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        .is_ok()
    {
        right += u64::from(work.once(&mut open, row).await?);
    }
    Ok((right, open))
}

/// Waits until all connections are back, so that nobody pays for what another left behind.
async fn settle(pool: &PgPool) {
    let all = usize::try_from(pool.size()).unwrap_or(usize::MAX);
    while pool.num_idle() < all {
        sleep(Duration::from_millis(1)).await;
    }
}
