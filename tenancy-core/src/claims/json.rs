//! JSON as tokens may use it: one object, no duplicate member at any depth, no deep nesting.

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

pub(crate) type Object = Map<String, Value>;

/// Nesting beyond this is refused. Tokens of real providers stay below ten.
const MAX_DEPTH: u8 = 32;

/// Why bytes are not one JSON object under the rules above. The position is left out on purpose: an
/// error must not describe what is inside a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JsonError;

/// Parses `bytes` as one JSON object (RFC 8259), strictly.
pub(crate) fn object(bytes: &[u8]) -> Result<Object, JsonError> {
    // serde_json checks UTF-8 only inside the strings it keeps; RFC 8259 §8.1 asks it of the whole text.
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: 0 }
        .deserialize(&mut deserializer)
        .map_err(|_| JsonError)?;
    deserializer.end().map_err(|_| JsonError)?;
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(JsonError),
    }
}

/// How `serde_json` hands over a number when some crate of the build turns on its `arbitrary_precision`: as an
/// object with this one member.
const ARBITRARY_PRECISION: &str = "$serde_json::private::Number";

fn number<E: de::Error>(text: &str) -> Result<Value, E> {
    let number: Number = text.parse().map_err(|_| E::custom("not a number"))?;
    match number.as_f64() {
        Some(value) if value.is_finite() => Ok(Value::Number(number)),
        _ => Err(E::custom("number out of range")),
    }
}

/// Builds a `Value` and refuses what `Value`'s own `Deserialize` lets pass: a repeated member, of which
/// it silently keeps the last. Names are compared after unescaping, so `"\u0061lg"` repeats `"alg"`.
#[derive(Clone, Copy)]
struct Strict {
    depth: u8,
}

impl Strict {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Object::new();
        while let Some(name) = members.next_key::<String>()? {
            if name == ARBITRARY_PRECISION && object.is_empty() {
                return number(&members.next_value::<String>()?);
            }
            let value = members.next_value_seed(inner)?;
            if object.insert(name, value).is_some() {
                return Err(de::Error::custom("duplicate member"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read() {
        let object = object(br#" {"a": [1, -2, 3.5, null, true], "b": {"c": "\u00e9"}} "#).unwrap();
        assert_eq!(object["b"]["c"], "é");
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
            assert_eq!(object(text.as_bytes()), Err(JsonError), "{text:.60}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(JsonError));
    }
}
