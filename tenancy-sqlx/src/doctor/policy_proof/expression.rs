//! Whether an expression admits rows of the tenant only, by its form.

use super::token::Token;

/// What a proof rests on.
#[derive(Debug, Clone)]
pub(super) struct Grounds<'a> {
    /// The tenant column.
    pub(super) column: &'a str,
    /// The setting that carries the tenant, in lower case.
    pub(super) setting: &'a str,
    /// Functions without arguments that answer with the tenant, each with its schema.
    pub(super) functions: Vec<Vec<Token>>,
    /// Whether `current_setting` without a schema is that of Postgres.
    pub(super) is_plain_name_safe: bool,
}

impl Grounds<'_> {
    /// Whether the expression is `column = value of the setting`, or a conjunction with that in it.
    ///
    /// Everything else may be as sound and is not proved: a disjunction, a list, a pattern, a call.
    pub(super) fn prove(&self, expression: &[Token]) -> bool {
        let expression = unwrapped(expression);
        // Inside of CASE, AND joins something else.
        if at_top(expression).any(|token| token.is_word("or") || token.is_word("case")) {
            return false;
        }
        let parts = split(expression, |token| token.is_word("and"));
        match parts.as_slice() {
            [single] => self.is_equality(single),
            parts => parts.iter().any(|part| self.prove(part)),
        }
    }

    fn is_equality(&self, expression: &[Token]) -> bool {
        let sides = split(expression, |token| token.is_operator("="));
        let [left, right] = sides.as_slice() else {
            return false;
        };
        self.is_column(left) && self.is_value(right) || self.is_column(right) && self.is_value(left)
    }

    /// A cast to text gives different texts for different tenants, whatever the type.
    fn is_column(&self, expression: &[Token]) -> bool {
        match unwrapped(expression) {
            [name] => name.is_name(self.column),
            cast => without_cast(cast, &["text", "varchar"]).is_some_and(|of| self.is_column(of)),
        }
    }

    /// Whether the expression is the tenant that is set, NULL or the empty text.
    fn is_value(&self, expression: &[Token]) -> bool {
        let expression = unwrapped(expression);
        if let [select, selected @ ..] = expression
            && select.is_word("select")
        {
            return self.is_value(match selected {
                [value @ .., r#as, Token::Word(_) | Token::Quoted(_)] if r#as.is_word("as") => {
                    value
                }
                value => value,
            });
        }
        if let Some(value) =
            without_cast(expression, &["text", "varchar", "uuid", "bigint", "int8"])
        {
            return self.is_value(value);
        }
        let Some((function, arguments)) = call(expression) else {
            return false;
        };
        let arguments = split(arguments, |token| *token == Token::Sign(','));
        match (function, arguments.as_slice()) {
            ([name], [value, nothing]) if name.is_word("nullif") => {
                self.is_value(value) && text(nothing) == Some("")
            }
            ([name], arguments) if name.is_word("current_setting") => {
                self.is_plain_name_safe && self.is_setting(arguments)
            }
            ([schema, Token::Sign('.'), name], arguments)
                if schema.is_name("pg_catalog") && name.is_name("current_setting") =>
            {
                self.is_setting(arguments)
            }
            (function, [[]]) => self.functions.iter().any(|known| known == function),
            _ => false,
        }
    }

    fn is_setting(&self, arguments: &[&[Token]]) -> bool {
        let name = match arguments {
            [name] => name,
            [name, [missing_ok]] if missing_ok.is_word("true") || missing_ok.is_word("false") => {
                name
            }
            _ => return false,
        };
        text(name).is_some_and(|name| name.to_lowercase() == self.setting)
    }

    /// Whether the body of a function is one statement that answers with the tenant.
    pub(super) fn prove_body(&self, body: &[Token]) -> bool {
        let body = match body {
            [begin, atomic, inside @ ..] if begin.is_word("begin") && atomic.is_word("atomic") => {
                inside_block(inside)
            }
            [begin, inside @ ..] if begin.is_word("begin") => inside_block(inside),
            body => Some(without_end(body)),
        };
        match body {
            Some([first, value @ ..]) if first.is_word("return") => self.is_value(value),
            Some(select @ [first, ..]) if first.is_word("select") => self.is_value(select),
            _ => false,
        }
    }
}

