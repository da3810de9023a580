//! Whatever a client writes into the fields of proxies: it does not choose its address.

use std::net::IpAddr;

use futures_util::FutureExt as _;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tenancy_core::{Admission, TrustedProxies};
use tenancy_tests::head::Head;

use super::{ed25519, holds, verifier};

/// What is between the client and us, from it to us. The last one is the peer.
const PROXIES: [&str; 3] = ["10.0.0.3", "10.0.0.2", "10.0.0.1"];
const TRUSTED: [&str; 1] = ["10.0.0.0/8"];

/// Lines of pieces that mean something in these fields, and of anything.
fn written_by_a_client() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        4 => select(&[
            "for=", "FOR=", "by=", "proto=https", "\"", "\\", ",", ", ", ";", "=", " ", ":", ":80", "[", "]", "1.1.1.1",
            "10.0.0.9", "10.0.0.1", "[2001:db8::9]", "2001:db8::9", "::ffff:1.1.1.1", "unknown", "_hidden", "\t",
        ][..]).prop_map(ToOwned::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    let whole = select(
        &[
            "1.1.1.1",
            "10.0.0.9",
            "for=1.1.1.1",
            "for=10.0.0.9",
            "for=1.1.1.1;x=\"",
        ][..],
    );
    let line = prop_oneof![
        3 => vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        1 => whole.prop_map(ToOwned::to_owned),
    ];
    vec(line, 0..3)
}

/// What `proxies` add to `lines` one after the other, for whom each has its request from: to the last line, or on a line of
/// their own.
fn added(
    mut lines: Vec<String>,
    client: &str,
    on_own_lines: &[bool],
    write: impl Fn(&str) -> String,
) -> Vec<String> {
    let senders = std::iter::once(client).chain(PROXIES);
    for (sender, on_own_line) in senders.zip(on_own_lines) {
        let element = write(sender);
        match lines.last_mut() {
            Some(line) if !on_own_line => *line = format!("{line}, {element}"),
            _ => lines.push(element),
        }
    }
    lines
}

/// What came through the proxies.
fn request(field: &'static str, lines: &[String]) -> Head {
    let [.., peer] = PROXIES;
    let head = Head::get("/open").peer(peer.parse().unwrap());
    lines
        .iter()
        .fold(head, |head, line| head.field(field, line))
}

fn client_address(admission: &Admission, head: &Head) -> String {
    let (visit, _) = admission.visit(head).now_or_never().unwrap();
    visit.context().client_address().unwrap().to_string()
}

const CLIENTS: [&str; 2] = ["198.51.100.1", "2001:db8::1"];

fn chains() -> impl Strategy<Value = (Vec<String>, &'static str, Vec<bool>)> {
    let on_own_lines = vec(any::<bool>(), 1..=PROXIES.len());
    (written_by_a_client(), select(&CLIENTS[..]), on_own_lines)
}

fn admission(proxies: TrustedProxies) -> Admission {
    let verifier = verifier([ed25519().issuer()]);
    Admission::new(verifier)
        .exempt("/open")
        .unwrap()
        .trusted_proxies(proxies)
}

#[test]
fn what_stands_before_the_address_that_a_proxy_adds_counts_for_nothing() {
    let admission = admission(TrustedProxies::x_forwarded_for(TRUSTED).unwrap());
    holds(3000, chains(), |(lines, client, on_own_lines)| {
        let lines = added(lines, client, &on_own_lines, ToOwned::to_owned);
        let head = request("x-forwarded-for", &lines);
        prop_assert_eq!(client_address(&admission, &head), client, "{:?}", lines);
        Ok(())
    });
}

/// A line that a client has spoilt is not read, and then a proxy counts as the client: never what the client wrote.
#[test]
fn what_spoils_an_element_that_a_proxy_adds_hides_the_client_and_shows_nobody_else() {
    let admission = admission(TrustedProxies::forwarded(TRUSTED).unwrap());
    let quoted = |sender: &str| format!("for=\"[{sender}]:80\"");
    let write = |sender: &str| match sender.parse::<IpAddr>().unwrap() {
        IpAddr::V4(_) => format!("for={sender};proto=https;by=\"_us\""),
        IpAddr::V6(_) => quoted(sender),
    };
    holds(3000, chains(), |(lines, client, on_own_lines)| {
        let shares_a_line = !lines.is_empty() && !on_own_lines[0];
        let lines = added(lines, client, &on_own_lines, write);
        let head = request("forwarded", &lines);
        let address = client_address(&admission, &head);
        let is_hidden = shares_a_line && PROXIES.contains(&address.as_str());
        prop_assert!(address == client || is_hidden, "{} {:?}", address, lines);
        Ok(())
    });
}
