//! The JWKS endpoint: HTTP on loopback, from a thread of its own that sleeps once all keys are fetched.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Serves `jwks` at the address that is returned until the process ends.
pub(crate) fn serve(jwks: &str) -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: max-age=86400\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{jwks}",
        jwks.len()
    );
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that went away has what it needs or says itself that it has not.
            drop(respond(stream, &answer));
        }
    });
    Ok(format!("http://{address}/.well-known/jwks.json"))
}

fn respond(mut stream: TcpStream, answer: &str) -> io::Result<()> {
    let mut line = String::new();
    let mut request = BufReader::new(stream.try_clone()?);
    // The head ends with an empty line. Whatever is asked for, these are the keys.
    while request.read_line(&mut line)? > 2 {
        line.clear();
    }
    stream.write_all(answer.as_bytes())
}
