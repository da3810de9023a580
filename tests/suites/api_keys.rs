//! API keys: which open the tenant that they are for, and what else is told about all others. Alike on axum and actix-web.

mod granted;
mod placing;
mod projects;
mod refused;
mod store;

use tenancy_core::{
    Admission, Admitted, ApiKey, ApiKeyRecord, MemoryApiKeys, SubjectId, TenantContext, TenantId,
};
use tenancy_tests::head::Head;

use super::answers::{Answer, send};

/// A key of `subject` in `tenant`, and what a store is to know about it.
fn key(tenant: &str, subject: &str) -> (String, ApiKeyRecord) {
    let key = ApiKey::generate().unwrap();
    let (tenant, subject) = (
        TenantId::parse(tenant).unwrap(),
        SubjectId::parse(subject).unwrap(),
    );
    let record = ApiKeyRecord::new(key.hash(), tenant, subject);
    (key.expose(), record)
}

/// A store with one key, and the key.
fn store(tenant: &str, edit: impl FnOnce(ApiKeyRecord) -> ApiKeyRecord) -> (MemoryApiKeys, String) {
    let keys = MemoryApiKeys::new();
    let (key, record) = key(tenant, "import");
    keys.insert(edit(record));
    (keys, key)
}

async fn ask(service: &str, fields: &[(&str, &str)]) -> Answer {
    send(service, "/who", fields).await
}

/// The status, and the tenant that was admitted or the code of the refusal.
fn told(answer: &Answer) -> (u16, &str) {
    let code = answer.body.split(r#""code":""#).nth(1);
    (
        answer.status,
        code.map_or(&answer.body, |code| code.split('"').next().unwrap()),
    )
}

/// A request without a framework.
fn bearing(key: &str) -> Head {
    Head::get("/who").field("x-api-key", key)
}

async fn context(admission: &Admission, key: &str) -> TenantContext {
    let head = bearing(key);
    match admission.admit(&head).await.unwrap() {
        Admitted::For(context, _) => context,
        other => panic!("{other:?}"),
    }
}
