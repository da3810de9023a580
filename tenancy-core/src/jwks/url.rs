//! Which URLs documents of an issuer are fetched from.

use std::net::IpAddr;

use reqwest::Url;

/// Why a URL may not serve keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum UrlProblem {
    #[error("is not a URL")]
    Syntax,
    #[error("must use https (plain http is for loopback addresses only)")]
    Insecure,
    #[error("must not carry a user name or password")]
    Credentials,
}

/// Parses a URL that documents may be fetched from.
pub(super) fn checked(url: &str) -> Result<Url, UrlProblem> {
    let url = Url::parse(url).map_err(|_| UrlProblem::Syntax)?;
    let allowed = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if !allowed {
        return Err(UrlProblem::Insecure);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlProblem::Credentials);
    }
    Ok(url)
}

/// RFC 8252 §8.3: loopback addresses, and the name that RFC 6761 §6.3 reserves for them.
pub(super) fn is_loopback(url: &Url) -> bool {
    match address(url) {
        Some(address) => address.is_loopback(),
        None => url.host_str() == Some("localhost"),
    }
}

/// Whether the URL names something that only this machine or its network can mean: what a stranger's document must not
/// make us ask. A name that resolves there is a matter for the network's own rules.
pub(super) fn is_internal(url: &Url) -> bool {
    match address(url) {
        Some(IpAddr::V4(address)) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        Some(IpAddr::V6(address)) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
        None => {
            let name = url.host_str().unwrap_or_default().trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

fn address(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    // An IPv4 address in the clothes of IPv6 is what it is.
    host.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_this_network_can_mean_is_internal() {
        let internal = |url: &str| is_internal(&Url::parse(url).unwrap());
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0.0.0.0/",
            "https://10.1.2.3/",
            "https://172.16.0.1/",
            "https://192.168.0.1/",
            "https://169.254.169.254/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://localhost/",
            "https://localhost./",
            "https://a.localhost/",
        ] {
            assert!(internal(url), "{url}");
        }
        for url in [
            "https://a.example/",
            "https://1.1.1.1/",
            "https://[2001:db8::1]/",
        ] {
            assert!(!internal(url), "{url}");
        }
    }
}
