//! Services on ports of their own, and what they answer.

use std::net::{Ipv4Addr, TcpListener};

use reqwest::header::HeaderMap;

pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(crate) async fn on_axum(app: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

/// `serve` runs on a thread with a system of actix of its own.
pub(crate) fn on_actix<F: Future<Output = ()>>(
    serve: impl FnOnce(TcpListener) -> F + Send + 'static,
) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || actix_web::rt::System::new().block_on(serve(listener)));
    format!("http://{address}")
}

pub(crate) async fn get(service: &str, path: &str, authorization: Option<&str>) -> Reply {
    get_with(&reqwest::Client::new(), service, path, authorization).await
}

/// Many requests share a client: making one takes longer than actix-web waits for a request.
pub(crate) async fn get_with(
    client: &reqwest::Client,
    service: &str,
    path: &str,
    authorization: Option<&str>,
) -> Reply {
    let mut request = client.get(format!("{service}{path}"));
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let response = request.send().await.unwrap();
    Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}
