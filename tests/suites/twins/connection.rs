//! An HTTP/1.1 connection that sends what it is told, to the byte, and reads every byte of an answer.

use std::fmt::Write as _;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// All of an answer but its date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// In the order of their names, which are in lower case.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: String,
}

pub(crate) struct Connection {
    stream: TcpStream,
    /// What was received and not yet read.
    received: Vec<u8>,
}

/// A request without a body. No client library has made it any better than it is.
pub(crate) fn get(target: &str, fields: &[(&str, &str)]) -> String {
    request("GET", target, fields)
}

pub(crate) fn request(method: &str, target: &str, fields: &[(&str, &str)]) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\nhost: service.example\r\n");
    for (name, value) in fields {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    if method == "POST" {
        text += "content-length: 0\r\n";
    }
    text + "\r\n"
}

impl Connection {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            received: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    pub(crate) async fn ask(&mut self, request: &str) -> Reply {
        self.send(request).await;
        let reply = self.reply(request.starts_with("HEAD ")).await;
        reply.expect("an answer")
    }

    /// The next answer, or `None` when the server closes the connection.
    pub(crate) async fn reply(&mut self, without_body: bool) -> Option<Reply> {
        let head = loop {
            if let Some(end) = self
                .received
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
            {
                let head: Vec<u8> = self.received.drain(..end + 4).collect();
                break String::from_utf8(head).unwrap();
            }
            self.receive().await?;
        };
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status = status.unwrap().parse().unwrap();
        let mut fields: Vec<_> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .filter(|(name, _)| name != "date")
            .collect();
        fields.sort();
        let length = fields.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, length)| length.parse().unwrap());
        let length = if without_body { 0 } else { length };
        while self.received.len() < length {
            self.receive().await?;
        }
        let body = self.received.drain(..length).collect();
        Some(Reply {
            status,
            fields,
            body: String::from_utf8(body).unwrap(),
        })
    }

    async fn receive(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.received).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}
