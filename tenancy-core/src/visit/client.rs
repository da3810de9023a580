//! `TrustedProxies`, whom a service believes about the address of its clients.

use std::net::IpAddr;

use ipnet::IpNet;

use super::forwarded;
use crate::InvalidPattern;
use crate::head::RequestHead;

/// The proxies in front of a service, and the field in which they tell whom they forward for. Given to
/// [`Admission::trusted_proxies`](crate::Admission::trusted_proxies).
///
/// The client is the peer of the connection, unless the peer is one of these. Then it is the last in the field, and as long
/// as that is one of these too, the one before. So whatever a client writes into the field counts for nothing: it stands
/// before what the first trusted proxy adds. Where something is no address, such as `unknown`, or the field ends, the last
/// trusted proxy counts as the client.
///
/// Name exactly the addresses that nobody but a proxy can have, and make sure that each of them *adds* to the field, as they
/// usually do: one that passes it on as it came, or that adds to the other field, lets clients choose their address.
#[derive(Debug, Clone)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    field: Field,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    XForwardedFor,
    Forwarded,
}

impl TrustedProxies {
    /// Proxies with addresses in these networks, such as `10.0.0.0/8` or `2001:db8::7`, that add to `X-Forwarded-For`.
    ///
    /// # Errors
    /// When one of them is neither an address nor a network, when it has bits beyond its prefix, is IPv4 written as IPv6, or
    /// is everybody (`0.0.0.0/0`).
    ///
    /// ```
    /// use tenancy_core::TrustedProxies;
    ///
    /// assert!(TrustedProxies::x_forwarded_for(["10.0.0.0/8", "2001:db8::7"]).is_ok());
    /// assert!(TrustedProxies::x_forwarded_for(["10.1.2.3/8"]).is_err());
    /// ```
    pub fn x_forwarded_for(
        networks: impl IntoIterator<Item: AsRef<str>>,
    ) -> Result<Self, InvalidPattern> {
        Self::new(networks, Field::XForwardedFor)
    }

    /// Proxies with addresses in these networks that add to `Forwarded` ([RFC 7239]).
    ///
    /// # Errors
    /// As for [`x_forwarded_for`](Self::x_forwarded_for).
    ///
    /// [RFC 7239]: https://www.rfc-editor.org/rfc/rfc7239
    pub fn forwarded(
        networks: impl IntoIterator<Item: AsRef<str>>,
    ) -> Result<Self, InvalidPattern> {
        Self::new(networks, Field::Forwarded)
    }

    fn new(
        networks: impl IntoIterator<Item: AsRef<str>>,
        field: Field,
    ) -> Result<Self, InvalidPattern> {
        let networks = networks.into_iter().map(|text| network(text.as_ref()));
        let networks = networks.collect::<Result<_, _>>()?;
        Ok(Self { networks, field })
    }

    /// The address of the client, if the peer has one.
    pub(super) fn client<H: RequestHead + ?Sized>(&self, head: &H) -> Option<IpAddr> {
        let peer = head.peer_address()?.to_canonical();
        if !self.trusts(peer) {
            return Some(peer);
        }
        Some(match self.field {
            Field::XForwardedFor => {
                let lines: Vec<_> = head.header_values("x-forwarded-for").collect();
                let backwards = lines.into_iter().rev();
                self.nearest_stranger(peer, backwards.flat_map(forwarded::x_forwarded_for))
            }
            Field::Forwarded => {
                let lines: Vec<_> = head.header_values("forwarded").collect();
                let backwards = lines.into_iter().rev();
                self.nearest_stranger(peer, backwards.flat_map(forwarded::forwarded))
            }
        })
    }

    /// The first of `hops`, which begin at our end, that is none of the proxies.
    fn nearest_stranger(&self, peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut nearest = peer;
        for hop in hops {
            let Some(address) = hop else {
                break;
            };
            nearest = address.to_canonical();
            if !self.trusts(nearest) {
                break;
            }
        }
        nearest
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|it| it.contains(&address))
    }
}

