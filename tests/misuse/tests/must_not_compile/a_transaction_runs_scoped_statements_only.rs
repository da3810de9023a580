//! The methods that run statements of the builder take scoped ones. Plain SQL goes through sqlx, under policies.

use sea_query::{DeleteStatement, SelectStatement};
use tenancy_sqlx::{TenantPool, TenantTransaction};

async fn unscoped(transaction: &mut TenantTransaction, select: SelectStatement, delete: DeleteStatement) {
    let _ = transaction.fetch_all::<(i64,)>(&select).await;
    let _ = transaction.fetch_optional::<(i64,)>(&select).await;
    let _ = transaction.fetch_one::<(i64,)>(&select).await;
    let _ = transaction.stream::<(i64,)>(&select);
    let _ = transaction.execute(&delete).await;
}

async fn around(pool: &TenantPool) {
    pool.acquire();
}

fn main() {}
