//! The command `tenancy`: what it prints, and how it ends.

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::postgres::unique_role;

const SECRET: &str = "hunter2";

fn tenancy(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenancy-under-test"));
    command
        .args(arguments)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null());
    command
}

/// On a database with the schema of [`Notes`], unless more is said.
fn on(options: &PgConnectOptions, arguments: &[&str]) -> Command {
    let mut command = tenancy(arguments);
    command.env("DATABASE_URL", options.to_url_lossy().as_str());
    command
}

fn ends(mut command: Command, code: i32) -> (String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout), String::from_utf8(stderr));
    let (stdout, stderr) = (stdout.unwrap(), stderr.unwrap());
    assert_eq!(status.code(), Some(code), "{command:?}\n{stdout}\n{stderr}");
    (stdout, stderr)
}

/// What a command says that could not do its work: one line, and nothing on the standard output.
fn trouble(command: Command) -> String {
    let (stdout, stderr) = ends(command, 2);
    assert_eq!(stdout, "");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("tenancy: "), "{stderr}");
    stderr
}

fn json(stdout: &str) -> Value {
    serde_json::from_str(stdout).unwrap()
}

#[tokio::test]
async fn a_sound_database_ends_with_0() {
    let notes = Notes::new().await.unwrap();
    let doctor = ["doctor", "--shared", "plan", "--role", notes.application()];
    let (text, stderr) = ends(on(&notes.superuser(), &doctor), 0);
    assert!(
        text.contains("✓ sound: 2 tables keep the tenants apart"),
        "{text}"
    );
    // Nobody reads colours here.
    assert!(!text.contains('\u{1b}'));
    assert_eq!(stderr, "");
}

#[tokio::test]
async fn an_error_ends_with_1() {
    let notes = Notes::unprotected().await.unwrap();
    let doctor = ["doctor", "--shared", "plan", "--role", notes.application()];
    let (text, _) = ends(on(&notes.superuser(), &doctor), 1);
    assert!(
        text.contains("public.note") && text.contains("; not sound"),
        "{text}"
    );

    let as_json = [&doctor[..], &["--format", "json"]].concat();
    let report = json(&ends(on(&notes.superuser(), &as_json), 1).0);
    assert_eq!(report["sound"], false);
    assert_eq!(
        report["tables"],
        serde_json::json!(["public.note", "public.tag"])
    );
    assert_eq!(report["examined"]["role"], notes.application());
    let finding = &report["findings"][0];
    assert_eq!(finding["severity"], "error");
    for key in ["code", "object", "message", "fix"] {
        assert!(finding[key].is_string(), "{key}");
    }

    let as_sarif = [&doctor[..], &["--format", "sarif"]].concat();
    let log = json(&ends(on(&notes.superuser(), &as_sarif), 1).0);
    assert_eq!(log["runs"][0]["results"][0]["level"], "error");

    let as_html = [&doctor[..], &["--format", "html"]].concat();
    let (page, _) = ends(on(&notes.superuser(), &as_html), 1);
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
}

#[tokio::test]
async fn a_finding_that_is_meant_does_not_count() {
    let notes = Notes::unprotected().await.unwrap();
    let doctor = ["doctor", "--shared", "plan", "--role", notes.application()];
    let as_json = [&doctor[..], &["--format", "json"]].concat();
    let report = json(&ends(on(&notes.superuser(), &as_json), 1).0);
    let mut command = on(&notes.superuser(), &doctor);
    for finding in report["findings"].as_array().unwrap() {
        let (code, object) = (&finding["code"], &finding["object"]);
        let (code, object) = (code.as_str().unwrap(), object.as_str().unwrap());
        command
            .arg("--allow")
            .arg(format!("{code}:{object}=a test"));
    }
    ends(command, 0);
    let (_, stderr) = ends(tenancy(&["doctor", "--allow", "TNC042:public.note"]), 2);
    assert!(stderr.contains("TNC042:public.note=reason"), "{stderr}");
}

