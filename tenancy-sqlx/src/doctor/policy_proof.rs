//! Which policies are proved to admit rows of the tenant only, and what is told of the others.

mod expression;
mod token;

use serde::Deserialize;

use self::expression::Grounds;
use self::token::{Token, tokens};
use crate::Setting;
use crate::rls::is_tenant_function;
use crate::seal::seal_setting;

/// What the catalogues say of a permissive policy.
#[derive(Debug, Deserialize)]
struct Evidence {
    policy: String,
    column: String,
    setting: String,
    using: Option<String>,
    check: Option<String>,
    /// The restrictive policies that bind the role on the same table for the same commands.
    narrowing: Vec<Narrowing>,
    functions: Vec<Function>,
    /// Somebody made another `current_setting`, which may be found first.
    is_shadowed: bool,
}

#[derive(Debug, Deserialize)]
struct Narrowing {
    using: Option<String>,
    check: Option<String>,
}

/// A function that a policy of the table calls.
#[derive(Debug, Deserialize)]
struct Function {
    /// With its schema, as expressions show it.
    name: String,
    signature: String,
    body: Option<String>,
    takes_nothing: bool,
    /// It changes neither the setting nor the text that it answers with on the way.
    is_plain: bool,
    /// The SQL that writes it anew.
    fix: String,
}

/// What cannot be proved, and whether that is worse than a doubt.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// A setting that others may set decides.
    pub(super) is_opened: bool,
    pub(super) message: String,
    /// The function that is to blame, with the SQL that mends it, where it is not the policy.
    pub(super) function: Option<(String, String)>,
}

/// What is to be said of the policy that `evidence` describes. Nothing, if it is proved.
pub(super) fn doubt(evidence: &str) -> Option<Doubt> {
    let Ok(evidence) = serde_json::from_str::<Evidence>(evidence) else {
        return Some(Doubt {
            is_opened: false,
            message: "it could not be read".to_owned(),
            function: None,
        });
    };
    let mut grounds = Grounds {
        column: &evidence.column,
        setting: &evidence.setting,
        functions: Vec::new(),
        is_plain_name_safe: !evidence.is_shadowed,
    };
    let candidates = evidence
        .functions
        .iter()
        .filter(|function| function.takes_nothing);
    let (sound, others): (Vec<_>, Vec<_>) = candidates
        .clone()
        .partition(|function| function.answers_with_tenant(&grounds));
    // In a policy it is shown without a schema where it is that of Postgres only.
    grounds.is_plain_name_safe = true;
    grounds.functions = sound
        .iter()
        .filter_map(|function| tokens(&function.name))
        .collect();
    if evidence.is_proved(&grounds) {
        return None;
    }
    let culprit = others.into_iter().find(|function| evidence.calls(function));
    let culprit = culprit.filter(|_| {
        grounds.functions = candidates
            .filter_map(|function| tokens(&function.name))
            .collect();
        evidence.is_proved(&grounds)
    });
    let foreign = evidence.foreign_settings();
    let (policy, setting) = (&evidence.policy, &evidence.setting);
    let message = match (culprit, foreign.as_slice()) {
        (Some(_), [foreign, ..]) => {
            format!(
                "policies ask it for the tenant, and `{foreign}`, which others may set, can decide what it says"
            )
        }
        (Some(_), []) => {
            format!(
                "policies ask it for the tenant, and it cannot be proved that it answers with `{setting}` and nothing else"
            )
        }
        (None, [foreign, ..]) => format!(
            "policy `{policy}` admits rows also by `{foreign}`, which whoever writes a statement may set"
        ),
        (None, []) => format!(
            "it cannot be proved that policy `{policy}` admits rows of one tenant only: it is neither a comparison of `{}` with the setting nor a conjunction with that in it",
            evidence.column
        ),
    };
    Some(Doubt {
        is_opened: !foreign.is_empty(),
        message,
        function: culprit.map(|function| {
            (
                format!("function {}", function.signature),
                function.fix.clone(),
            )
        }),
    })
}

impl Evidence {
    /// Reading and writing each have to be proved, by the policy itself or by one that narrows it.
    fn is_proved(&self, grounds: &Grounds<'_>) -> bool {
        let proves = |text: &Option<String>| {
            let text = text.as_deref().and_then(tokens);
            text.is_some_and(|tokens| grounds.prove(&tokens))
        };
        let reading = self.using.is_none()
            || proves(&self.using)
            || self.narrowing.iter().any(|other| proves(&other.using));
        let writing = self.check.is_none()
            || proves(&self.check)
            || self.narrowing.iter().any(|other| match &other.check {
                Some(_) => proves(&other.check),
                None => proves(&other.using),
            });
        reading && writing
    }

    fn calls(&self, function: &Function) -> bool {
        let call = format!("{}(", function.name);
        let texts = [&self.using, &self.check];
        texts.into_iter().flatten().any(|text| text.contains(&call))
    }

