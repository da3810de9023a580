//! What a map reads from claims, and what it refuses to guess.

use super::*;
use crate::claims::{GrantedProjects, Identity};
use crate::json::object;
use crate::{ProjectId, TenantId};

fn identify(map: &ClaimMap, claims: &str) -> Result<Identity, MapProblem> {
    map.identify(&object(claims).unwrap())
}

#[test]
fn aliases_that_agree_are_one_tenant() {
    let map = ClaimMap::new("org_id").or_tenant("organizationId");
    for claims in [
        r#"{"sub":"u","org_id":"a"}"#,
        r#"{"sub":"u","organizationId":"a"}"#,
        r#"{"sub":"u","org_id":"a","organizationId":"a"}"#,
    ] {
        assert_eq!(
            identify(&map, claims).unwrap().tenants,
            [TenantId::parse("a").unwrap()],
            "{claims}"
        );
    }
}

#[test]
fn aliases_that_differ_are_refused_in_either_order() {
    let map = ClaimMap::new("org_id").or_tenant("organizationId");
    for claims in [
        r#"{"sub":"u","org_id":"a","organizationId":"b"}"#,
        r#"{"sub":"u","organizationId":"a","org_id":"b"}"#,
    ] {
        assert_eq!(
            identify(&map, claims),
            Err(MapProblem::Tenant(OneProblem::Conflict))
        );
    }
}

