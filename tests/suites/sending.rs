//! Every future of the public API may move between threads, as handlers and tasks ask.

use sea_query::SelectStatement;
use sqlx::{PgPool, SqlitePool};
use tenancy_core::{Scoped, TableCatalog, TenantContext};
use tenancy_sqlx::danger::AllTenants;
use tenancy_sqlx::{
    Discovery, Doctor, Error, ForTenant as _, List, Repository, TenantPool, TenantPoolBuilder,
    TenantReader, TenantSavepoint, TenantTransaction, TransactionOptions, UnitOfWork,
};

fn is_send<T: Send>(_: T) {}

/// Compiled and never run: what is looked at are types.
#[expect(dead_code, reason = "its types are what is looked at")]
async fn futures(
    pool: &TenantPool,
    context: &TenantContext,
    catalog: &TableCatalog,
    bare: &PgPool,
    builder: TenantPoolBuilder,
) {
    let options = TransactionOptions::new();
    is_send(builder.build(catalog));
    is_send(pool.begin(context));
    is_send(pool.read(context));
    is_send(pool.begin_with(context, options));
    is_send(pool.close());
    let work = UnitOfWork::new(pool.clone());
    is_send(work.transaction(context));
    is_send(work.commit());
    is_send(pool.with(context, async |transaction| {
        let savepoint = transaction.savepoint().await?;
        savepoint.release().await
    }));
    let name = String::from("owned");
    is_send(pool.retry(context, options, async move |transaction| {
        sqlx::query("SELECT $1")
            .bind(&name)
            .execute(&mut *transaction)
            .await?;
        Ok::<_, Error>(())
    }));
    is_send(sqlx::query("SELECT 1").execute(&pool.reader(context)));
    is_send(Discovery::new("tenant_id").catalog(bare));
    is_send(Doctor::new(catalog).examine(bare));
    if let (Ok(mut transaction), Ok(all)) = (
        pool.begin(context).await,
        AllTenants::justified(bare.clone(), "types"),
    ) {
        is_send(transaction.savepoint());
        is_send(transaction.commit());
        is_send(all.begin());
    }
}

/// The same for what runs scoped statements.
#[expect(dead_code, reason = "its types are what is looked at")]
async fn futures_of_scoped_statements(
    pool: &TenantPool,
    context: &TenantContext,
    sqlite: &SqlitePool,
    select: &Scoped<SelectStatement>,
    rows: &Repository<(i64,), i64>,
) {
    let reader = pool.reader(context);
    is_send(reader.fetch_all::<(i64,)>(select));
    is_send(reader.fetch_optional::<(i64,)>(select));
    is_send(reader.fetch_one::<(i64,)>(select));
    is_send(reader.stream::<(i64,)>(select));
    is_send(sqlite.for_tenant(context).fetch_all::<(i64,)>(select));
    is_send(sqlite.for_tenant(context).fetch_optional::<(i64,)>(select));
    is_send(sqlite.for_tenant(context).fetch_one::<(i64,)>(select));
    is_send(sqlite.for_tenant(context).stream::<(i64,)>(select));
    is_send(sqlite.for_tenant(context).execute(select));
    if let Ok(mut transaction) = pool.begin(context).await {
        is_send(transaction.fetch_all::<(i64,)>(select));
        is_send(transaction.fetch_optional::<(i64,)>(select));
        is_send(transaction.fetch_one::<(i64,)>(select));
        is_send(transaction.stream::<(i64,)>(select));
        is_send(transaction.execute(select));
        is_send(rows.get(&mut transaction, 1));
        is_send(rows.create(&mut transaction, [("body", "x".into())]));
        is_send(rows.update(&mut transaction, 1, [("body", "x".into())]));
        is_send(rows.delete(&mut transaction, 1));
        is_send(rows.list().fetch(&mut transaction));
    }
}

fn is_a_value_to_send<T: Send>() {}

fn is_a_value_to_share<T: Send + Sync>() {}

#[test]
fn what_is_held_across_an_await_may_be_sent() {
    is_a_value_to_share::<TenantPool>();
    is_a_value_to_share::<TenantReader>();
    is_a_value_to_share::<AllTenants>();
    is_a_value_to_share::<Repository<(i64,), i64>>();
    is_a_value_to_send::<List<'_, (i64,), i64>>();
    is_a_value_to_send::<TenantTransaction>();
    is_a_value_to_send::<TenantSavepoint<'_>>();
}