    /// The settings that the policy, and the functions that it calls, read beside that of the tenant and its seal.
    fn foreign_settings(&self) -> Vec<String> {
        let seal = Setting::new(&self.setting).map(|setting| seal_setting(&setting));
        let called = self
            .functions
            .iter()
            .filter(|function| self.calls(function));
        let texts = [&self.using, &self.check].into_iter().flatten();
        let texts = texts.chain(called.filter_map(|function| function.body.as_ref()));
        let mut found = Vec::new();
        for text in texts.filter_map(|text| tokens(text)) {
            for window in text.windows(3) {
                let [name, Token::Sign('('), argument] = window else {
                    continue;
                };
                if !name.is_name("current_setting") {
                    continue;
                }
                let setting = match argument {
                    Token::Text(setting) => setting.to_lowercase(),
                    _ => "a setting whose name is computed".to_owned(),
                };
                if setting != self.setting && seal.as_ref().is_ok_and(|seal| setting != *seal) {
                    found.push(setting);
                }
            }
        }
        found
    }
}

impl Function {
    fn answers_with_tenant(&self, grounds: &Grounds<'_>) -> bool {
        let Some(body) = self.body.as_ref().filter(|_| self.is_plain) else {
            return false;
        };
        Setting::new(grounds.setting).is_ok_and(|setting| is_tenant_function(&setting, body))
            || tokens(body).is_some_and(|body| grounds.prove_body(&body))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OWN: &str = "(tenant_id = ( SELECT app.tenant() AS tenant))";

    fn evidence(using: &str, body: &str) -> Value {
        json!({
            "policy": "own", "column": "tenant_id", "setting": "app.current_tenant_id", "using": using, "check": null,
            "narrowing": [], "is_shadowed": false,
            "functions": [{"name": "app.tenant", "signature": "app.tenant()", "body": body, "takes_nothing": true, "is_plain": true, "fix": "mend"}],
        })
    }

    fn doubt_of(evidence: &Value) -> Option<Doubt> {
        doubt(&evidence.to_string())
    }

    #[test]
    fn a_function_that_is_not_understood_is_blamed_in_the_place_of_its_policies() {
        let sound = "SELECT current_setting('app.current_tenant_id', true)";
        assert_eq!(doubt_of(&evidence(OWN, sound)), None);
        let doubt = doubt_of(&evidence(OWN, "SELECT other()")).unwrap();
        assert!(!doubt.is_opened);
        assert_eq!(doubt.function.unwrap().1, "mend");
        let or = format!("({OWN} OR a)");
        assert_eq!(
            doubt_of(&evidence(&or, "SELECT other()")).unwrap().function,
            None
        );
        let mut changed = evidence(OWN, sound);
        changed["functions"][0]["is_plain"] = json!(false);
        assert!(doubt_of(&changed).unwrap().function.is_some());
        changed["functions"][0]["takes_nothing"] = json!(false);
        assert_eq!(doubt_of(&changed).unwrap().function, None);
    }

    #[test]
    fn a_foreign_setting_opens_what_it_does_not_narrow() {
        let sound = "SELECT current_setting('app.current_tenant_id', true)";
        let admin = "(current_setting('app.admin'::text, true) = 'on'::text)";
        let or = doubt_of(&evidence(&format!("({OWN} OR {admin})"), sound)).unwrap();
        assert!(or.is_opened && or.message.contains("`app.admin`"), "{or:?}");
        assert_eq!(
            doubt_of(&evidence(&format!("({OWN} AND {admin})"), sound)),
            None
        );
        let body = "SELECT coalesce(current_setting('app.current_tenant_id', true), current_setting('app.other', true))";
        let inside = doubt_of(&evidence(OWN, body)).unwrap();
        assert!(inside.is_opened && inside.function.is_some(), "{inside:?}");
        let computed = "SELECT current_setting($1, true)";
        assert!(doubt_of(&evidence(OWN, computed)).unwrap().is_opened);
        let sealed = "SELECT a(current_setting('app.current_tenant_id_seal', true))";
        assert!(!doubt_of(&evidence(OWN, sealed)).unwrap().is_opened);
    }

    #[test]
    fn a_restrictive_policy_may_give_the_proof() {
        let sound = "SELECT current_setting('app.current_tenant_id', true)";
        let mut loose = evidence("(tenant_id <> ''::text)", sound);
        assert!(doubt_of(&loose).is_some());
        loose["narrowing"] = json!([{"using": OWN, "check": null}]);
        assert_eq!(doubt_of(&loose), None);
        loose["check"] = json!("(tenant_id <> ''::text)");
        assert_eq!(doubt_of(&loose), None);
        loose["narrowing"] = json!([{"using": OWN, "check": "true"}]);
        assert!(doubt_of(&loose).is_some());
    }
}