fn network(text: &str) -> Result<IpNet, InvalidPattern> {
    let invalid = |problem| InvalidPattern::new(text, problem);
    let alone = text.parse::<IpAddr>().map(IpNet::from);
    let network = alone.or_else(|_| text.parse::<IpNet>()).map_err(|_| {
        invalid("has to be an address or a network, such as `10.0.0.7` or `10.0.0.0/8`")
    })?;
    if network.prefix_len() == 0 {
        return Err(invalid(
            "would believe everybody; name the networks of the proxies",
        ));
    }
    if network.addr() != network.network() {
        return Err(invalid(
            "has bits beyond its prefix; set them to zero, or leave the prefix out for one address",
        ));
    }
    let is_mapped = network.addr().to_canonical() != network.addr();
    if is_mapped {
        return Err(invalid("is IPv4 written as IPv6; write it as IPv4"));
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Admission;
    use crate::head::testing::Head;
    use crate::verifier::NoTokens;
    use crate::visit::facts::Facts;

    /// Their addresses, and one on its own.
    const PROXIES: [&str; 3] = ["10.0.0.0/8", "fd00::/8", "192.0.2.7"];

    /// Of a request that came from `peer`, with these lines in the field `name`.
    fn client(proxies: &TrustedProxies, name: &str, peer: &str, lines: &[&str]) -> String {
        let head = Head {
            peer: Some(peer.parse().unwrap()),
            fields: lines.iter().map(|line| (name, *line)).collect(),
            ..Head::default()
        };
        proxies.client(&head).unwrap().to_string()
    }

    #[test]
    fn x_forwarded_for_counts_as_far_as_proxies_wrote_it() {
        let proxies = TrustedProxies::x_forwarded_for(PROXIES).unwrap();
        for (peer, lines, expected) in [
            // A stranger writes what it likes.
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("203.0.113.9", &["10.0.0.1"], "203.0.113.9"),
            ("192.0.2.8", &["198.51.100.1"], "192.0.2.8"),
            // A proxy tells.
            ("10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("192.0.2.7", &["198.51.100.1"], "198.51.100.1"),
            ("fd00::5", &["2001:db8::1"], "2001:db8::1"),
            ("10.1.2.3", &[], "10.1.2.3"),
            ("10.1.2.3", &[""], "10.1.2.3"),
            ("10.1.2.3", &[",, ,"], "10.1.2.3"),
            // What the client wrote stands before.
            ("10.1.2.3", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["10.0.0.9, 198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["198.51.100.1", "1.1.1.1, "], "1.1.1.1"),
            ("10.1.2.3", &["'\"\\, 198.51.100.1"], "198.51.100.1"),
            // Through several proxies.
            (
                "10.1.2.3",
                &["1.1.1.1, 198.51.100.1, 10.9.9.9,192.0.2.7"],
                "198.51.100.1",
            ),
            (
                "10.1.2.3",
                &["1.1.1.1, 198.51.100.1", "10.9.9.9", "fd00::1"],
                "198.51.100.1",
            ),
            // All of them are proxies: a request of our own.
            ("10.1.2.3", &["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
            // What is no address ends it.
            ("10.1.2.3", &["198.51.100.1, unknown"], "10.1.2.3"),
            ("10.1.2.3", &["1.1.1.1, unknown, 10.0.0.4"], "10.0.0.4"),
            ("10.1.2.3", &["198.51.100.1, _hidden"], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1, 1.2.3.4 5.6.7.8"], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1, 010.0.0.1"], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1, 1.2.3"], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1, fe80::1%eth0"], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1, localhost"], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1, \u{fc}"], "10.1.2.3"),
            // Ports and brackets.
            ("10.1.2.3", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.1.2.3", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.1.2.3", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.1.2.3", &["1.1.1.1, 10.0.0.4:80"], "1.1.1.1"),
            ("10.1.2.3", &["198.51.100.1:port"], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1:99999"], "10.1.2.3"),
            ("10.1.2.3", &["[2001:db8::1"], "10.1.2.3"),
            ("10.1.2.3", &["[2001:db8::1]x"], "10.1.2.3"),
            ("10.1.2.3", &["[198.51.100.1]"], "10.1.2.3"),
            // IPv4 in the clothes of IPv6.
            ("::ffff:10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["1.1.1.1, ::ffff:10.0.0.4"], "1.1.1.1"),
            ("::ffff:203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
        ] {
            let told = client(&proxies, "x-forwarded-for", peer, lines);
            assert_eq!(told, expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn forwarded_counts_as_far_as_proxies_wrote_it() {
        let proxies = TrustedProxies::forwarded(PROXIES).unwrap();
        for (peer, lines, expected) in [
            ("203.0.113.9", &["for=198.51.100.1"][..], "203.0.113.9"),
            ("10.1.2.3", &["for=198.51.100.1"], "198.51.100.1"),
            (
                "10.1.2.3",
                &["For=\"[2001:db8::1]:4711\";proto=https;by=_us"],
                "2001:db8::1",
            ),
            ("10.1.2.3", &["FOR=\"198.51.100.1:80\""], "198.51.100.1"),
            (
                "10.1.2.3",
                &["for=1.1.1.1, for=198.51.100.1;by=10.0.0.4 , for=10.0.0.4"],
                "198.51.100.1",
            ),
            (
                "10.1.2.3",
                &["for=1.1.1.1", "for=198.51.100.1", "for=10.0.0.4"],
                "198.51.100.1",
            ),
            ("10.1.2.3", &["for=\"198\\.51.100.1\""], "198.51.100.1"),
            ("10.1.2.3", &["for=1.1.1.1, for=unknown"], "10.1.2.3"),
            ("10.1.2.3", &["for=1.1.1.1, for=_hidden"], "10.1.2.3"),
            ("10.1.2.3", &["for=1.1.1.1, by=10.0.0.4"], "10.1.2.3"),
            ("10.1.2.3", &["for=1.1.1.1;for=2.2.2.2"], "10.1.2.3"),
            ("10.1.2.3", &["for=1.1.1.1, for="], "10.1.2.3"),
            ("10.1.2.3", &["for=1.1.1.1, for"], "10.1.2.3"),
            ("10.1.2.3", &["for=1.1.1.1, =2.2.2.2"], "10.1.2.3"),
            ("10.1.2.3", &["for = 1.1.1.1"], "10.1.2.3"),
            ("10.1.2.3", &[""], "10.1.2.3"),
            // A quotation mark of the client's cannot swallow what the proxy adds and put something else in its place.
            (
                "10.1.2.3",
                &["for=1.1.1.1;x=\", for=198.51.100.1"],
                "10.1.2.3",
            ),
            (
                "10.1.2.3",
                &["for=1.1.1.1;x=\", for=\"[2001:db8::1]:4711\""],
                "10.1.2.3",
            ),
            (
                "10.1.2.3",
                &["for=1.1.1.1;x=\"\\, for=\"[2001:db8::1]:4711\""],
                "10.1.2.3",
            ),
            (
                "10.1.2.3",
                &["for=1.1.1.1;x=\", for=198.51.100.1;by=\"_us\""],
                "10.1.2.3",
            ),
            (
                "10.1.2.3",
                &["for=1.1.1.1", "for=\", for=198.51.100.1"],
                "10.1.2.3",
            ),
            // On a line of its own it has no effect at all.
            ("10.1.2.3", &["for=\"", "for=198.51.100.1"], "198.51.100.1"),
            (
                "10.1.2.3",
                &["x=\"a, for=1.1.1.1\"; for=198.51.100.1"],
                "198.51.100.1",
            ),
        ] {
            let told = client(&proxies, "forwarded", peer, lines);
            assert_eq!(told, expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn only_the_field_that_was_chosen_is_read() {
        let peer = "10.1.2.3";
        let proxies = TrustedProxies::x_forwarded_for(PROXIES).unwrap();
        assert_eq!(client(&proxies, "forwarded", peer, &["for=1.1.1.1"]), peer);
        assert_eq!(client(&proxies, "x-real-ip", peer, &["1.1.1.1"]), peer);
        let proxies = TrustedProxies::forwarded(PROXIES).unwrap();
        assert_eq!(
            client(&proxies, "x-forwarded-for", peer, &["1.1.1.1"]),
            peer
        );
        let without_peer = Head {
            fields: vec![("forwarded", "for=1.1.1.1")],
            ..Head::default()
        };
        assert_eq!(proxies.client(&without_peer), None);
        let nobody = TrustedProxies::x_forwarded_for([""; 0]).unwrap();
        assert_eq!(client(&nobody, "x-forwarded-for", peer, &["1.1.1.1"]), peer);
    }

    #[test]
    fn without_proxies_the_client_is_the_peer_and_nothing_that_it_says() {
        for (peer, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("2001:db8::1", "2001:db8::1"),
            // As a socket for both tells it.
            ("::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            for name in ["x-forwarded-for", "forwarded"] {
                let lines = ["for=198.51.100.1", "198.51.100.1"];
                let head = Head {
                    peer: Some(peer.parse().unwrap()),
                    fields: lines.map(|line| (name, line)).into(),
                    ..Head::default()
                };
                let facts = Facts::of(&Admission::new(NoTokens), &head);
                assert_eq!(facts.client_address, expected.parse().ok(), "{name}");
            }
        }
    }

    #[test]
    fn a_network_that_is_none_or_means_more_than_it_says_is_refused() {
        for (network, problem) in [
            ("", "has to be an address or a network"),
            ("10", "has to be an address or a network"),
            ("10.0.0.0/33", "has to be an address or a network"),
            ("10.0.0.0/", "has to be an address or a network"),
            (" 10.0.0.0/8", "has to be an address or a network"),
            ("proxy.internal", "has to be an address or a network"),
            ("10.0.0.1/8", "has bits beyond its prefix"),
            ("0.0.0.0/0", "would believe everybody"),
            ("::/0", "would believe everybody"),
            ("::ffff:10.0.0.0/104", "is IPv4 written as IPv6"),
            ("::ffff:10.0.0.1", "is IPv4 written as IPv6"),
        ] {
            let error = TrustedProxies::x_forwarded_for([network]).unwrap_err();
            assert!(error.to_string().contains(problem), "{network}: {error}");
        }
        for network in ["10.0.0.1", "10.0.0.1/32", "10.0.0.0/8", "::1", "fd00::/8"] {
            assert!(TrustedProxies::forwarded([network]).is_ok(), "{network}");
        }
    }
}
