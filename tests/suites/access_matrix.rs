//! Who reaches whose rows: roles × contexts × commands, as one table.

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_sqlx::Rls;
use tenancy_tests::notes::{Notes, catalog};
use tenancy_tests::postgres::unique_role;

/// `a` and `b`: the command reaches rows of that tenant. `-`: it reaches none. `refused`: the role cannot take the
/// place of the one for all tenants. `owner` owns the tables, `bypass` has BYPASSRLS, both may do everything that
/// privileges allow.
const GOLDEN: &str = "
role        context select insert update delete upsert copy-out copy-in foreign-key
owner       none    -      -      -      -      -      -        -       -
owner       a       a      a      a      a      a      a        -       a
owner       b       b      b      b      b      b      b        -       b
owner       all     refused
application none    -      -      -      -      -      -        -       -
application a       a      a      a      a      a      a        -       a
application b       b      b      b      b      b      b        -       b
application all     refused
bypass      none    ab     ab     ab     ab     ab     ab       ab      ab
bypass      a       ab     ab     ab     ab     ab     ab       ab      ab
bypass      b       ab     ab     ab     ab     ab     ab       ab      ab
bypass      all     refused
all-tenants none    ab     ab     ab     ab     ab     ab       -       ab
all-tenants a       ab     ab     ab     ab     ab     ab       -       ab
all-tenants b       ab     ab     ab     ab     ab     ab       -       ab
all-tenants all     ab     ab     ab     ab     ab     ab       -       ab
reader      none    ab     -      -      -      -      ab       -       -
reader      a       ab     -      -      -      -      ab       -       -
reader      b       ab     -      -      -      -      ab       -       -
reader      all     refused
";

const COMMANDS: [&str; 8] = [
    "select",
    "insert",
    "update",
    "delete",
    "upsert",
    "copy-out",
    "copy-in",
    "foreign-key",
];

/// The database of the matrix and its roles.
struct Service {
    notes: Notes,
    bypass: String,
    all_tenants: String,
    reader: String,
}

impl Service {
    async fn new(choose: impl for<'a> Fn(Rls<'a>) -> Rls<'a>) -> Self {
        let [bypass, all_tenants, reader] = ["bypass", "everyone", "reader"].map(unique_role);
        let notes = Notes::unprotected().await.unwrap();
        let catalog = catalog();
        let rls = Rls::new(&catalog)
            .application_role(notes.application())
            .all_tenants_role(&all_tenants)
            .all_tenants_reader(&reader)
            .create_roles();
        let sql = choose(rls).set_up_sql();
        notes
            .administer(format!(
                "CREATE ROLE {bypass} BYPASSRLS; GRANT ALL ON note, tag TO {bypass}; {sql}"
            ))
            .await
            .unwrap();
        Self {
            notes,
            bypass,
            all_tenants,
            reader,
        }
    }

    /// The lines of the table as words, with one space between.
    async fn matrix(&self) -> Vec<String> {
        let head = ["role", "context"].into_iter().chain(COMMANDS);
        let mut matrix = vec![head.collect::<Vec<_>>().join(" ")];
        for (name, role) in [
            ("owner", self.notes.owner()),
            ("application", self.notes.application()),
            ("bypass", &self.bypass),
            ("all-tenants", &self.all_tenants),
            ("reader", &self.reader),
        ] {
            let mut session = self.session(role).await;
            for context in ["none", "a", "b", "all"] {
                let cells = self.cells(&mut session, context).await.join(" ");
                matrix.push(format!("{name} {context} {cells}"));
            }
        }
        matrix
    }

    async fn cells(&self, session: &mut PgConnection, context: &str) -> Vec<String> {
        if context == "all" && !self.becomes_all(session).await {
            return vec!["refused".to_owned()];
        }
        let mut cells = Vec::new();
        for command in COMMANDS {
            let mut reached = String::new();
            for tenant in ["a", "b"] {
                if self.reaches(session, context, command, tenant).await {
                    reached.push_str(tenant);
                }
            }
            cells.push(if reached.is_empty() {
                "-".to_owned()
            } else {
                reached
            });
        }
        cells
    }

    /// As a session of `role`, from which no way leads back to the superuser.
    async fn session(&self, role: &str) -> PgConnection {
        let mut session = self.notes.admin().await.unwrap();
        let sql = format!("SET SESSION AUTHORIZATION {role}");
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut session)
            .await
            .unwrap();
        session
    }

    async fn becomes_all(&self, session: &mut PgConnection) -> bool {
        let mut transaction = session.begin().await.unwrap();
        let sql = format!("SET LOCAL ROLE {}", self.all_tenants);
        let result = sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut *transaction)
            .await;
        transaction.rollback().await.unwrap();
        matches_refusal(result).is_some()
    }

    /// Whether `command`, aimed at rows of `tenant`, reaches any in a transaction that is then rolled back.
    async fn reaches(
        &self,
        session: &mut PgConnection,
        context: &str,
        command: &str,
        tenant: &str,
    ) -> bool {
        let mut transaction = session.begin().await.unwrap();
        let set = match context {
            "none" => "SELECT".to_owned(),
            "all" => format!("SET LOCAL ROLE {}", self.all_tenants),
            tenant => format!("SET LOCAL app.current_tenant_id = '{tenant}'"),
        };
        sqlx::raw_sql(AssertSqlSafe(set))
            .execute(&mut *transaction)
            .await
            .unwrap();
        let sql = match command {
            "select" => format!("SELECT FROM note WHERE tenant_id = '{tenant}'"),
            "insert" => format!("INSERT INTO note (tenant_id, body) VALUES ('{tenant}', 'new')"),
            "update" => format!("UPDATE note SET body = 'new' WHERE tenant_id = '{tenant}'"),
            "delete" => format!("DELETE FROM tag WHERE tenant_id = '{tenant}'"),
            "upsert" => format!(
                "INSERT INTO note (id, tenant_id, body) VALUES (1, '{tenant}', 'new')
                 ON CONFLICT (tenant_id, id) DO UPDATE SET body = 'new'"
            ),
            "copy-out" => return copies_out(&mut transaction, tenant).await,
            "copy-in" => return copies_in(&mut transaction, tenant).await,
            // A row that points at one of the tenant; none can point at one of another.
            "foreign-key" => {
                format!("INSERT INTO tag (tenant_id, note_id, name) VALUES ('{tenant}', 1, 'new')")
            }
            other => panic!("{other}"),
        };
        let result = sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut *transaction)
            .await;
        matches_refusal(result).is_some_and(|done| done.rows_affected() > 0)
    }
}

