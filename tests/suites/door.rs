//! At the door: how a request names its tenant and its project, what does not open without one, and which tenants are
//! served. Alike on axum and actix-web, with requests written byte by byte, because a client library would mend them.

mod directory;
mod every_place;
mod fixed;
mod header;
mod host;
mod path;
mod project;
mod project_access;
mod project_rows;
mod query;
mod without_a_tenant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Writes a request and returns the status and the whole answer, without the date.
async fn ask(service: &str, head: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let address = service.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut request = format!("{head} HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in fields {
        request.extend([*name, ": ", *value, "\r\n"]);
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let lines = answer
        .split("\r\n")
        .filter(|line| !line.starts_with("date: "));
    (status, lines.collect::<Vec<_>>().join("\n"))
}

/// The status, and the tenant that was admitted or the code of the refusal.
fn told((status, answer): &(u16, String)) -> (u16, &str) {
    let body = answer.split("\n\n").nth(1).unwrap_or_default();
    let code = body.split(r#""code":""#).nth(1);
    (
        *status,
        code.map_or(body, |code| code.split('"').next().unwrap()),
    )
}

const NOT_NAMED: (u16, &str) = (403, "tenant_not_named");
const NOT_GRANTED: (u16, &str) = (403, "tenant_not_granted");
const ACME: (u16, &str) = (200, "acme");
const GLOBEX: (u16, &str) = (200, "globex");
