//! Finding the JWK set of an issuer by OpenID Connect Discovery 1.0 §4.

use std::fmt;
use std::sync::Mutex;

use reqwest::Url;
use serde::Deserialize;

use super::http;
use super::url::{UrlProblem, checked, is_internal};
use super::{FetchError, Fetched};
use crate::lock;

pub(super) struct Discovery {
    issuer: String,
    document: Url,
    /// Where the keys were found, while they are there.
    found: Mutex<Option<Url>>,
}

/// What of a provider's configuration is looked at (§3). A repeated member makes it unreadable.
#[derive(Deserialize)]
struct Provider {
    issuer: String,
    jwks_uri: String,
}

impl Discovery {
    pub(super) fn of(issuer: &str) -> Result<Self, UrlProblem> {
        // §4: a terminating slash of the issuer is removed before the path is appended.
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        Ok(Self {
            issuer: issuer.to_owned(),
            document: checked(&format!("{base}/.well-known/openid-configuration"))?,
            found: Mutex::default(),
        })
    }

    pub(super) async fn fetch(&self, etag: Option<&str>) -> Result<Fetched, FetchError> {
        // Taken, not copied: if this fetch fails or hangs, the next one looks anew.
        let known = lock(&self.found).take();
        let (url, etag) = match known {
            Some(url) => (url, etag),
            // The tag belongs to a document of another place.
            None => (self.find().await?, None),
        };
        let answer = http::fetch(&url, etag).await;
        if answer.is_ok() {
            *lock(&self.found) = Some(url);
        }
        answer
    }

    async fn find(&self) -> Result<Url, FetchError> {
        let unusable = |problem: &str| FetchError::Unusable(format!("discovery: {problem}"));
        let Fetched::Document { body, .. } = http::fetch(&self.document, None).await? else {
            return Err(FetchError::Status(304));
        };
        // serde reads an array as a struct too, member by member.
        let is_object = body.trim_ascii_start().starts_with(b"{");
        let provider = serde_json::from_slice::<Provider>(&body).ok();
        let provider = provider
            .filter(|_| is_object)
            .ok_or_else(|| unusable("no provider configuration"))?;
        // §4.3: whoever answers in another name must not supply the keys of this one.
        if provider.issuer != self.issuer {
            return Err(unusable("the document is that of another issuer"));
        }
        let url = checked(&provider.jwks_uri)
            .map_err(|problem| unusable(&format!("`jwks_uri` {problem}")))?;
        self.may_point_to(&url)
            .map_err(|()| unusable("`jwks_uri` points into this network"))?;
        Ok(url)
    }
}

impl Discovery {
    /// A provider out there must not make us ask machines in here.
    fn may_point_to(&self, keys: &Url) -> Result<(), ()> {
        if is_internal(keys) && !is_internal(&self.document) {
            Err(())
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.document.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_out_there_cannot_point_in_here() {
        let url = |text: &str| checked(text).unwrap();
        let provider = Discovery::of("https://issuer.example").unwrap();
        assert!(provider.may_point_to(&url("https://keys.example/")).is_ok());
        for internal in [
            "http://localhost/",
            "https://169.254.169.254/",
            "https://10.0.0.1/",
        ] {
            assert!(provider.may_point_to(&url(internal)).is_err(), "{internal}");
        }
        let ours = Discovery::of("https://10.0.0.1").unwrap();
        assert!(ours.may_point_to(&url("https://10.0.0.2/")).is_ok());
    }
}
