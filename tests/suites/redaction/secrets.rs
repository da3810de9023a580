//! What must not appear, and the search for it in every form that it could take.

use std::collections::HashSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// How many bytes of a secret in a row are too many.
const WINDOW: usize = 12;

/// Bytes that must not appear, each with what they are called here.
#[derive(Default)]
pub(super) struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    pub(super) fn add(&mut self, name: impl Into<String>, bytes: impl AsRef<[u8]>) {
        self.0.push((name.into(), bytes.as_ref().to_vec()));
    }

    /// Payload and signature of a token: its header says nothing of anybody.
    pub(super) fn add_token(&mut self, name: &str, token: &str) {
        for (part, segment) in ["payload", "signature"]
            .iter()
            .zip(token.split('.').skip(1))
        {
            self.add(format!("{part} of {name}"), segment);
        }
    }

    /// The names of the secrets of which `text` shows [`WINDOW`] bytes or more (all, when there are fewer),
    /// as text, base64, hexadecimal or a list of bytes. White space is no disguise.
    pub(super) fn leaks(&self, text: &str) -> Vec<&str> {
        let text: String = text.split_whitespace().collect();
        let windows: HashSet<&[u8]> = text.as_bytes().windows(WINDOW).collect();
        let shows = |needle: &[u8]| match needle.len() {
            WINDOW => windows.contains(needle),
            _ => std::str::from_utf8(needle).is_ok_and(|needle| text.contains(needle)),
        };
        let is_shown = |secret: &&(String, Vec<u8>)| {
            let size = WINDOW.min(secret.1.len());
            forms(&secret.1, size)
                .iter()
                .any(|form| shows(form.as_bytes()))
                || secret.1.windows(size).any(shows)
        };
        let leaked = self.0.iter().filter(is_shown);
        leaked.map(|(name, _)| name.as_str()).collect()
    }
}

/// The first bytes of each kind of secret, and those in its middle, as something else than text.
fn forms(secret: &[u8], size: usize) -> Vec<String> {
    let middle = (secret.len() - size) / 2;
    let mut forms = Vec::new();
    for part in [&secret[..size], &secret[middle..middle + size]] {
        let list = |form: fn(&u8) -> String| part.iter().map(form).collect::<Vec<_>>().join(",");
        let hexadecimal = part.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        forms.extend([
            list(|byte| format!("{byte}")),
            list(|byte| format!("{byte:x}")),
            list(|byte| format!("{byte:#x}")),
            list(|byte| format!("{byte:#04x}")),
            hexadecimal.to_uppercase(),
            hexadecimal,
        ]);
    }
    // Of base64 only the beginning has a form of its own, wherever the secret stands.
    forms.push(STANDARD_NO_PAD.encode(&secret[..size - size % 3]));
    forms.push(URL_SAFE_NO_PAD.encode(&secret[..size - size % 3]));
    forms
}
