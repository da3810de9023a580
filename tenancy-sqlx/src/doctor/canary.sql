-- Two tenants that do not exist, A and B, try to reach each other's rows. Runs as the role of the service.
-- What is tried is undone at once; the row of A stays for the tries after it, until the transaction is rolled back.
DECLARE
    given CONSTANT jsonb := %input%;
    a CONSTANT text := given->>'a';
    b CONSTANT text := given->>'b';
    -- An error for the first row that a policy admits: operators that are not leakproof see no other.
    tripwire CONSTANT text := ' WHERE 1 / (CASE WHEN pg_catalog.random() < 2 THEN 0 ELSE 1 END) = 1';
    found jsonb := '[]';
    unproven jsonb := '[]';
    made jsonb := '{}';
    inserts jsonb := '{}';
    t record;
    c record;
    columns text;
    theirs text;
    statement text;
    own text;
    value text;
    hole boolean;
    touched bigint;
    parent jsonb;
BEGIN
    FOR pass IN 1..4 LOOP
        -- In later rounds, those whose parents have a row by now.
        FOR t IN
            SELECT r.oid, format('%I.%I', n.nspname, r.relname) AS ident, d->>'column' AS tenant_column
            FROM jsonb_array_elements(given->'tables') AS d
            JOIN pg_catalog.pg_namespace n ON n.nspname = d->>'schema'
            JOIN pg_catalog.pg_class r ON r.relnamespace = n.oid AND r.relname = d->>'name'
            WHERE NOT made ? r.oid::text AND has_schema_privilege(n.oid, 'USAGE')
              AND has_any_column_privilege(r.oid, 'INSERT')
        LOOP
            columns := NULL;
            own := NULL;
            theirs := NULL;
            FOR c IN
                SELECT x.attname, x.attnum, y.typname, y.typcategory, y.typtype, x.atttypid, x.atttypmod,
                       k.confrelid, k.other
                FROM pg_catalog.pg_attribute x
                JOIN pg_catalog.pg_type z ON z.oid = x.atttypid
                JOIN pg_catalog.pg_type y ON y.oid = coalesce(nullif(z.typbasetype, 0), z.oid)
                LEFT JOIN LATERAL (
                    SELECT f.confrelid, o.attname AS other
                    FROM pg_catalog.pg_constraint f
                    CROSS JOIN unnest(f.conkey, f.confkey) AS pair(child, parent)
                    JOIN pg_catalog.pg_attribute o ON o.attrelid = f.confrelid AND o.attnum = pair.parent
                    WHERE f.conrelid = t.oid AND f.contype = 'f' AND pair.child = x.attnum AND f.confrelid <> t.oid
                    LIMIT 1) k ON true
                WHERE x.attrelid = t.oid AND x.attnum > 0 AND NOT x.attisdropped AND x.attgenerated = '' AND x.attidentity = ''
                  AND (x.attname = t.tenant_column OR NOT x.atthasdef AND (x.attnotnull OR z.typnotnull))
                  AND has_column_privilege(t.oid, x.attnum, 'INSERT')
                ORDER BY x.attnum
            LOOP
                IF c.attname = t.tenant_column THEN
                    value := quote_literal(a);
                ELSE
                    parent := CASE WHEN c.confrelid IS NOT NULL THEN made->(c.confrelid::text) END;
                    IF parent IS NULL AND c.confrelid IS NOT NULL THEN
                        BEGIN
                            EXECUTE format('SELECT to_jsonb(p) FROM %s p LIMIT 1', c.confrelid::regclass) INTO parent;
                        EXCEPTION WHEN OTHERS THEN
                            NULL;
                        END;
                    END IF;
                    value := CASE
                        WHEN parent IS NOT NULL THEN quote_nullable(parent->>c.other)
                        WHEN c.typtype = 'e' THEN
                            (SELECT quote_literal(e.enumlabel) FROM pg_catalog.pg_enum e
                             WHERE e.enumtypid = c.atttypid ORDER BY e.enumsortorder LIMIT 1)
                        WHEN c.typname = 'uuid' THEN quote_literal(gen_random_uuid())
                        WHEN c.typname IN ('json', 'jsonb') THEN '''{}'''
                        WHEN c.typname IN ('date', 'time', 'timetz', 'timestamp', 'timestamptz') THEN 'now()'
                        WHEN c.typcategory = 'T' THEN '''1 day'''
                        WHEN c.typcategory = 'S' THEN '''x'''
                        WHEN c.typcategory = 'N' THEN '1'
                        WHEN c.typcategory = 'B' THEN 'false'
                        WHEN c.typcategory = 'A' THEN '''{}'''
                        WHEN c.typcategory = 'R' THEN '''empty'''
                        WHEN c.typname = 'inet' THEN '''127.0.0.1'''
                        ELSE '''''' END;
                END IF;
                columns := concat_ws(', ', columns, quote_ident(c.attname));
                own := concat_ws(', ', own, value);
                theirs := concat_ws(', ', theirs, CASE WHEN c.attname = t.tenant_column THEN quote_literal(b) ELSE value END);
            END LOOP;
            BEGIN
                EXECUTE given->>'select_a';
                IF has_table_privilege(t.oid, 'SELECT') THEN
                    EXECUTE format('INSERT INTO %s AS x (%s) VALUES (%s) RETURNING to_jsonb(x)', t.ident, columns, own) INTO parent;
                ELSE
                    EXECUTE format('INSERT INTO %s (%s) VALUES (%s)', t.ident, columns, own);
                    parent := '{}';
                END IF;
                made := made || jsonb_build_object(t.oid::text, coalesce(parent, '{}'));
                inserts := inserts || jsonb_build_object(t.oid::text, format('INSERT INTO %s (%s) VALUES (%s)', t.ident, columns, theirs));
            EXCEPTION WHEN OTHERS THEN
                IF pass = 4 THEN
                    unproven := unproven || jsonb_build_array(format('%s: no row could be written as a tenant (%s), so only the rows that '
                        'are there were tried', t.ident, SQLERRM));
                END IF;
            END;
        END LOOP;
    END LOOP;

    FOR t IN
        SELECT r.oid, r.relkind, format('%I.%I', n.nspname, r.relname) AS ident, n.nspname || '.' || r.relname AS label,
               d->>'column' AS tenant_column,
               has_any_column_privilege(r.oid, 'SELECT') AS readable,
               has_table_privilege(r.oid, 'DELETE') AS deletable,
               has_column_privilege(r.oid, x.attnum, 'INSERT') AS insertable,
               has_column_privilege(r.oid, x.attnum, 'UPDATE') AS movable,
               (SELECT quote_ident(u.attname) FROM pg_catalog.pg_attribute u
                WHERE u.attrelid = r.oid AND u.attnum > 0 AND NOT u.attisdropped AND u.attgenerated = ''
                  AND has_column_privilege(r.oid, u.attnum, 'UPDATE')
                ORDER BY u.attnum = x.attnum, u.attnum LIMIT 1) AS changeable,
               -- Where a value may be judged before the policies are asked, a complaint about it proves nothing. Keys are
               -- judged after.
               r.relkind = 'p'
                 OR EXISTS (SELECT FROM pg_catalog.pg_attribute u JOIN pg_catalog.pg_type y ON y.oid = u.atttypid
                            WHERE u.attrelid = r.oid AND u.attnum > 0 AND NOT u.attisdropped AND y.typtype = 'd')
                 OR EXISTS (SELECT FROM pg_catalog.pg_trigger g
                            WHERE g.tgrelid = r.oid AND NOT g.tgisinternal AND g.tgtype & 3 = 3) AS judged_before
        FROM jsonb_array_elements(given->'tables') AS d
        JOIN pg_catalog.pg_namespace n ON n.nspname = d->>'schema'
        JOIN pg_catalog.pg_class r ON r.relnamespace = n.oid AND r.relname = d->>'name' AND r.relkind IN ('r', 'p')
        JOIN pg_catalog.pg_attribute x ON x.attrelid = r.oid AND x.attname = d->>'column'
        WHERE has_schema_privilege(n.oid, 'USAGE')
    LOOP
        hole := false;
        IF t.readable THEN
            BEGIN
                EXECUTE given->>'select_b';
                EXECUTE format('SELECT EXISTS (SELECT FROM %s)', t.ident) INTO hole;
            EXCEPTION WHEN OTHERS THEN
                unproven := unproven || jsonb_build_array(format('%s: reading as a tenant failed (%s)', t.ident, SQLERRM));
            END;
            IF hole THEN
                found := found || jsonb_build_array(jsonb_build_array('TNC080', t.label));
                CONTINUE;
            END IF;
        END IF;

        IF t.changeable IS NOT NULL THEN
            BEGIN
                EXECUTE given->>'select_b';
                EXECUTE format('UPDATE %s SET %s = DEFAULT', t.ident, t.changeable) || tripwire;
                RAISE EXCEPTION USING ERRCODE = 'TD000';
            EXCEPTION
                WHEN division_by_zero THEN hole := true;
                WHEN OTHERS THEN NULL;
            END;
        END IF;
        IF t.deletable AND NOT hole THEN
            BEGIN
                EXECUTE given->>'select_b';
                EXECUTE format('DELETE FROM %s', t.ident) || tripwire;
                RAISE EXCEPTION USING ERRCODE = 'TD000';
            EXCEPTION
                WHEN division_by_zero THEN hole := true;
                WHEN OTHERS THEN NULL;
            END;
        END IF;
        IF hole THEN
            found := found || jsonb_build_array(jsonb_build_array('TNC082', t.label));
            CONTINUE;
        END IF;

        IF t.insertable THEN
            -- The row that was taken from A, for B. Or explicit nulls, so that no default is asked: the policies are
            -- asked before the constraints.
            IF inserts ? t.oid::text THEN
                statement := inserts->>(t.oid::text);
            ELSE
                SELECT format('INSERT INTO %s (%s) VALUES (%s)', t.ident,
                    string_agg(quote_ident(u.attname), ', ' ORDER BY u.attnum),
                    string_agg(CASE WHEN u.attname = t.tenant_column THEN quote_literal(b) ELSE 'NULL' END, ', ' ORDER BY u.attnum))
                INTO statement
                FROM pg_catalog.pg_attribute u
                WHERE u.attrelid = t.oid AND u.attnum > 0 AND NOT u.attisdropped AND u.attgenerated = '' AND u.attidentity = ''
                  AND has_column_privilege(t.oid, u.attnum, 'INSERT');
            END IF;
            BEGIN
                EXECUTE given->>'select_a';
                EXECUTE statement;
                RAISE EXCEPTION USING ERRCODE = 'TD000';
            EXCEPTION WHEN OTHERS THEN
                hole := SQLSTATE IN ('TD000', '23503', '23505') OR SQLSTATE LIKE '23%' AND NOT t.judged_before;
            END;
            IF hole THEN
                found := found || jsonb_build_array(jsonb_build_array('TNC083', t.label));
                CONTINUE;
            END IF;
        END IF;

        IF t.movable THEN
            -- Without a WHERE, which would have the policies for reading judge the new row as well.
            BEGIN
                EXECUTE given->>'select_a';
                EXECUTE format('UPDATE %s SET %I = %L', t.ident, t.tenant_column, b);
                GET DIAGNOSTICS touched = ROW_COUNT;
                RAISE EXCEPTION USING ERRCODE = 'TD000';
            EXCEPTION WHEN OTHERS THEN
                hole := SQLSTATE = 'TD000' AND touched > 0 OR SQLSTATE IN ('23503', '23505')
                    OR SQLSTATE LIKE '23%' AND NOT t.judged_before;
            END;
            IF hole THEN
                found := found || jsonb_build_array(jsonb_build_array('TNC084', t.label));
                CONTINUE;
            END IF;
        END IF;

        IF t.readable THEN
            BEGIN
                EXECUTE given->>'select_none';
                EXECUTE format('SELECT EXISTS (SELECT FROM %s)', t.ident) INTO hole;
            EXCEPTION WHEN OTHERS THEN
                -- A policy that fails without a tenant shows nothing.
                NULL;
            END;
            IF hole THEN
                found := found || jsonb_build_array(jsonb_build_array('TNC081', t.label));
            END IF;
        END IF;
    END LOOP;
    -- Not by `set_config`, which the role had better not be allowed to call.
    EXECUTE format('SET LOCAL tenancy_doctor.outcome = %L', jsonb_build_object('found', found, 'unproven', unproven)::text);
END