async fn copies_out(connection: &mut PgConnection, tenant: &str) -> bool {
    let result = async {
        let rows = connection
            .copy_out_raw("COPY note (tenant_id) TO STDOUT")
            .await?;
        rows.try_collect::<Vec<_>>().await
    };
    let line = format!("{tenant}\n");
    matches_refusal(result.await).is_some_and(|rows| rows.iter().any(|row| row == line.as_bytes()))
}

async fn copies_in(connection: &mut PgConnection, tenant: &str) -> bool {
    let result = async {
        let mut copy = connection
            .copy_in_raw("COPY note (tenant_id, body) FROM STDIN")
            .await?;
        copy.send(format!("{tenant}\tnew\n").as_bytes()).await?;
        copy.finish().await
    };
    matches_refusal(result.await).is_some_and(|rows| rows > 0)
}

/// What was done, or nothing when Postgres refused it for want of a privilege, a policy or a feature. Any other error
/// would make an empty cell of a broken test.
fn matches_refusal<T>(result: Result<T, sqlx::Error>) -> Option<T> {
    match result {
        Ok(done) => Some(done),
        Err(error) => {
            let code = error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code);
            assert!(
                matches!(code.as_deref(), Some("42501" | "0A000")),
                "{error}"
            );
            None
        }
    }
}

fn golden() -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    GOLDEN.trim().lines().map(words).collect()
}

/// The golden table in which `role` reaches `cells` whatever its tenant.
fn golden_but(role: &str, cells: &str) -> Vec<String> {
    let mut golden = golden();
    for line in &mut golden {
        for context in ["none", "a", "b"] {
            if line.starts_with(&format!("{role} {context} ")) {
                *line = format!("{role} {context} {cells}");
            }
        }
    }
    golden
}

#[tokio::test]
async fn the_matrix_is_the_golden_one() {
    let found = Service::new(|rls| rls).await.matrix().await;
    assert_eq!(found, golden(), "{found:#?}");
}

#[tokio::test]
async fn the_matrix_does_not_depend_on_the_form_of_the_policy() {
    for choose in [
        |rls: Rls<'_>| rls.restrictive(),
        |rls: Rls<'_>| rls.bare_function().column_default().mutable_tenant_column(),
    ] as [for<'a> fn(Rls<'a>) -> Rls<'a>; 2]
    {
        let found = Service::new(choose).await.matrix().await;
        assert_eq!(found, golden(), "{found:#?}");
    }
}

/// The first leak that the matrix would show: an owner whom nothing forces.
#[tokio::test]
async fn without_force_the_owner_reaches_everything() {
    let service = Service::new(|rls| rls).await;
    let sql =
        "ALTER TABLE note NO FORCE ROW LEVEL SECURITY; ALTER TABLE tag NO FORCE ROW LEVEL SECURITY";
    service.notes.administer(sql).await.unwrap();
    let found = service.matrix().await;
    assert_eq!(
        found,
        golden_but("owner", "ab ab ab ab ab ab ab ab"),
        "{found:#?}"
    );
}

/// The second: an application role whom no policy restricts and a permissive one opens.
#[tokio::test]
async fn with_an_open_policy_the_application_reaches_everything_but_copy_in() {
    let service = Service::new(|rls| rls).await;
    let application = service.notes.application();
    let sql = format!(
        "CREATE POLICY oops ON note TO {application} USING (true); CREATE POLICY oops ON tag TO {application} USING (true)"
    );
    service.notes.administer(sql).await.unwrap();
    let found = service.matrix().await;
    assert_eq!(
        found,
        golden_but("application", "ab ab ab ab ab ab - ab"),
        "{found:#?}"
    );
}
