//! Under HTTP/2 the authority names the tenant, over a real connection.

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::header::HOST;

use super::connections::http2;
use super::{Provider, on_both_frameworks};
use crate::twins::{Service, TestApp};

on_both_frameworks! {
    the_authority_of_http2_names_the_tenant
}

async fn the_authority_of_http2_names_the_tenant<A: TestApp>() {
    let provider = Provider::new();
    let admission = provider
        .admission()
        .tenant_host("{tenant}.app.example.com")
        .unwrap();
    let address = A::start(Service::new(admission)).await;
    let mut sender = http2(address).await;
    let bearer = format!("Bearer {}", provider.token(&["acme", "globex"], "ada"));
    let (acme, globex) = ("acme.app.example.com", "globex.app.example.com");
    for (authority, host, status, body) in [
        (acme, None, 200, "acme"),
        (globex, None, 200, "globex"),
        ("GLOBEX.app.example.com:8080", None, 200, "globex"),
        (acme, Some(acme), 200, "acme"),
        (acme, Some("acme.app.example.com.:443"), 200, "acme"),
        // RFC 9113 §8.3.1: such a request is malformed.
        (acme, Some(globex), 403, "tenant_not_granted"),
        (globex, Some(acme), 403, "tenant_not_granted"),
        ("localhost", Some(acme), 403, "tenant_not_granted"),
        (acme, Some("localhost"), 403, "tenant_not_granted"),
        ("initech.app.example.com", None, 403, "tenant_not_granted"),
        ("localhost", None, 403, "tenant_not_named"),
        ("127.0.0.1", None, 403, "tenant_not_named"),
    ] {
        let mut request = hyper::Request::get(format!("http://{authority}/who"))
            .header("authorization", &bearer)
            .header("x-forwarded-host", globex);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        sender.ready().await.unwrap();
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.version(), hyper::Version::HTTP_2);
        assert_eq!(answer.status(), status, "{authority} {host:?}");
        let told = answer.into_body().collect().await.unwrap().to_bytes();
        let told = String::from_utf8(told.to_vec()).unwrap();
        assert!(told.contains(body), "{authority} {host:?}: {told}");
    }
}
