//! Fetching documents of an issuer over HTTP with reqwest.

use std::fmt;
use std::time::Duration;

use reqwest::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderName, IF_NONE_MATCH};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};

use super::discovery::Discovery;
use super::key_set::{KeySetError, MAX_BYTES};
use super::url::{UrlProblem, checked, is_loopback};
use super::{FetchError, FetchKeys, Fetched};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A JWK set that is served over HTTP.
pub(super) struct HttpFetch(Place);

enum Place {
    At(Url),
    Discovered(Discovery),
}

impl HttpFetch {
    pub(super) fn new(url: &str) -> Result<Self, UrlProblem> {
        checked(url).map(Place::At).map(Self)
    }

    pub(super) fn discovery(issuer: &str) -> Result<Self, UrlProblem> {
        Discovery::of(issuer).map(Place::Discovered).map(Self)
    }
}

impl fmt::Debug for HttpFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::At(url) => {
                // The query may hold a secret of whoever serves the keys.
                let mut shown = url.clone();
                shown.set_query(None);
                f.write_str(shown.as_str())
            }
            Place::Discovered(discovery) => discovery.fmt(f),
        }
    }
}

#[async_trait::async_trait]
impl FetchKeys for HttpFetch {
    async fn fetch(&self, etag: Option<&str>) -> Result<Fetched, FetchError> {
        match &self.0 {
            Place::At(url) => fetch(url, etag).await,
            Place::Discovered(discovery) => discovery.fetch(etag).await,
        }
    }
}

/// Asks once for the document at `url`.
pub(super) async fn fetch(url: &Url, etag: Option<&str>) -> Result<Fetched, FetchError> {
    let response = ask(url, etag).await?;
    let headers = response.headers();
    let max_age = max_age(headers);
    match response.status() {
        StatusCode::OK => {
            let etag = text(headers, &ETAG).map(str::to_owned);
            Ok(Fetched::Document {
                body: body(response).await?,
                etag,
                max_age,
            })
        }
        StatusCode::NOT_MODIFIED if etag.is_some() => Ok(Fetched::NotModified { max_age }),
        other => Err(FetchError::Status(other.as_u16())),
    }
}

async fn ask(url: &Url, etag: Option<&str>) -> Result<Response, FetchError> {
    // It reads the system's certificates, which takes milliseconds that other requests should not wait for.
    let building = {
        let url = url.clone();
        tokio::task::spawn_blocking(move || client(&url))
    };
    let client = building
        .await
        .map_err(|_| FetchError::Failed("the HTTP client could not be built".to_owned()))?
        .map_err(request_failed)?;
    let mut request = client.get(url.clone()).header("accept", "application/json");
    if let Some(etag) = etag {
        request = request.header(IF_NONE_MATCH, etag);
    }
    request.send().await.map_err(request_failed)
}

/// A client for one fetch. Fetches are minutes apart, so a pooled connection would be dead by the
/// next one, and it would belong to an async runtime that may be gone by then.
fn client(url: &Url) -> reqwest::Result<Client> {
    let client = Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(0);
    if is_loopback(url) {
        // Neither a proxy nor, for plain http, the system's certificate store has a say here.
        let client = client.no_proxy();
        return if url.scheme() == "http" {
            client.tls_certs_only([]).build()
        } else {
            client.build()
        };
    }
    client.build()
}

/// Reads at most [`MAX_BYTES`], whatever `Content-Length` promises.
async fn body(mut response: Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(request_failed)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(FetchError::Unusable(KeySetError::TooLarge.to_string()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The URL is left out: its query may hold a secret, and who reads the log knows the source.
fn request_failed(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    FetchError::Failed(text)
}

/// `Cache-Control: max-age` (RFC 9111 §5.2.2.1).
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let directives = text(headers, &CACHE_CONTROL)?;
    directives.split(',').find_map(|directive| {
        let (name, seconds) = directive.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("max-age") {
            return None;
        }
        seconds
            .trim()
            .trim_matches('"')
            .parse()
            .ok()
            .map(Duration::from_secs)
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_loopback() {
        for url in [
            "https://a.example/jwks",
            "http://127.0.0.1:1/jwks",
            "http://[::1]/",
            "http://localhost:1/",
        ] {
            assert!(HttpFetch::new(url).is_ok(), "{url}");
        }
        for url in [
            "http://a.example/jwks",
            "http://10.0.0.1/",
            "http://localhost.a.example/",
            "ftp://127.0.0.1/",
            "file:///etc",
        ] {
            assert_eq!(
                HttpFetch::new(url).err(),
                Some(UrlProblem::Insecure),
                "{url}"
            );
        }
        assert_eq!(HttpFetch::new("jwks").err(), Some(UrlProblem::Syntax));
        assert_eq!(
            HttpFetch::new("https://u:p@a.example/").err(),
            Some(UrlProblem::Credentials)
        );
    }

    #[test]
    fn max_age_is_read_among_other_directives() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, value.parse().unwrap());
            max_age(&headers)
        };
        assert_eq!(
            of("public, Max-Age=600, must-revalidate"),
            Some(Duration::from_mins(10))
        );
        assert_eq!(of("s-maxage=5"), None);
        assert_eq!(of("max-age=-1"), None);
        assert_eq!(of("no-store"), None);
    }
}
