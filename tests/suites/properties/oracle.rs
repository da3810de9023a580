//! Which claims are acceptable, said a second time: slowly, over a tree that may repeat a member, and without
//! a line of the library.

use std::fmt::Write as _;

use serde_json::Value;
use tenancy_core::ClaimMap;

pub(super) const NAME: &str = "https://issuer.example";
pub(super) const AUDIENCE: &str = "us";
pub(super) const NOW: i64 = 1_700_000_000;
/// The defaults of an `Issuer`.
const LEEWAY: i64 = 60;
const MAX_LIFETIME: i64 = 366 * 86_400;

/// The map that [`judge`] knows.
pub(super) fn map() -> ClaimMap {
    ClaimMap::new("tenant_id")
        .or_tenant(["org", "id"])
        .project("project_id")
        .roles("roles")
        .permissions("scope")
}

/// A JSON value as it is written, repeated members included.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Who acts for whom, as the claims say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) tenant: String,
    pub(super) project: Option<String>,
    pub(super) subject: String,
    pub(super) roles: Vec<String>,
    pub(super) permissions: Vec<String>,
    pub(super) token_id: Option<String>,
}

/// What a token with these claims and a good signature says at [`NOW`]. `None` when it must be refused.
pub(super) fn judge(claims: &Json) -> Option<Who> {
    let is_strict = claims.depth() <= 32 && !claims.repeats_a_member();
    let is_for_us = claims.get("iss")?.text()? == NAME && is_audience(claims.get("aud")?);
    let is_bound = claims.get("cnf").is_some();
    if !is_strict || !is_for_us || is_bound || !is_in_time(claims)? {
        return None;
    }
    let tenant = tenant(claims)?;
    Some(Who {
        project: match claims.get("project_id") {
            None => None,
            Some(project) => Some(identifier(project)?),
        },
        subject: identifier(claims.get("sub")?)?,
        roles: words(claims.get("roles"), &tenant, |role| vec![role.to_owned()])?,
        permissions: words(claims.get("scope"), &tenant, |scope| {
            scope.split_ascii_whitespace().map(str::to_owned).collect()
        })?,
        token_id: match claims.get("jti") {
            None => None,
            Some(Json::Text(id)) if !id.is_empty() => Some(id.clone()),
            Some(_) => return None,
        },
        tenant,
    })
}

/// A list, or the list of this tenant in an object of lists.
fn words(
    claim: Option<&Json>,
    tenant: &str,
    of_text: fn(&str) -> Vec<String>,
) -> Option<Vec<String>> {
    let list = |claim: &Json| match claim {
        Json::Text(text) => Some(of_text(text)),
        other => texts(other),
    };
    let Some(Json::Object(by_tenant)) = claim else {
        return claim.map_or(Some(Vec::new()), list);
    };
    let mut own = Vec::new();
    for (id, claim) in by_tenant {
        let (id, words) = (identifier(&Json::Text(id.clone()))?, list(claim)?);
        if id == tenant {
            own = words;
        }
    }
    Some(own)
}

fn is_audience(aud: &Json) -> bool {
    match aud {
        Json::Text(one) => one == AUDIENCE,
        several => texts(several).is_some_and(|all| all.iter().any(|one| one == AUDIENCE)),
    }
}

fn is_in_time(claims: &Json) -> Option<bool> {
    let exp = claims.get("exp")?;
    // A token that expires between two seconds is refused from the earlier one on.
    let mut is_in_time =
        exp.is_at_least(NOW - LEEWAY + 1)? && !exp.is_at_least(NOW + MAX_LIFETIME + 1)?;
    for start in ["nbf", "iat"] {
        if let Some(start) = claims.get(start) {
            is_in_time &= start.is_at_most(NOW + LEEWAY)?;
        }
    }
    Some(is_in_time)
}

fn tenant(claims: &Json) -> Option<String> {
    let named = claims.get("tenant_id");
    let nested = claims.get("org").and_then(|org| org.get("id"));
    match (named, nested) {
        (Some(one), Some(other)) if one != other => None,
        (Some(tenant), _) | (None, Some(tenant)) => identifier(tenant),
        (None, None) => None,
    }
}

