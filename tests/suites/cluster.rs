//! The test servers themselves: private, strict about passwords, and gone afterwards.

use std::{
    env,
    error::Error,
    io::{self, BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenancy_tests::notes::{Notes, context};
use tenancy_tests::postgres::{Cluster, unique_role};
use tenancy_tests::sqlstate::sqlstate;

/// Set for the process that `a_killed_test_process_leaves_no_server_behind` starts and kills.
const VICTIM: &str = "TENANCY_TEST_VICTIM";

#[tokio::test]
async fn each_test_gets_a_database_of_its_own() {
    let cluster = Cluster::shared().await;
    let (one, other) = tokio::join!(cluster.database(), cluster.database());
    assert_ne!(one.name(), other.name());

    let mut connection = PgConnection::connect(&one.admin_url()).await.unwrap();
    sqlx::raw_sql("CREATE TABLE t ()")
        .execute(&mut connection)
        .await
        .unwrap();
    let mut connection = PgConnection::connect_with(&other.admin_options())
        .await
        .unwrap();
    let table: Option<String> = sqlx::query_scalar("SELECT to_regclass('t')::text")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(table, None);
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let database = Cluster::shared().await.database().await;
    let role = unique_role("guest");
    let mut admin = PgConnection::connect_with(&database.admin_options())
        .await
        .unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'right'"
    )))
    .execute(&mut admin)
    .await
    .unwrap();

    PgConnection::connect_with(&database.options(&role, "right"))
        .await
        .unwrap();
    let error = PgConnection::connect_with(&database.options(&role, "wrong"))
        .await
        .unwrap_err();
    assert_eq!(sqlstate(&error), "28P01", "{error}");
}

#[tokio::test]
async fn the_newest_server_is_18_or_newer_and_no_older_than_the_shared_one() {
    let version = async |cluster: &Cluster| {
        let database = cluster.database().await;
        let mut admin = PgConnection::connect_with(&database.admin_options())
            .await
            .unwrap();
        let version: String = sqlx::query_scalar("SHOW server_version_num")
            .fetch_one(&mut admin)
            .await
            .unwrap();
        version.parse::<u32>().unwrap()
    };
    let newest = version(Cluster::newest().await).await;
    let shared = version(Cluster::shared().await).await;
    assert!(newest >= 180_000, "{newest}");
    assert!(newest >= shared, "{newest} is older than {shared}");
}

#[tokio::test]
async fn the_schema_of_the_suites_stands_on_the_newest_server() {
    let notes = Notes::new_on(Cluster::newest().await).await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.read(&context("a")).await.unwrap();
    let owners: Vec<String> = sqlx::query_scalar("SELECT DISTINCT tenant_id FROM note")
        .fetch_all(&mut transaction)
        .await
        .unwrap();
    assert_eq!(owners, ["a"]);
}

#[tokio::test]
async fn a_restart_cuts_connections_and_keeps_data() {
    let mut cluster = Cluster::start().await.unwrap();
    let database = cluster.database().await;
    let mut before = PgConnection::connect_with(&database.admin_options())
        .await
        .unwrap();
    sqlx::raw_sql("CREATE TABLE t AS SELECT 7 AS n")
        .execute(&mut before)
        .await
        .unwrap();

    cluster.restart().await.unwrap();

    before.ping().await.unwrap_err();
    let mut after = PgConnection::connect_with(&database.admin_options())
        .await
        .unwrap();
    let n: i32 = sqlx::query_scalar("SELECT n FROM t")
        .fetch_one(&mut after)
        .await
        .unwrap();
    assert_eq!(n, 7);
}

#[tokio::test]
async fn a_stopped_server_leaves_nothing_behind() {
    let cluster = Cluster::start().await.unwrap();
    let database = cluster.database().await;
    let mut connection = PgConnection::connect_with(&database.admin_options())
        .await
        .unwrap();
    let folder = cluster.folder().to_owned();
    let pid = cluster.server_pid().unwrap();

    cluster.stop();

    connection.ping().await.unwrap_err();
    PgConnection::connect_with(&database.admin_options())
        .await
        .unwrap_err();
    assert!(!folder.exists());
    assert!(!is_running(pid).unwrap());
}

#[tokio::test]
async fn a_killed_test_process_leaves_no_server_behind() {
    if env::var_os(VICTIM).is_some() {
        return wait_to_be_killed().await.unwrap();
    }
    let mut victim = Command::new(env::current_exe().unwrap())
        .args([
            "cluster::a_killed_test_process_leaves_no_server_behind",
            "--exact",
            "--nocapture",
        ])
        .env(VICTIM, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let servers = announcements(victim.stdout.take().unwrap()).unwrap();
    for (pid, folder) in &servers {
        assert!(is_running(*pid).unwrap());
        assert!(Path::new(folder).exists());
    }

    victim.kill().unwrap();
    victim.wait().unwrap();

    let is_there =
        |(pid, folder): &(u32, String)| Path::new(folder).exists() || is_running(*pid).unwrap();
    for _ in 0..500 {
        if !servers.iter().any(is_there) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("one of {servers:?} is still there");
}

/// The victim's part: a server and a pooler that no destructor stops.
async fn wait_to_be_killed() -> Result<(), Box<dyn Error + Send + Sync>> {
    let shared = Cluster::shared().await;
    let pid = shared.server_pid().ok_or("no server")?;
    println!("\nserver {pid} {}", shared.folder().display());
    let pooler = Notes::new().await?.pooler(1).await?;
    let pid = pooler.pid().ok_or("no pooler")?;
    println!("\nserver {pid} {}", pooler.folder().display());
    // Ends as well when the test that holds the other end fails.
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// What [`wait_to_be_killed`] says, among what the test harness says.
fn announcements(output: impl io::Read) -> Result<[(u32, String); 2], Box<dyn Error>> {
    let mut servers = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line?;
        let words: Vec<_> = line.split(' ').collect();
        if let ["server", pid, folder] = *words {
            servers.push((pid.parse()?, folder.to_owned()));
        }
        if let Ok(both) = servers.clone().try_into() {
            return Ok(both);
        }
    }
    Err("the victim ended early".into())
}

fn is_running(pid: u32) -> io::Result<bool> {
    let kill = Command::new("sh")
        .args(["-c", &format!("kill -0 {pid} 2>&1")])
        .output()?;
    Ok(kill.status.success())
}
