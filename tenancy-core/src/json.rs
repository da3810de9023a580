//! JSON as tokens may use it: one object, no duplicate member at any depth, no deep nesting.
//!
//! Values borrow from the text, so that reading a token copies only what has escapes in it.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// Nesting beyond this is refused. Tokens of real providers stay below ten.
const MAX_DEPTH: u8 = 32;
/// From here on, looking for duplicates by sorting beats comparing each name with each.
const MANY_MEMBERS: usize = 24;

/// Why bytes are not one JSON object under the rules above. The position is left out on purpose: an
/// error must not describe what is inside a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JsonError;

/// A JSON value.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    /// Any other number, integers beyond `i64` included.
    Float(f64),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Object<'a>),
}

/// The members of a JSON object, each name once.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

/// Parses `text` as one JSON object (RFC 8259), strictly.
pub(crate) fn object(text: &str) -> Result<Object<'_>, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let strict = Strict {
        depth: 0,
        // A member takes sixteen characters or more, with its name and its quotes.
        members: (text.len() / 16).clamp(4, 24),
    };
    let value = strict
        .deserialize(&mut deserializer)
        .map_err(|_| JsonError)?;
    deserializer.end().map_err(|_| JsonError)?;
    match value {
        Json::Object(object) => Ok(object),
        _ => Err(JsonError),
    }
}

impl<'a> Object<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.iter()
            .find(|(member, _)| is_same(member, name))
            .map(|(_, value)| value)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Names are compared after unescaping, so `"\u0061lg"` repeats `"alg"`.
    fn has_duplicates(&self) -> bool {
        if self.0.len() < MANY_MEMBERS {
            let mut rest = self.0.as_slice();
            while let Some(((name, _), others)) = rest.split_first() {
                if others.iter().any(|(other, _)| is_same(other, name)) {
                    return true;
                }
                rest = others;
            }
            return false;
        }
        let mut names: Vec<_> = self.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        !names.is_sorted_by(|one, next| one != next)
    }
}

/// Most names of claims have three letters, and many differ in the first: that is seen sooner than by comparing
/// memory.
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.as_bytes().first() == other.as_bytes().first() && one == other
}

impl<'a> Json<'a> {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// Builds a value and refuses what the `Value` of `serde_json` lets pass: a repeated member, of which it
/// silently keeps the last.
#[derive(Clone, Copy)]
struct Strict {
    depth: u8,
    /// How many members the outermost object probably has.
    members: usize,
}

impl Strict {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Self {
            depth: self.depth + 1,
            members: self.members,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json<'de>;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "no rule tells such numbers apart"
        )]
        Ok(i64::try_from(value).map_or(Json::Float(value as f64), Json::Integer))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json<'de>, E> {
        if value.is_finite() {
            Ok(Json::Float(value))
        } else {
            Err(E::custom("number out of range"))
        }
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut object = Vec::with_capacity(if self.depth == 0 { self.members } else { 0 });
        while let Some(name) = members.next_key_seed(Name)? {
            if name == ARBITRARY_PRECISION && object.is_empty() && numbers_are_objects() {
                return number(&members.next_value::<String>()?);
            }
            object.push((name, members.next_value_seed(inner)?));
        }
        let object = Object(object);
        if object.has_duplicates() {
            return Err(de::Error::custom("duplicate member"));
        }
        Ok(Json::Object(object))
    }
}

/// How `serde_json` hands over a number when some crate of the build turns on its `arbitrary_precision`: as an
/// object with this one member.
const ARBITRARY_PRECISION: &str = "$serde_json::private::Number";

/// Whether it does so in this build. Where it does not, an object with this member is one that somebody wrote.
fn numbers_are_objects() -> bool {
    struct Probe;

    impl<'de> Visitor<'de> for Probe {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number")
        }

        fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
            Ok(false)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
            while members.next_entry::<String, String>()?.is_some() {}
            Ok(true)
        }
    }

    static ANSWER: LazyLock<bool> = LazyLock::new(|| {
        let mut number = serde_json::Deserializer::from_str("0");
        serde::Deserializer::deserialize_any(&mut number, Probe).unwrap_or_default()
    });
    *ANSWER
}

fn number<'a, E: de::Error>(text: &str) -> Result<Json<'a>, E> {
    if let Ok(integer) = text.parse() {
        return Ok(Json::Integer(integer));
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(Json::Float(float)),
        _ => Err(E::custom("number out of range")),
    }
}

/// The name of a member, borrowed unless it has escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: de::Deserializer<'de>>(self, names: D) -> Result<Cow<'de, str>, D::Error> {
        names.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read() {
        let object = object(r#" {"a": [1, -2, 3.5, null, true], "b": {"c": "\u00e9"}} "#).unwrap();
        let inner = object.get("b").and_then(Json::as_object).unwrap();
        assert_eq!(inner.get("c").and_then(Json::as_str), Some("é"));
    }

    #[test]
    fn what_tokens_may_not_contain_is_refused() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(33), "}".repeat(33));
        let hostile = format!("{}1", "[".repeat(10_000));
        for text in [
            "",
            "null",
            "[]",
            "1",
            "\"a\"",
            "[{\"a\":1}]",
            "{",
            "{} {}",
            "{}x",
            "\u{feff}{}",
            r#"{"a":1,"a":1}"#,
            r#"{"alg":1,"\u0061lg":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
            r#"{"a":1e999}"#,
            r#"{"a":NaN}"#,
            r#"{"a":"\ud800"}"#,
            "{\"a\":\"\n\"}",
            "{'a':1}",
            r#"{"a":1,}"#,
            r#"{"a":01}"#,
            deep.as_str(),
            hostile.as_str(),
        ] {
            assert_eq!(object(text).err(), Some(JsonError), "{text:.60}");
        }
    }

    /// Few members are compared with each other, many are sorted: both find the same.
    #[test]
    fn duplicates_are_found_among_few_and_among_many() {
        for members in [2, MANY_MEMBERS - 1, MANY_MEMBERS, 500] {
            let names: Vec<_> = (0..members).map(|n| format!(r#""n{n}":{n}"#)).collect();
            assert!(object(&format!("{{{}}}", names.join(","))).is_ok());
            for at in [0, members / 2, members - 1] {
                let mut doubled = names.clone();
                doubled.push(format!(r#""n{at}":0"#));
                assert!(
                    object(&format!("{{{}}}", doubled.join(","))).is_err(),
                    "{at}"
                );
            }
        }
    }
}
