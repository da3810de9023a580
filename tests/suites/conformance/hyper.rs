//! hyper without a framework answers as axum does.

use std::net::Ipv4Addr;

use tenancy_examples::on_hyper;
use tokio::net::TcpListener;

use super::Provider;
use crate::twins::{Connection, OnAxum, Service, TestApp, get};

#[tokio::test]
async fn a_refusal_on_hyper_is_that_of_axum() {
    let provider = Provider::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let on_hyper = listener.local_addr().unwrap();
    tokio::spawn(on_hyper::serve(listener, provider.admission()));
    let mut on_hyper = Connection::to(on_hyper).await;
    let on_axum = OnAxum::start(Service::new(provider.admission())).await;
    let mut on_axum = Connection::to(on_axum).await;

    let good = provider.bearer("acme", "ada");
    let several = format!("Bearer {}", provider.token(&["acme", "globex"], "ada"));
    for (authorization, status) in [
        ("Basic dTpw", 401),
        ("Bearer", 400),
        ("Bearer a.b.c", 401),
        (&several, 403),
        (&good, 200),
    ] {
        let request = get("/who", &[("authorization", authorization)]);
        let (on_hyper, on_axum) = (on_hyper.ask(&request).await, on_axum.ask(&request).await);
        assert_eq!((on_hyper.status, on_axum.status), (status, status));
        assert_eq!(on_hyper.body, on_axum.body);
        if status != 200 {
            assert_eq!(on_hyper.fields, on_axum.fields);
        }
    }
}