fn inside_block(inside: &[Token]) -> Option<&[Token]> {
    match without_end(inside) {
        [statement @ .., end] if end.is_word("end") => Some(without_end(statement)),
        _ => None,
    }
}

fn without_end(statement: &[Token]) -> &[Token] {
    match statement {
        [before @ .., Token::Sign(';')] => before,
        statement => statement,
    }
}

/// A text constant, which Postgres shows with its type.
fn text(expression: &[Token]) -> Option<&str> {
    match unwrapped(expression) {
        [Token::Text(text)] => Some(text),
        cast => text(without_cast(cast, &["text"])?),
    }
}

/// What is cast to one of `types`. A type with a length is none of them: the cast would cut.
fn without_cast<'t>(expression: &'t [Token], types: &[&str]) -> Option<&'t [Token]> {
    match expression {
        [of @ .., cast, Token::Word(name)]
            if cast.is_operator("::") && types.contains(&name.as_str()) =>
        {
            Some(of)
        }
        [of @ .., cast, character, varying]
            if cast.is_operator("::")
                && character.is_word("character")
                && varying.is_word("varying")
                && types.contains(&"varchar") =>
        {
            Some(of)
        }
        _ => None,
    }
}

/// The name and the arguments, where the expression is one call.
fn call(expression: &[Token]) -> Option<(&[Token], &[Token])> {
    let open = expression
        .iter()
        .position(|token| *token == Token::Sign('('))?;
    let (name, arguments) = expression.split_at_checked(open)?;
    let is_name =
        |token: &Token| matches!(token, Token::Word(_) | Token::Quoted(_) | Token::Sign('.'));
    if name.is_empty() || !name.iter().all(is_name) {
        return None;
    }
    Some((name, in_brackets(arguments)?))
}

/// The expression without the brackets around all of it.
fn unwrapped(mut expression: &[Token]) -> &[Token] {
    while let Some(inside) = in_brackets(expression) {
        expression = inside;
    }
    expression
}

