//! The cache in front of a directory of tenants: how often it asks, what it forgets and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tenancy_core::{
    CachedDirectory, ManualClock, MemoryDirectory, TenantDirectory, TenantDirectoryUnavailable,
    TenantId, TenantRecord, TenantSlug, TenantStatus, UnixTime,
};
use tokio::sync::Semaphore;

/// A directory that counts questions, lets them wait, and fails when told to.
#[derive(Debug)]
struct Counting {
    tenants: MemoryDirectory,
    asked: AtomicUsize,
    fails: AtomicBool,
    /// What a question needs before it is answered, after the answer was read.
    gate: Semaphore,
}

const OPEN: usize = 1 << 20;

impl Counting {
    fn new() -> Arc<Self> {
        let tenants = MemoryDirectory::new();
        tenants.add(record("1", "acme")).unwrap();
        Arc::new(Self {
            tenants,
            asked: AtomicUsize::new(0),
            fails: AtomicBool::new(false),
            gate: Semaphore::new(OPEN),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn answered(
        &self,
        found: Result<Option<TenantRecord>, TenantDirectoryUnavailable>,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        if self.fails.load(Ordering::SeqCst) {
            let retry_after = Duration::from_secs(1);
            let cause = "down".to_owned();
            return Err(TenantDirectoryUnavailable { retry_after, cause });
        }
        found
    }

    /// Lets the next questions wait.
    fn close(&self) {
        self.gate.forget_permits(OPEN);
    }

    fn open(&self) {
        self.gate.add_permits(OPEN / 2);
    }

    /// Waits until there were so many questions.
    async fn until_asked(&self, times: usize) {
        while self.asked() < times {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait::async_trait]
impl TenantDirectory for Counting {
    async fn by_id(
        &self,
        id: &TenantId,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        let found = self.tenants.by_id(id).await;
        self.answered(found).await
    }

    async fn by_slug(
        &self,
        slug: &TenantSlug,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        let found = self.tenants.by_slug(slug).await;
        self.answered(found).await
    }
}

fn id(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

fn slug(text: &str) -> TenantSlug {
    TenantSlug::parse(text).unwrap()
}

fn record(id_: &str, slug_: &str) -> TenantRecord {
    TenantRecord::new(id(id_)).with_slug(slug(slug_))
}

type Cached = Arc<CachedDirectory<Arc<Counting>>>;

fn cached(counting: &Arc<Counting>) -> (Cached, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(UnixTime::from_seconds(0)));
    let cached = CachedDirectory::new(Arc::clone(counting))
        .time_to_live(Duration::from_secs(30))
        .unknown_time_to_live(Duration::from_secs(5))
        .clock(Arc::clone(&clock));
    (Arc::new(cached), clock)
}

/// Asks about tenant 1 a thousand times at once, on several threads.
async fn a_thousand(
    directory: Arc<dyn TenantDirectory>,
) -> Vec<Result<Option<TenantRecord>, TenantDirectoryUnavailable>> {
    let asking = (0..1000).map(|_| {
        let directory = Arc::clone(&directory);
        tokio::spawn(async move { directory.by_id(&id("1")).await })
    });
    join_all(asking)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_requests_ask_the_directory_once() {
    let counting = Counting::new();
    let (cached, clock) = cached(&counting);
    let answers = a_thousand(cached.clone()).await;
    assert!(
        answers
            .iter()
            .all(|answer| *answer == Ok(Some(record("1", "acme"))))
    );
    assert_eq!(counting.asked(), 1);
    // Once more when the entry has expired, also for a thousand at once.
    clock.advance(Duration::from_secs(30));
    a_thousand(cached).await;
    assert_eq!(counting.asked(), 2);
    // Negative control: without the cache, each of them.
    a_thousand(counting.clone()).await;
    assert_eq!(counting.asked(), 1002);
}

#[tokio::test]
async fn a_record_and_its_absence_expire_each_in_its_time() {
    let counting = Counting::new();
    let (cached, clock) = cached(&counting);
    let ask = async || {
        (
            cached.by_slug(&slug("acme")).await.unwrap().is_some(),
            cached.by_slug(&slug("new")).await.unwrap().is_some(),
        )
    };
    assert_eq!(ask().await, (true, false));
    clock.advance(Duration::from_millis(4999));
    assert_eq!(ask().await, (true, false));
    assert_eq!(counting.asked(), 2);
    counting.tenants.add(record("2", "new")).unwrap();
    assert_eq!(ask().await, (true, false), "still remembered");
    clock.advance(Duration::from_millis(1));
    assert_eq!(ask().await, (true, true));
    assert_eq!(counting.asked(), 3);
    clock.advance(Duration::from_millis(24_999));
    ask().await;
    assert_eq!(counting.asked(), 3);
    clock.advance(Duration::from_millis(1));
    ask().await;
    assert_eq!(counting.asked(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_error_is_shared_by_those_who_wait_and_never_remembered() {
    let counting = Counting::new();
    let (cached, _) = cached(&counting);
    counting.fails.store(true, Ordering::SeqCst);
    counting.close();
    let waiting = tokio::spawn(a_thousand(cached.clone()));
    counting.until_asked(1).await;
    // Time for the others to join. Should one come late, it asks by itself.
    tokio::time::sleep(Duration::from_millis(200)).await;
    counting.open();
    assert!(waiting.await.unwrap().iter().all(Result::is_err));
    let asked = counting.asked();
    assert!(asked < 10, "{asked} questions");

    assert!(cached.by_id(&id("1")).await.is_err());
    assert_eq!(counting.asked(), asked + 1, "asked again");
    counting.fails.store(false, Ordering::SeqCst);
    assert!(cached.by_id(&id("1")).await.unwrap().is_some());
}

#[tokio::test]
async fn what_was_good_is_not_served_when_it_expired_and_the_directory_is_down() {
    let counting = Counting::new();
    let (cached, clock) = cached(&counting);
    assert!(cached.by_id(&id("1")).await.is_ok());
    counting.fails.store(true, Ordering::SeqCst);
    assert!(cached.by_id(&id("1")).await.is_ok());
    clock.advance(Duration::from_secs(30));
    assert!(cached.by_id(&id("1")).await.is_err());
}

#[tokio::test]
async fn an_invalidated_tenant_is_asked_for_again_by_id_and_by_slug() {
    let counting = Counting::new();
    for number in 2..40_u32 {
        counting
            .tenants
            .add(TenantRecord::new(id(&number.to_string())))
            .unwrap();
    }
    let (cached, _) = cached(&counting);
    let ask = async || {
        let by_id = cached
            .by_id(&id("1"))
            .await
            .unwrap()
            .map(|record| record.status());
        let by_slug = cached
            .by_slug(&slug("acme"))
            .await
            .unwrap()
            .map(|record| record.status());
        assert_eq!(by_id, by_slug);
        by_id
    };
    let others = async || {
        for number in 2..40_u32 {
            assert!(
                cached
                    .by_id(&id(&number.to_string()))
                    .await
                    .unwrap()
                    .is_some()
            );
        }
    };
    assert_eq!(ask().await, Some(TenantStatus::Active));
    assert_eq!(cached.by_slug(&slug("acme-eu")).await, Ok(None));
    others().await;
    let asked = counting.asked();

    let suspended = record("1", "acme").with_status(TenantStatus::Suspended);
    counting.tenants.change(suspended.clone()).unwrap();
    assert_eq!(ask().await, Some(TenantStatus::Active), "negative control");
    cached.invalidate(&id("1"));
    assert_eq!(ask().await, Some(TenantStatus::Suspended));
    // The others stay, but for one that may share its place.
    others().await;
    let again = counting.asked() - asked;
    assert!((2..=4).contains(&again), "{again} questions");

    counting
        .tenants
        .change(suspended.with_slug(slug("acme-eu")))
        .unwrap();
    cached.invalidate(&id("1"));
    assert_eq!(cached.by_slug(&slug("acme")).await, Ok(None));
    assert!(
        cached.by_slug(&slug("acme-eu")).await.unwrap().is_some(),
        "was nobody's, and is not any more"
    );

    let asked = counting.asked();
    cached.invalidate_all();
    others().await;
    assert_eq!(counting.asked(), asked + 38);
}

/// The answer was read before the change and arrives after it.
#[tokio::test]
async fn an_answer_that_was_under_way_is_no_answer_after_an_invalidation() {
    for by_slug in [false, true] {
        let counting = Counting::new();
        let (cached, _) = cached(&counting);
        let find = {
            let cached = Arc::clone(&cached);
            move || {
                let cached = Arc::clone(&cached);
                tokio::spawn(async move {
                    let found = if by_slug {
                        cached.by_slug(&slug("acme")).await
                    } else {
                        cached.by_id(&id("1")).await
                    };
                    found.unwrap().unwrap().status()
                })
            }
        };
        counting.close();
        let before = find();
        counting.until_asked(1).await;
        let suspended = record("1", "acme").with_status(TenantStatus::Suspended);
        counting.tenants.change(suspended).unwrap();
        cached.invalidate(&id("1"));
        let after = find();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(
            counting.asked(),
            1,
            "it has joined the question that is under way"
        );
        counting.open();
        assert_eq!(after.await.unwrap(), TenantStatus::Suspended);
        assert_eq!(
            before.await.unwrap(),
            TenantStatus::Active,
            "it asked before the change"
        );
        assert_eq!(find().await.unwrap(), TenantStatus::Suspended);
        assert_eq!(counting.asked(), 2);
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_takes_nobody_along() {
    let counting = Counting::new();
    let (cached, _) = cached(&counting);
    counting.close();
    let find = || {
        let cached = Arc::clone(&cached);
        tokio::spawn(async move { cached.by_id(&id("1")).await })
    };
    let first = find();
    counting.until_asked(1).await;
    let second = find();
    tokio::time::sleep(Duration::from_millis(20)).await;
    first.abort();
    counting.until_asked(2).await;
    counting.open();
    assert!(second.await.unwrap().unwrap().is_some());
}

#[tokio::test]
async fn the_number_of_entries_is_bounded() {
    let counting = Counting::new();
    let cached = CachedDirectory::new(Arc::clone(&counting)).max_entries(10);
    for number in 0..1000_u32 {
        assert_eq!(
            cached.by_id(&id(&format!("unknown-{number}"))).await,
            Ok(None)
        );
    }
    let asked = counting.asked();
    for number in 0..1000_u32 {
        assert_eq!(
            cached.by_id(&id(&format!("unknown-{number}"))).await,
            Ok(None)
        );
    }
    assert!(
        counting.asked() - asked >= 990,
        "{}",
        counting.asked() - asked
    );
}

/// An answer by id is none by slug, and ids that begin alike are different questions.
#[tokio::test]
async fn names_that_look_alike_are_different_questions() {
    let counting = Counting::new();
    let long = [
        "x".repeat(41),
        format!("{}y", "x".repeat(40)),
        "x".repeat(40),
    ];
    for (number, long) in long.iter().enumerate() {
        let record = TenantRecord::new(id(long)).with_slug(slug(&format!("{number}")));
        counting.tenants.add(record).unwrap();
    }
    let (cached, _) = cached(&counting);
    for _ in 0..2 {
        for (number, long) in long.iter().enumerate() {
            let by_id = cached.by_id(&id(long)).await.unwrap().unwrap();
            let by_slug = cached.by_slug(&slug(&number.to_string())).await;
            assert_eq!(by_id.id(), &id(long));
            assert_eq!(by_slug, Ok(Some(by_id)));
        }
        // The id of nobody, the slug of one.
        assert_eq!(cached.by_id(&id("2")).await, Ok(None));
        assert_eq!(counting.asked(), 7);
    }
}

#[tokio::test]
async fn without_room_each_is_asked_for() {
    let counting = Counting::new();
    let cached = CachedDirectory::new(Arc::clone(&counting)).max_entries(0);
    for times in 1..=3 {
        assert!(cached.by_id(&id("1")).await.unwrap().is_some());
        assert_eq!(counting.asked(), times);
    }
}
