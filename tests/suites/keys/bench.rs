//! A server of keys that misbehaves when told to, and a verifier whose time the test moves.

use tenancy_core::KeyStatus;
use tenancy_tests::key_server::KeyServer;

use super::*;

pub(super) struct Bench {
    pub(super) server: KeyServer,
    pub(super) key: SigningKey,
    pub(super) clock: Arc<ManualClock>,
    pub(super) verifier: JwtVerifier,
}

impl Bench {
    /// The keys are at a URL that is configured, and each token is verified anew.
    pub(super) async fn at_its_url() -> Self {
        let issuer = |server: &KeyServer| {
            Issuer::new(server.issuer(), ClaimMap::new("org_id")).keys(KeySource::url(server.url()))
        };
        Self::new(issuer, JwtVerifierBuilder::without_cache).await
    }

    /// The keys are found by the name of their issuer.
    pub(super) async fn discovered(name: impl Fn(&KeyServer) -> String) -> Self {
        let issuer = |server: &KeyServer| {
            Issuer::new(name(server), ClaimMap::new("org_id")).keys(KeySource::discovery())
        };
        Self::new(issuer, |verifier| verifier).await
    }

    async fn new(
        issuer: impl Fn(&KeyServer) -> Issuer,
        edit: fn(JwtVerifierBuilder) -> JwtVerifierBuilder,
    ) -> Self {
        let key = SigningKey::ec(1).unwrap();
        let server = KeyServer::start(vec![key.public()]).await.unwrap();
        let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
        let verifier = JwtVerifier::builder()
            .issuer(issuer(&server).audience(AUDIENCE))
            .clock(clock.clone());
        Self {
            verifier: edit(verifier).build().unwrap(),
            server,
            key,
            clock,
        }
    }

    /// What becomes of a token that is good for a week.
    pub(super) async fn present(&self) -> Outcome {
        self.present_of(self.server.issuer()).await
    }

    pub(super) async fn present_of(&self, issuer: &str) -> Outcome {
        let exp = self.clock.now().as_seconds() + 7 * 86_400;
        let claims = json!({
            "iss": issuer, "aud": AUDIENCE, "sub": "ada", "org_id": "acme", "exp": exp
        });
        outcome(&self.verifier, &self.key.sign(&claims)).await
    }

    pub(super) fn status(&self) -> KeyStatus {
        self.verifier.key_status().remove(0)
    }
}
