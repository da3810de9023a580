//! Where a request may have its credential.

use std::sync::Arc;

use super::Admission;
use crate::credential::CredentialSource;
use crate::refusal::Served;
use crate::verifier::NoTokens;
use crate::{ApiKeys, InvalidPattern, pattern};

impl Admission {
    /// Admits requests that carry an API key which is one of `keys`, and no others.
    ///
    /// `Authorization` is not looked at, so that whatever stands in front of the service may use it for itself. A token in a
    /// place that is configured all the same, as by [`token_header`](Self::token_header), is refused.
    pub fn api_keys_only(keys: ApiKeys) -> Self {
        let mut admission = Self::new(NoTokens);
        let rules = Arc::make_mut(&mut admission.rules);
        rules.sources.clear();
        rules.wording.served = Served::ApiKeys;
        admission.take_api_keys(keys)
    }

    /// Also admits requests that carry, instead of a token, an API key which is one of `keys`. A request with both is
    /// refused as malformed.
    ///
    /// ```
    /// # use tenancy_core::Admission;
    /// use tenancy_core::{ApiKey, ApiKeyRecord, ApiKeys, MemoryApiKeys, SubjectId, TenantId};
    ///
    /// # fn configure(admission: Admission) -> Result<Admission, Box<dyn std::error::Error>> {
    /// let keys = MemoryApiKeys::new();
    /// let admission = admission.api_keys(ApiKeys::new(keys.clone()));
    ///
    /// // Later, in a handler that a guard protects: a key for the import that runs at night.
    /// let key = ApiKey::generate()?;
    /// let (tenant, subject) = (TenantId::parse("acme")?, SubjectId::parse("nightly-import")?);
    /// keys.insert(ApiKeyRecord::new(key.hash(), tenant, subject).with_roles(["Member"]));
    /// let shown_once = key.expose();
    /// # Ok(admission)
    /// # }
    /// ```
    pub fn api_keys(mut self, keys: ApiKeys) -> Self {
        let served = &mut Arc::make_mut(&mut self.rules).wording.served;
        if *served == Served::Tokens {
            *served = Served::Both;
        }
        self.take_api_keys(keys)
    }

    fn take_api_keys(mut self, keys: ApiKeys) -> Self {
        let rules = Arc::make_mut(&mut self.rules);
        let is_token = |source: &CredentialSource| !matches!(source, CredentialSource::ApiKey(_));
        rules.sources.retain(is_token);
        let source = CredentialSource::ApiKey(keys.header_name().to_owned());
        rules.sources.push(source);
        rules.api_keys = Some(keys);
        self
    }

    /// Also looks for the token in the header field `name`, which holds it alone.
    ///
    /// A request may fill one of the places where the service looks, `Authorization` included: two credentials are
    /// refused as malformed.
    ///
    /// # Errors
    /// When `name` is no name of a field ([RFC 9110 §5.1]).
    ///
    /// [RFC 9110 §5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-5.1
    pub fn token_header(self, name: &str) -> Result<Self, InvalidPattern> {
        let name = pattern::field_name(name)?;
        Ok(self.source(CredentialSource::Header(name)))
    }

    /// Also looks for the token in the cookie `name`.
    ///
    /// A browser sends cookies with requests that other sites make it send. Set the cookie `SameSite` and `HttpOnly`,
    /// and protect requests that change something against cross-site request forgery.
    ///
    /// # Errors
    /// When `name` is no name of a cookie ([RFC 6265 §4.1.1]).
    ///
    /// [RFC 6265 §4.1.1]: https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1
    pub fn token_cookie(self, name: &str) -> Result<Self, InvalidPattern> {
        let name = pattern::cookie_name(name)?;
        Ok(self.source(CredentialSource::Cookie(name)))
    }

    /// Also looks for the token in the query parameter `name`.
    ///
    /// [RFC 6750 §2.3] and [RFC 9700 §4.3.2] advise against it: queries end up in logs and histories. It is there for
    /// clients that can do nothing else, such as a browser that opens a WebSocket.
    ///
    /// # Errors
    /// When `name` is empty.
    ///
    /// [RFC 6750 §2.3]: https://www.rfc-editor.org/rfc/rfc6750#section-2.3
    /// [RFC 9700 §4.3.2]: https://www.rfc-editor.org/rfc/rfc9700#section-4.3.2
    pub fn token_query_parameter(self, name: &str) -> Result<Self, InvalidPattern> {
        let name = pattern::parameter_name(name)?;
        Ok(self.source(CredentialSource::Query(name)))
    }

    fn source(mut self, source: CredentialSource) -> Self {
        let sources = &mut Arc::make_mut(&mut self.rules).sources;
        // `Authorization` is looked at anyway, and what is looked at twice would count as two credentials.
        let is_authorization = source == CredentialSource::Header("authorization".to_owned());
        if !is_authorization && !sources.contains(&source) {
            sources.push(source);
        }
        self
    }
}
