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
        let (status, mut fields) = self.head().await?;
        let has = |name: &str| fields.iter().find(|(field, _)| field == name);
        let body = if without_body {
            String::new()
        } else if has("transfer-encoding").is_some() {
            self.chunks().await?
        } else {
            let length = has("content-length").map_or(0, |(_, length)| length.parse().unwrap());
            self.take(length).await?
        };
        fields.retain(|(name, _)| name != "date");
        fields.sort();
        Some(Reply {
            status,
            fields,
            body,
        })
    }

    /// The status and the fields of the next answer.
    pub(crate) async fn head(&mut self) -> Option<(u16, Vec<(String, String)>)> {
        let head = self.until(b"\r\n\r\n").await?;
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let fields = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        Some((status.unwrap().parse().unwrap(), fields.collect()))
    }

    async fn chunks(&mut self) -> Option<String> {
        let mut body = String::new();
        loop {
            let chunk = self.next_chunk().await?;
            if chunk.is_empty() {
                return Some(body);
            }
            body += &chunk;
        }
    }

    /// The next piece of an answer that comes in pieces.
    pub(crate) async fn next_chunk(&mut self) -> Option<String> {
        let length = self.until(b"\r\n").await?;
        let length = usize::from_str_radix(length.trim_end(), 16).unwrap();
        let chunk = self.take(length).await?;
        self.take(2).await?;
        Some(chunk)
    }

    async fn until(&mut self, end: &[u8]) -> Option<String> {
        loop {
            let found = self.received.windows(end.len()).position(|it| it == end);
            match found {
                Some(at) => return self.take(at + end.len()).await,
                None => self.receive().await?,
            }
        }
    }

    async fn take(&mut self, length: usize) -> Option<String> {
        while self.received.len() < length {
            self.receive().await?;
        }
        let taken: Vec<u8> = self.received.drain(..length).collect();
        Some(String::from_utf8_lossy(&taken).into_owned())
    }

    async fn receive(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.received).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}