#[test]
fn a_tenant_of_another_type_is_refused_even_beside_a_good_alias() {
    let map = ClaimMap::new("org_id").or_tenant("organizationId");
    for bad in [
        "null",
        "1",
        "\"\"",
        "\" a\"",
        "[\"a\"]",
        "{\"id\":\"a\"}",
        "true",
        "\"a\\u0000\"",
    ] {
        let claims = format!(r#"{{"sub":"u","organizationId":"a","org_id":{bad}}}"#);
        assert_eq!(
            identify(&map, &claims),
            Err(MapProblem::Tenant(OneProblem::Invalid)),
            "{bad}"
        );
    }
}

#[test]
fn a_claim_that_is_not_configured_is_never_read() {
    let map = ClaimMap::new("org_id");
    let claims = r#"{"sub":"u","tenant_id":"a","tenant":"a"}"#;
    assert_eq!(
        identify(&map, claims),
        Err(MapProblem::Tenant(OneProblem::Missing))
    );
}

#[test]
fn nested_and_namespaced_names_are_exact() {
    let map = ClaimMap::new(["org", "id"]).or_tenant("https://example.com/org.id");
    assert!(identify(&map, r#"{"sub":"u","org":{"id":"a"}}"#).is_ok());
    assert!(identify(&map, r#"{"sub":"u","https://example.com/org.id":"a"}"#).is_ok());
    assert!(identify(&map, r#"{"sub":"u","org.id":"a"}"#).is_err());
    // Something else than an object on the way is a value of the wrong type, not no value.
    for org in [r#""a""#, "null", r#"["id"]"#, "1"] {
        let claims = format!(r#"{{"sub":"u","org":{org},"https://example.com/org.id":"a"}}"#);
        assert_eq!(
            identify(&map, &claims),
            Err(MapProblem::Tenant(OneProblem::Invalid)),
            "{org}"
        );
    }
    let refusing = ClaimMap::new("t").refuse(["a", "b"], ["c"]);
    assert!(identify(&refusing, r#"{"sub":"u","t":"x","a":{}}"#).is_ok());
    assert!(identify(&refusing, r#"{"sub":"u","t":"x","a":"c"}"#).is_err());
}

#[test]
fn roles_are_an_array_or_one() {
    let map = ClaimMap::new("org_id").roles("roles");
    let roles =
        |claims| identify(&map, claims).map(|identity| identity.roles.everywhere().to_vec());
    assert_eq!(
        roles(r#"{"sub":"u","org_id":"a"}"#).unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(
        roles(r#"{"sub":"u","org_id":"a","roles":["x","y z"]}"#).unwrap(),
        ["x", "y z"]
    );
    assert_eq!(
        roles(r#"{"sub":"u","org_id":"a","roles":"no Admin"}"#).unwrap(),
        ["no Admin"]
    );
    for bad in ["1", "true", "null", "[1]", "[\"x\",null]"] {
        let claims = format!(r#"{{"sub":"u","org_id":"a","roles":{bad}}}"#);
        assert_eq!(identify(&map, &claims), Err(MapProblem::Roles), "{bad}");
    }
}

#[test]
fn permissions_are_an_array_or_words() {
    let map = ClaimMap::new("org_id")
        .permissions("permissions")
        .permissions("scope");
    let claims = r#"{"sub":"u","org_id":"a","permissions":["a b"],"scope":" x  y"}"#;
    assert_eq!(
        identify(&map, claims).unwrap().permissions.everywhere(),
        ["a b", "x", "y"]
    );
}

#[test]
fn a_project_may_be_absent_and_may_not_be_ambiguous() {
    let map = ClaimMap::new("org_id")
        .project("project")
        .project(["p", "id"]);
    let project = |claims| identify(&map, claims).map(|identity| identity.projects);
    assert_eq!(project(r#"{"sub":"u","org_id":"a"}"#), Ok(None));
    let (a, x) = (
        TenantId::parse("a").unwrap(),
        ProjectId::parse("x").unwrap(),
    );
    let expected = GrantedProjects::one(x, &[a]).unwrap();
    assert_eq!(
        project(r#"{"sub":"u","org_id":"a","project":"x","p":{"id":"x"}}"#),
        Ok(Some(expected))
    );
    for bad in [
        r#""project":"""#,
        r#""project":1"#,
        r#""project":"x","p":{"id":"y"}"#,
    ] {
        let claims = format!(r#"{{"sub":"u","org_id":"a",{bad}}}"#);
        assert_eq!(identify(&map, &claims), Err(MapProblem::Project), "{bad}");
    }
}

#[test]
fn projects_are_a_list_or_a_list_for_each_tenant() {
    let map = ClaimMap::of_memberships("orgs")
        .project("project")
        .projects("projects")
        .projects(["p", "ids"]);
    let of = |claims: &str, tenant| {
        let claims = format!(r#"{{"sub":"u",{claims}}}"#);
        let granted = identify(&map, &claims)?.projects;
        let tenant = TenantId::parse(tenant).unwrap();
        Ok(granted.map(|granted| {
            let projects = granted.of(&tenant).iter();
            projects.map(ToString::to_string).collect::<Vec<_>>()
        }))
    };
    for (claims, tenant, expected) in [
        (r#""orgs":["a"]"#, "a", None),
        (
            r#""orgs":["a"],"projects":["y","x","y"]"#,
            "a",
            Some(&["x", "y"][..]),
        ),
        (r#""orgs":["a"],"projects":"x""#, "a", Some(&["x"])),
        (r#""orgs":["a"],"projects":[]"#, "a", Some(&[])),
        (r#""orgs":["a"],"projects":["x"]"#, "b", Some(&[])),
        (
            r#""orgs":["a"],"projects":["x","y"],"p":{"ids":["y","x"]}"#,
            "a",
            Some(&["x", "y"]),
        ),
        (
            r#""orgs":["a"],"projects":["x","y"],"project":"y""#,
            "a",
            Some(&["y"]),
        ),
        (
            r#""orgs":["a"],"projects":{"a":["x"],"b":["y"]}"#,
            "a",
            Some(&["x"]),
        ),
        (
            r#""orgs":["a"],"projects":{"a":["x"],"b":["y"]}"#,
            "b",
            Some(&[]),
        ),
        (
            r#""orgs":["a","b"],"projects":{"a":["x"],"b":"y"}"#,
            "b",
            Some(&["y"]),
        ),
        (r#""orgs":["a","b"],"projects":{"a":["x"]}"#, "b", Some(&[])),
        (r#""orgs":["a","b"],"projects":{}"#, "a", Some(&[])),
    ] {
        let expected = expected.map(|it| it.iter().map(|&it| it.to_owned()).collect());
        assert_eq!(of(claims, tenant), Ok(expected), "{claims}");
    }
    for claims in [
        r#""orgs":["a"],"projects":null"#,
        r#""orgs":["a"],"projects":1"#,
        r#""orgs":["a"],"projects":["x",1]"#,
        r#""orgs":["a"],"projects":["x",""]"#,
        r#""orgs":["a"],"projects":[["x"]]"#,
        r#""orgs":["a"],"projects":{"a":{"x":1}}"#,
        r#""orgs":["a"],"projects":{"a":["x"],"b":1}"#,
        r#""orgs":["a"],"projects":{" ":["x"]}"#,
        r#""orgs":["a"],"projects":["x"],"p":{"ids":["y"]}"#,
        r#""orgs":["a"],"projects":["x"],"p":[]"#,
        r#""orgs":["a"],"projects":["x"],"project":"y""#,
        r#""orgs":["a"],"projects":[],"project":"y""#,
        // Whose would they be?
        r#""orgs":["a","b"],"projects":["x"]"#,
        r#""orgs":["a","b"],"projects":"x""#,
        r#""orgs":["a","b"],"project":"x""#,
        r#""orgs":["a","b"],"project":"x","projects":{"a":["x"]}"#,
    ] {
        assert_eq!(of(claims, "a"), Err(MapProblem::Project), "{claims}");
    }
}

#[test]
fn memberships_are_an_array_or_the_names_of_an_object() {
    let map = ClaimMap::of_memberships("orgs");
    for (orgs, expected) in [
        (r#"["b","a","b"]"#, &["a", "b"][..]),
        (r#"["a"]"#, &["a"]),
        (r#""a""#, &["a"]),
        (r#"{"b":{},"a":{"id":"x"}}"#, &["a", "b"]),
    ] {
        let identity = identify(&map, &format!(r#"{{"sub":"u","orgs":{orgs}}}"#)).unwrap();
        let tenants: Vec<_> = identity.tenants.iter().map(TenantId::as_str).collect();
        assert_eq!(tenants, expected, "{orgs}");
    }
    for (orgs, problem) in [
        ("[]", OneProblem::Missing),
        ("{}", OneProblem::Missing),
        ("null", OneProblem::Invalid),
        (r#""""#, OneProblem::Invalid),
        (r#"["a",1]"#, OneProblem::Invalid),
        (r#"["a",""]"#, OneProblem::Invalid),
        (r#"[["a"]]"#, OneProblem::Invalid),
    ] {
        let claims = format!(r#"{{"sub":"u","orgs":{orgs}}}"#);
        assert_eq!(
            identify(&map, &claims),
            Err(MapProblem::Tenant(problem)),
            "{orgs}"
        );
    }
}

#[test]
fn membership_ids_stand_in_a_member_of_each_entry() {
    let map = ClaimMap::of_membership_ids("orgs", "id");
    for orgs in [
        r#"[{"id":"a","role":"x"},{"id":"b"}]"#,
        r#"{"one":{"id":"a"},"two":{"id":"b"}}"#,
    ] {
        let identity = identify(&map, &format!(r#"{{"sub":"u","orgs":{orgs}}}"#)).unwrap();
        assert_eq!(identity.tenants.len(), 2, "{orgs}");
    }
    for orgs in [r#"["a"]"#, r#"[{"name":"a"}]"#, r#"{"a":{}}"#] {
        let claims = format!(r#"{{"sub":"u","orgs":{orgs}}}"#);
        assert_eq!(
            identify(&map, &claims),
            Err(MapProblem::Tenant(OneProblem::Invalid)),
            "{orgs}"
        );
    }
}

#[test]
fn the_tenant_of_a_token_is_one_of_its_memberships() {
    let map = ClaimMap::new("org_id").memberships("orgs");
    let tenants = |claims| identify(&map, claims).map(|identity| identity.tenants);
    let acme = TenantId::parse("a").unwrap();
    assert_eq!(
        tenants(r#"{"sub":"u","org_id":"a","orgs":["a","b"]}"#),
        Ok(vec![acme.clone()])
    );
    assert_eq!(tenants(r#"{"sub":"u","org_id":"a"}"#), Ok(vec![acme]));
    assert_eq!(
        tenants(r#"{"sub":"u","org_id":"a","orgs":["b"]}"#),
        Err(MapProblem::Tenant(OneProblem::Conflict))
    );
    assert_eq!(
        tenants(r#"{"sub":"u","org_id":"a","orgs":[]}"#),
        Err(MapProblem::Tenant(OneProblem::Conflict))
    );
}

#[test]
fn values_that_tell_kinds_of_tokens_apart_are_looked_at() {
    let map = ClaimMap::new("org_id")
        .require("token_use", ["access", "service"])
        .refuse("anonymous", ["true"]);
    for claims in [
        r#""token_use":"access""#,
        r#""token_use":"service","anonymous":false"#,
    ] {
        assert!(identify(&map, &format!(r#"{{"sub":"u","org_id":"a",{claims}}}"#)).is_ok());
    }
    for claims in [
        r#""other":"access""#,
        r#""token_use":"id""#,
        r#""token_use":["access"]"#,
        r#""token_use":"access","anonymous":true"#,
        r#""token_use":"access","anonymous":"true""#,
        r#""token_use":"access","anonymous":null"#,
    ] {
        let claims = format!(r#"{{"sub":"u","org_id":"a",{claims}}}"#);
        assert_eq!(identify(&map, &claims), Err(MapProblem::Value), "{claims}");
    }
}

#[test]
fn roles_and_permissions_of_several_tenants_hold_in_none_unless_they_hold_in_every() {
    let map = ClaimMap::of_memberships("orgs")
        .roles("roles")
        .permissions("scope");
    let everywhere = map.clone().roles_in_every_tenant();
    for (orgs, map, expected) in [
        (r#"["a"]"#, &map, 1),
        (r#"["a","b"]"#, &map, 0),
        (r#"["a","b"]"#, &everywhere, 1),
        (r#"["a"]"#, &everywhere, 1),
    ] {
        let claims = format!(r#"{{"sub":"u","orgs":{orgs},"roles":["Owner"],"scope":"write"}}"#);
        let identity = identify(map, &claims).unwrap();
        assert_eq!(identity.roles.count(), expected, "{orgs}");
        assert_eq!(identity.permissions.count(), expected, "{orgs}");
    }
    // Which of its tenants a token is used for may be said in the token itself.
    let map = ClaimMap::new("org").memberships("orgs").roles("roles");
    let claims = r#"{"sub":"u","org":"a","orgs":["a","b"],"roles":["Owner"]}"#;
    assert_eq!(
        identify(&map, claims).unwrap().roles.everywhere(),
        ["Owner"]
    );
}
