//! The deployment is of one tenant.

use serde_json::json;
use tenancy_core::TenantId;
use tenancy_examples::identity_provider::SigningKey;

use super::{ACME, NOT_GRANTED, ask, told};
use crate::presenting::{admission, on_both, token};

#[tokio::test]
async fn a_fixed_tenant_refuses_the_tokens_of_others() {
    let key = SigningKey::ec(1).unwrap();
    let fixed = TenantId::parse("acme").unwrap();
    let fixed = admission(&key)
        .tenant_header("x-tenant-id")
        .fixed_tenant(fixed);
    for service in on_both(fixed).await {
        for (orgs, header, expected) in [
            (json!(["acme"]), None, ACME),
            (json!(["globex", "acme"]), None, ACME),
            (json!(["globex", "acme"]), Some("acme"), ACME),
            (json!(["globex", "acme"]), Some("globex"), NOT_GRANTED),
            (json!(["globex"]), None, NOT_GRANTED),
            (json!(["globex"]), Some("globex"), NOT_GRANTED),
        ] {
            let bearer = format!("Bearer {}", token(&key, &orgs));
            let mut fields = vec![("authorization", bearer.as_str()), ("host", "localhost")];
            fields.extend(header.map(|header| ("x-tenant-id", header)));
            let answer = ask(&service, "GET /who", &fields).await;
            assert_eq!(told(&answer), expected, "{orgs} {header:?}");
        }
    }
}