fn identifier(value: &Json) -> Option<String> {
    let text = value.text()?;
    let is_sound = (1..=255).contains(&text.len())
        && text.trim() == text
        && !text.chars().any(char::is_control);
    is_sound.then(|| text.to_owned())
}

fn texts(value: &Json) -> Option<Vec<String>> {
    let Json::Array(items) = value else {
        return None;
    };
    items
        .iter()
        .map(|item| item.text().map(str::to_owned))
        .collect()
}

impl Json {
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else {
            return None;
        };
        let member = members.iter().find(|(member, _)| member == name);
        member.map(|(_, value)| value)
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(members) => {
                1 + members
                    .iter()
                    .map(|(_, value)| value.depth())
                    .max()
                    .unwrap_or(0)
            }
            _ => 0,
        }
    }

    fn repeats_a_member(&self) -> bool {
        match self {
            Self::Array(items) => items.iter().any(Self::repeats_a_member),
            Self::Object(members) => {
                let names = members.iter().map(|(name, _)| name);
                let distinct: std::collections::BTreeSet<_> = names.collect();
                distinct.len() < members.len()
                    || members.iter().any(|(_, value)| value.repeats_a_member())
            }
            _ => false,
        }
    }

    /// `None` when it is no point of time.
    fn is_at_least(&self, seconds: i64) -> Option<bool> {
        match self {
            Self::Int(int) => Some(*int >= seconds),
            Self::Float(float) => is_point_of_time(*float).then(|| *float >= exactly(seconds)),
            _ => None,
        }
    }

    fn is_at_most(&self, seconds: i64) -> Option<bool> {
        match self {
            Self::Int(int) => Some(*int <= seconds),
            Self::Float(float) => is_point_of_time(*float).then(|| *float <= exactly(seconds)),
            _ => None,
        }
    }

    /// The text of the value. `noise` decides which characters of names and texts are escaped and where there
    /// is white space; with 0 there is neither.
    pub(super) fn write(&self, noise: u64) -> String {
        let mut text = String::new();
        self.write_to(&mut text, &mut Noise(noise));
        text
    }

    fn write_to(&self, text: &mut String, noise: &mut Noise) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(bool) => text.push_str(if *bool { "true" } else { "false" }),
            Self::Int(int) => text.push_str(&int.to_string()),
            Self::Float(float) => text.push_str(&Value::from(*float).to_string()),
            Self::Text(string) => quote(string, text, noise),
            Self::Array(items) => {
                text.push('[');
                for (at, item) in items.iter().enumerate() {
                    separate(at, text, noise);
                    item.write_to(text, noise);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    separate(at, text, noise);
                    quote(name, text, noise);
                    text.push(':');
                    value.write_to(text, noise);
                }
                text.push('}');
            }
        }
    }
}

/// Beyond 2^53 a double no longer tells one second from the next.
fn is_point_of_time(float: f64) -> bool {
    float.abs() <= 9_007_199_254_740_992.0
}

#[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
fn exactly(seconds: i64) -> f64 {
    seconds as f64
}

fn quote(string: &str, text: &mut String, noise: &mut Noise) {
    text.push('"');
    for c in string.chars() {
        let must = c < ' ' || c == '"' || c == '\\';
        if must || noise.pick(&[false, false, false, true]) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text.push('"');
}

fn separate(at: usize, text: &mut String, noise: &mut Noise) {
    text.push_str(if at == 0 { "" } else { "," });
    text.push_str(noise.pick(&["", "", "", " ", "\n\t", "\r\n"]));
}

/// Choices that follow from one number.
struct Noise(u64);

impl Noise {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        if self.0 != 0 {
            // xorshift64 (Marsaglia 2003), which never gets to 0.
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
        }
        let at = usize::try_from(self.0 >> 32).unwrap_or_default() % from.len();
        from[at]
    }
}

/// Repeated members are gone then: good for "accepted only if", not for "accepted if".
impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(int), _) => Self::Int(int),
                (None, float) => Self::Float(float.unwrap_or(f64::NAN)),
            },
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, value)| (name.clone(), value.into()));
                Self::Object(members.collect())
            }
        }
    }
}
