//! The address of the client, over real connections. What proxies may write is tried in `core: visit::client`.

use tenancy_core::{Admission, TrustedProxies};

use super::{Provider, Watched};
use crate::twins::Reply;

fn address(reply: &Reply) -> &str {
    reply.body.split(' ').nth(1).unwrap()
}

#[tokio::test]
async fn forwarded_addresses_count_from_configured_proxies_only() {
    let provider = Provider::new();
    let acme = provider.bearer("acme", "ada");
    let forged = ("x-forwarded-for", "198.51.100.66");
    let hop = ("x-forwarded-for", "198.51.100.1, 10.0.0.7");
    let forwarded = ("forwarded", "for=1.1.1.1, for=\"[2001:db8::1]:80\"");
    let x_forwarded_for = |proxies: &[&str]| TrustedProxies::x_forwarded_for(proxies).unwrap();
    for (proxies, expected) in [
        (None, "127.0.0.1"),
        (Some(x_forwarded_for(&["10.0.0.0/8"])), "127.0.0.1"),
        (
            Some(x_forwarded_for(&["127.0.0.1", "10.0.0.0/8"])),
            "198.51.100.1",
        ),
        (
            Some(TrustedProxies::forwarded(["127.0.0.1"]).unwrap()),
            "2001:db8::1",
        ),
    ] {
        let configure = |admission: Admission| match &proxies {
            Some(proxies) => admission.trusted_proxies(proxies.clone()),
            None => admission,
        };
        for watched in Watched::both(&provider, configure) {
            let fields = [("authorization", acme.as_str()), forged, hop, forwarded];
            let reply = watched.ask("/visit", &fields).await;
            assert_eq!(address(&reply), expected, "{}", watched.name);
            let span = watched.heard.requests().pop().unwrap();
            assert_eq!(span.fields["client.address"], expected);
            let event = watched.written.events().pop().unwrap();
            assert_eq!(event.client_address.unwrap().to_string(), expected);
        }
    }
}