#[test]
fn usage_ends_with_2() {
    for arguments in [
        &[][..],
        &["doctor"],
        &["operate"],
        &[
            "doctor",
            "--database-url",
            "postgres://h/d",
            "--format",
            "pdf",
        ],
        &[
            "doctor",
            "--database-url",
            "postgres://h/d",
            "--setting",
            "tenant",
        ],
    ] {
        let (stdout, stderr) = ends(tenancy(arguments), 2);
        assert_eq!(stdout, "");
        assert!(
            stderr.contains("Usage") || stderr.contains("--help"),
            "{stderr}"
        );
    }
    ends(tenancy(&["--help"]), 0);
    ends(tenancy(&["--version"]), 0);
}

#[tokio::test]
async fn no_connection_ends_with_2_and_tells_no_password() {
    let notes = Notes::new().await.unwrap();
    let known = notes.options().password(SECRET).to_url_lossy().to_string();
    let host = known.split('@').nth(1).unwrap();
    let urls = [
        known.clone(),
        format!("postgres://app:{SECRET}@127.0.0.1:1/d"),
        format!("postgres://app:{SECRET}@{host}&sslmode=hope"),
        format!("postgres://app:{SECRET}@127.0.0.1:port/d"),
        format!("mysql://app:{SECRET}@{host}"),
        format!("postgres://app:1/{SECRET}@{host}"),
        format!("postgres://app:1?{SECRET}@{host}"),
        format!("postgres://app:1#{SECRET}@{host}"),
        format!("postgres://app:{SECRET}"),
        SECRET.to_owned(),
    ];
    for url in urls {
        for command in ["doctor", "policies"] {
            let said = trouble(tenancy(&[command, "--database-url", &url]));
            assert!(said.contains("--database-url"), "{url}: {said}");
            assert!(!said.contains(SECRET), "{url}: {said}");
        }
    }
    // Nor does the help show what the environment holds.
    let mut help = tenancy(&["doctor", "--help"]);
    help.env("DATABASE_URL", known);
    assert!(!ends(help, 0).0.contains(SECRET));
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_error() {
    let notes = Notes::new().await.unwrap();
    let mut command = on(&notes.superuser(), &["policies"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(String::from_utf8(stderr).unwrap(), "");
}

#[tokio::test]
async fn the_policies_of_tables_that_are_there_keep_tenants_apart() {
    let notes = Notes::unprotected().await.unwrap();
    let role = notes.application();
    let (sql, _) = ends(on(&notes.superuser(), &["policies", "--role", role]), 0);
    assert!(sql.starts_with("-- Row-level security"), "{sql}");
    assert!(
        sql.contains("--   public.note\n--   public.tag\n\n"),
        "{sql}"
    );
    assert!(!sql.contains("plan"), "{sql}");
    notes.administer(sql).await.unwrap();
    // The pool starts on what they made.
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.read(&context("b")).await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM note")
        .fetch_one(&mut transaction)
        .await
        .unwrap();
    assert_eq!(rows, 2);
    drop(transaction);

    let (sql, _) = ends(on(&notes.superuser(), &["policies", "--down"]), 0);
    notes.administer(sql).await.unwrap();
    assert!(notes.pool(1).await.is_err());
}

/// The command writes for the tables what a program writes from its catalogue.
#[tokio::test]
async fn the_policies_are_those_of_the_library() {
    let notes = Notes::unprotected().await.unwrap();
    let arguments = ["policies", "--role", "app", "--shared", "plan"];
    let (sql, _) = ends(on(&notes.superuser(), &arguments), 0);
    let catalog = catalog();
    let rls = tenancy_sqlx::Rls::new(&catalog).application_role("app");
    assert!(sql.ends_with(&rls.set_up_sql()), "{sql}");
}

/// What the command cannot write it must not take away.
#[tokio::test]
async fn a_database_with_other_choices_is_left_alone() {
    let catalog = catalog();
    let operator = unique_role("operator");
    let rls = || tenancy_sqlx::Rls::new(&catalog);
    for (rls, choice) in [
        (rls().all_tenants_role(&operator), "policy `all_tenants`"),
        (rls().strict(), "strict policies"),
        (rls().sealed(), "sealed policies"),
        (rls().column_default(), "a default of the tenant column"),
    ] {
        let notes = Notes::unprotected().await.unwrap();
        let rls = rls.application_role(notes.application()).create_roles();
        notes.administer(rls.set_up_sql()).await.unwrap();
        let (_, error) = ends(on(&notes.superuser(), &["policies"]), 2);
        assert!(error.contains(choice), "{choice}: {error}");
        ends(on(&notes.superuser(), &["policies", "--down"]), 0);
    }
}

#[tokio::test]
async fn a_name_cannot_leave_the_comment_or_its_quotes() {
    let notes = Notes::unprotected().await.unwrap();
    notes
        .administer("CREATE TABLE \"a\"\"\n; DROP TABLE plan; --\" (tenant_id text)")
        .await
        .unwrap();
    let (sql, _) = ends(on(&notes.superuser(), &["policies"]), 0);
    notes.administer(sql).await.unwrap();
    notes.administer("SELECT FROM plan").await.unwrap();
    let (text, _) = ends(on(&notes.superuser(), &["policies", "--down"]), 0);
    notes.administer(text).await.unwrap();
}

#[tokio::test]
async fn tables_are_found_by_their_tenant_column() {
    let notes = Notes::unprotected().await.unwrap();
    let superuser = notes.superuser();
    let listed = |arguments: &[&str]| {
        let (sql, _) = ends(on(&superuser, &[&["policies"], arguments].concat()), 0);
        let names = sql.lines().filter_map(|line| line.strip_prefix("--   "));
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    notes
        .administer(
            "CREATE TABLE event (tenant_id text, at date) PARTITION BY RANGE (at);
             CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
             CREATE VIEW seen AS SELECT tenant_id FROM note;
             CREATE SCHEMA billing;
             CREATE TABLE billing.invoice (tenant_id varchar(40), org uuid);
             CREATE SCHEMA old;
             CREATE TABLE old.note (tenant_id text);",
        )
        .await
        .unwrap();
    assert_eq!(listed(&[]), ["public.event", "public.note", "public.tag"]);
    assert_eq!(
        listed(&["--shared", "tag", "plan"]),
        ["public.event", "public.note"]
    );
    assert_eq!(
        listed(&[
            "--schema", "billing", "--schema", "public", "--shared", "event"
        ]),
        ["billing.invoice", "public.note", "public.tag"]
    );
    // Two tables of one name are two tables.
    let of_two_schemas = ["--schema", "public", "old"];
    assert_eq!(
        listed(&of_two_schemas),
        ["old.note", "public.event", "public.note", "public.tag"]
    );
    let (sql, _) = ends(
        on(&superuser, &[&["policies"], &of_two_schemas[..]].concat()),
        0,
    );
    notes.administer(sql).await.unwrap();
    let by_org = ["--tenant-column", "org", "--schema", "billing"];
    assert_eq!(listed(&by_org), ["billing.invoice"]);
    let (sql, _) = ends(on(&superuser, &[&["policies"], &by_org[..]].concat()), 0);
    assert!(sql.contains("tenant column org (uuid)"), "{sql}");

    let said = trouble(on(&superuser, &["policies", "--tenant-column", "org"]));
    assert!(
        said.contains("no table in schema `public` has a column `org`"),
        "{said}"
    );
    let said = trouble(on(&superuser, &["doctor", "--schema", "blling"]));
    assert!(said.contains("there is no schema `blling`"), "{said}");
}

#[tokio::test]
async fn tables_that_one_catalogue_cannot_hold_are_named() {
    let notes = Notes::unprotected().await.unwrap();
    notes
        .administer(
            "CREATE SCHEMA mixed;
             CREATE TABLE mixed.a (tenant_id uuid);
             CREATE TABLE mixed.b (tenant_id uuid);
             CREATE TABLE mixed.c (tenant_id bigint);
             CREATE SCHEMA odd;
             CREATE TABLE odd.d (tenant_id numeric);",
        )
        .await
        .unwrap();
    let superuser = notes.superuser();
    let said = trouble(on(&superuser, &["policies", "--schema", "mixed"]));
    assert!(said.contains("not so are `mixed.c` (bigint);"), "{said}");
    for command in ["policies", "doctor"] {
        let said = trouble(on(&superuser, &[command, "--schema", "odd"]));
        assert!(said.contains("not so are `odd.d` (numeric);"), "{said}");
    }
}
