//! Who is judged, and what was given to the doctor.

use super::Source;

pub(super) const SOURCES: [Source; 4] = [
    Source {
        name: "input",
        sql: "SELECT $1::text::jsonb AS given",
    },
    // Those who are judged: the role that was asked about or, of the connection, both the role that logged in and
    // the one in force, for `RESET ROLE` leads back to the former.
    Source {
        name: "judged",
        sql: "SELECT r.oid, r.rolname::text AS name, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolreplication
              FROM pg_roles r CROSS JOIN input
              WHERE CASE WHEN given->>'role' IS NULL THEN r.rolname IN (current_user, session_user)
                    ELSE r.rolname = given->>'role' END",
    },
    // A superuser has every privilege. That is said once, and not again for each object. With those whom a role can
    // become without having their privileges at once, by its own name.
    Source {
        name: "plain",
        sql: "SELECT * FROM judged WHERE NOT rolsuper
              UNION
              SELECT m.oid, j.name, m.rolsuper, m.rolbypassrls, m.rolcreaterole, m.rolreplication
              FROM judged j JOIN pg_roles m ON pg_has_role(j.oid, m.oid, 'MEMBER') AND NOT pg_has_role(j.oid, m.oid, 'USAGE')
              WHERE NOT j.rolsuper AND NOT m.rolsuper",
    },
    // What a connection of the role begins with, of the two settings that matter: by role and database; by the files of
    // the server where the doctor may read them, and otherwise by what its own connection began with.
    Source {
        name: "preset",
        sql: "WITH wanted AS (
                  SELECT given->>'setting' AS name FROM input UNION ALL SELECT 'session_replication_role'),
                stored AS (
                  SELECT s.setrole, s.setdatabase, w.name, substr(c, length(w.name) + 2) AS value
                  FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS c JOIN wanted w ON starts_with(lower(c), w.name || '=')
                  WHERE s.setdatabase = 0 OR s.setdatabase = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
              SELECT CASE WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'all roles'
                       WHEN s.setrole = 0 THEN 'database ' || current_database() ELSE 'role ' || r.rolname END AS object,
                     s.name, s.value,
                     concat(CASE WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'ALTER ROLE ALL'
                              WHEN s.setrole = 0 THEN format('ALTER DATABASE %I', current_database())
                              WHEN s.setdatabase = 0 THEN format('ALTER ROLE %I', r.rolname)
                              ELSE format('ALTER ROLE %I IN DATABASE %I', r.rolname, current_database()) END,
                            ' RESET ', s.name, ';') AS fix
              FROM stored s LEFT JOIN pg_roles r ON r.oid = s.setrole
              WHERE s.setrole = 0 OR s.setrole IN (SELECT j.oid FROM judged j)
              UNION ALL
              SELECT 'setting ' || (f->>'name'), f->>'name', f->>'value',
                     format(E'-- where it stands in %s:\nALTER SYSTEM RESET %s;', f->>'file', f->>'name')
              FROM input CROSS JOIN jsonb_array_elements(CASE WHEN given->>'files' IS NULL THEN '[]' ELSE given->'files' END) AS f
              UNION ALL
              SELECT 'setting ' || w.name, w.name, current_setting(w.name, true),
                     format('-- take it out of the options of the connection, or:\nALTER SYSTEM RESET %s;', w.name)
              FROM wanted w CROSS JOIN input
              WHERE NOT EXISTS (SELECT FROM stored s JOIN pg_roles r ON r.oid = s.setrole OR s.setrole = 0
                                WHERE s.name = w.name AND r.rolname = session_user)
                AND (given->>'files' IS NULL OR EXISTS (SELECT FROM judged j WHERE j.name = session_user))",
    },
];
