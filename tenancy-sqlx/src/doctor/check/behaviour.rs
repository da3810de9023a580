//! What only trying shows: a policy may mention the tenant column and the setting and still not compare them.

use super::{Check, Probe, Stage};
use crate::doctor::Severity;

pub(super) const PROBES: [Probe; 6] = [
    Probe {
        check: Check {
            code: "TNC080",
            severity: Severity::Error,
            title: "A tenant that does not exist sees rows",
            explanation: "The policies do not compare the tenant column with the setting that the service sets, whatever they look like.",
            example: "CREATE POLICY filled ON note USING (tenant_id IS NOT NULL);",
            cure: "Run the SQL of `Rls`, and drop the other permissive policies.",
        },
        stage: Stage::Posture,
        sql: "",
    },
    Probe {
        check: Check {
            code: "TNC081",
            severity: Severity::Error,
            title: "Rows are seen without a tenant",
            explanation: "With the setting empty, as it is after every transaction, rows are seen: a statement outside a tenant's transaction reads \
                          them.",
            example: "ALTER POLICY tenant_isolation ON note\n    USING (tenant_id = current_setting('app.current_tenant_id', true) OR \
                      current_setting('app.current_tenant_id', true) = '');",
            cure: "Run the SQL of `Rls`, and drop the other permissive policies.",
        },
        stage: Stage::Examination,
        sql: "",
    },
    Probe {
        check: Check {
            code: "TNC082",
            severity: Severity::Error,
            title: "A tenant that does not exist can change or delete rows",
            explanation: "Reading is closed and writing is not: an UPDATE or DELETE without a WHERE meets the rows of all tenants.",
            example: "CREATE POLICY sweeping ON note FOR DELETE USING (tenant_id IS NOT NULL);",
            cure: "Run the SQL of `Rls`, and drop the other permissive policies.",
        },
        stage: Stage::Examination,
        sql: "",
    },
    Probe {
        check: Check {
            code: "TNC083",
            severity: Severity::Error,
            title: "A tenant can write rows of another",
            explanation: "A row that names another tenant is taken: a tenant can plant rows among those of another.",
            example: "CREATE POLICY posting ON note FOR INSERT WITH CHECK (tenant_id IS NOT NULL);",
            cure: "Run the SQL of `Rls`, and drop the other permissive policies.",
        },
        stage: Stage::Examination,
        sql: "",
    },
    Probe {
        check: Check {
            code: "TNC084",
            severity: Severity::Error,
            title: "A tenant can give its rows to another",
            explanation: "An UPDATE of the tenant column is taken: a row leaves the one tenant and turns up at the other.",
            example: "ALTER POLICY tenant_isolation ON note WITH CHECK (tenant_id <> '');",
            cure: "Run the SQL of `Rls`, and drop the other permissive policies.",
        },
        stage: Stage::Examination,
        sql: "",
    },
    Probe {
        check: Check {
            code: "TNC089",
            severity: Severity::Error,
            title: "What has to be proved cannot be looked at",
            explanation: "A catalogue is closed to the role, so a pool cannot prove that tenants are apart, and does not start. A doctor reports the \
                          same as unproven and goes on.",
            example: "REVOKE SELECT ON pg_catalog.pg_policy FROM PUBLIC;",
            cure: "Grant SELECT on the catalogue to the role of the service.",
        },
        stage: Stage::Posture,
        sql: "",
    },
];