fn in_brackets(expression: &[Token]) -> Option<&[Token]> {
    let [Token::Sign('('), inside @ .., Token::Sign(')')] = expression else {
        return None;
    };
    let mut depth = 0_usize;
    for token in inside {
        match token {
            Token::Sign('(' | '[') => depth += 1,
            Token::Sign(')' | ']') => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    (depth == 0).then_some(inside)
}

/// The tokens that stand in no bracket.
fn at_top(expression: &[Token]) -> impl Iterator<Item = &Token> {
    let mut depth = 0_usize;
    expression
        .iter()
        .filter(move |token| is_top(token, &mut depth))
}

/// The parts between the tokens for which `is_between` holds and that stand in no bracket.
fn split(expression: &[Token], is_between: impl Fn(&Token) -> bool) -> Vec<&[Token]> {
    let mut depth = 0_usize;
    expression
        .split(|token| is_top(token, &mut depth) && is_between(token))
        .collect()
}

fn is_top(token: &Token, depth: &mut usize) -> bool {
    match token {
        Token::Sign('(' | '[') => {
            *depth += 1;
            false
        }
        Token::Sign(')' | ']') => {
            *depth = depth.saturating_sub(1);
            false
        }
        _ => *depth == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;
    use super::*;

    fn grounds() -> Grounds<'static> {
        Grounds {
            column: "tenant_id",
            setting: "app.tenant",
            functions: vec![tokens("tenancy.current_tenant_id").unwrap()],
            is_plain_name_safe: true,
        }
    }

    /// As `pg_get_expr` writes them.
    #[test]
    fn an_equality_in_a_conjunction_is_proved() {
        for expression in [
            "(tenant_id = ( SELECT tenancy.current_tenant_id() AS current_tenant_id))",
            "(tenant_id = tenancy.current_tenant_id())",
            "(( SELECT tenancy.current_tenant_id() AS current_tenant_id) = tenant_id)",
            "((tenant_id)::text = ( SELECT NULLIF(current_setting('app.tenant'::text, true), ''::text) AS \"nullif\"))",
            "(tenant_id = ( SELECT (NULLIF(current_setting('App.Tenant'::text, true), ''::text))::uuid AS \"nullif\"))",
            "((tenant_id = ( SELECT (tenancy.current_tenant_id())::bigint AS current_tenant_id)) AND (body <> 'x'::text))",
            "((a OR b) AND ((c = d) AND (tenant_id = current_setting('app.tenant'::text))))",
            "((tenant_id)::character varying = (current_setting('app.tenant'::text, false))::character varying)",
        ] {
            assert!(
                grounds().prove(&tokens(expression).unwrap()),
                "{expression}"
            );
        }
    }

    #[test]
    fn nothing_else_is() {
        let own = "(tenant_id = ( SELECT tenancy.current_tenant_id() AS current_tenant_id))";
        let with_own = [
            "(OWN OR (body = 'x'::text))",
            "(NOT OWN)",
            "((NOT OWN) AND a)",
            "((OWN AND a) OR b)",
            "((OWN AND a) IS NOT TRUE)",
            "CASE WHEN OWN AND a THEN true ELSE true END",
            "(a = OWN)",
            "COALESCE(OWN, true)",
        ];
        let others = [
            "(tenant_id IS NOT NULL)",
            "(tenant_id ~~ ( SELECT tenancy.current_tenant_id() AS current_tenant_id))",
            "(tenant_id <> ( SELECT tenancy.current_tenant_id() AS current_tenant_id))",
            "(tenant_id OPERATOR(public.=) tenancy.current_tenant_id())",
            "(tenant_id = ANY (ARRAY[tenancy.current_tenant_id(), 'x'::text]))",
            "(tenant_id = COALESCE(( SELECT tenancy.current_tenant_id() AS current_tenant_id), tenant_id))",
            "(lower(tenant_id) = tenancy.current_tenant_id())",
            "((tenant_id)::character varying(3) = tenancy.current_tenant_id())",
            "(tenant_id = (tenancy.current_tenant_id())::character varying(3))",
            "(tenant_id = (tenancy.current_tenant_id())::name)",
            "(tenant_id = current_setting('app.other'::text))",
            "(tenant_id = public.current_setting('app.tenant'::text))",
            "(tenant_id = current_setting(('app.'::text || 'tenant'::text)))",
            "(tenant_id = NULLIF(current_setting('app.tenant'::text, true), 'x'::text))",
            "(tenant_id = public.current_tenant_id())",
            "(tenant_id = tenancy.current_tenant_id('x'::text))",
            "(tenant_id = ( SELECT tenancy.current_tenant_id() AS a UNION SELECT 'x'::text AS b))",
            "(tenant_id = ( SELECT note.tenant_id FROM note))",
            "(\"Tenant_id\" = tenancy.current_tenant_id())",
            "(tenant_id = tenant_id)",
            "(tenant_id = (tenancy.current_tenant_id() COLLATE loose))",
            "",
        ];
        let with_own = with_own.map(|expression| expression.replace("OWN", own));
        for expression in with_own.iter().map(String::as_str).chain(others) {
            assert!(
                !grounds().prove(&tokens(expression).unwrap()),
                "{expression}"
            );
        }
    }

    #[test]
    fn a_body_of_one_statement_is_proved() {
        for body in [
            " SELECT nullif(pg_catalog.current_setting(E'app.tenant', true), '') ",
            "SELECT current_setting('app.tenant')::uuid; -- the tenant",
            "RETURN NULLIF(current_setting('app.tenant'::text, true), ''::text)",
            "BEGIN ATOMIC\n SELECT current_setting('app.tenant'::text, true) AS current_setting;\nEND",
            "BEGIN RETURN nullif(current_setting ( 'app.tenant' ), ''); END;",
        ] {
            assert!(grounds().prove_body(&tokens(body).unwrap()), "{body}");
        }
        for body in [
            "SELECT 'a'",
            "SELECT coalesce(current_setting('app.tenant', true), 'a')",
            "SELECT set_config('app.tenant', 'a', true); SELECT current_setting('app.tenant')",
            "BEGIN IF a THEN RETURN 'x'; END IF; RETURN current_setting('app.tenant'); END",
            "DECLARE a text; BEGIN RETURN current_setting('app.tenant'); END",
            "",
        ] {
            assert!(!grounds().prove_body(&tokens(body).unwrap()), "{body}");
        }
        let unsafe_name = Grounds {
            is_plain_name_safe: false,
            ..grounds()
        };
        assert!(!unsafe_name.prove_body(&tokens("SELECT current_setting('app.tenant')").unwrap()));
        let catalog = "SELECT pg_catalog.current_setting('app.tenant')";
        assert!(unsafe_name.prove_body(&tokens(catalog).unwrap()));
    }
}
