-- Two tenants that do not exist, A and B, try to reach each other's rows. Runs as the role of the service.
-- Whatever it does is rolled back with the transaction.
--
-- A block with an EXCEPTION costs more than what is tried in it. So many tables are tried by one statement, in which
-- nothing goes wrong where they are sound; only where something does, they are tried one by one.
DECLARE
    given CONSTANT jsonb := %input%;
    a CONSTANT text := given->>'a';
    b CONSTANT text := given->>'b';
    at_once CONSTANT int := 25;
    -- An error for the first row that a policy admits: operators that are not leakproof see no other. It must cost more than
    -- ten calls, or the planner takes what reads no column for leakproof and may ask it first.
    tripwire CONSTANT text := ' WHERE 1 / (CASE WHEN pg_catalog.random() + pg_catalog.random() + pg_catalog.random() + pg_catalog.random()'
        ' + pg_catalog.random() + pg_catalog.random() + pg_catalog.random() + pg_catalog.random() < 9 THEN 0 ELSE 1 END) = 1';
    -- Codes by table, the first that was found.
    found jsonb := '{}';
    blind jsonb := '{}';
    looked jsonb := '{}';
    unproven jsonb := '[]';
    -- Everything to try, and of that what waits for rows of its parents.
    targets jsonb;
    waiting jsonb;
    ready jsonb;
    -- By table: the row that was written or found, the statement that writes another for B, and why none was written.
    made jsonb := '{}';
    inserts jsonb := '{}';
    failures jsonb := '{}';
    part jsonb;
    row_made jsonb;
    ids text[];
    t record;
    one record;
    statement text;
    phase text;
    sees boolean[];
    hole boolean;
    touched bigint;
BEGIN
    -- What can wait for the end of the transaction waits for ever.
    SET CONSTRAINTS ALL DEFERRED;

    WITH RECURSIVE declared AS (
        SELECT r.oid, x.attnum AS tenant
        FROM jsonb_array_elements(given->'tables') AS d
        JOIN pg_catalog.pg_namespace n ON n.nspname = d->>'schema'
        JOIN pg_catalog.pg_class r ON r.relnamespace = n.oid AND r.relname = d->>'name' AND r.relkind IN ('r', 'p')
        JOIN pg_catalog.pg_attribute x ON x.attrelid = r.oid AND x.attname = d->>'column' AND NOT x.attisdropped),
    -- With the tables that rows of those must refer to, such as one of tenants.
    reached AS (
        SELECT d.oid, d.tenant, true AS is_declared FROM declared d
        UNION
        SELECT f.confrelid, (SELECT pair.parent FROM unnest(f.conkey, f.confkey) AS pair(child, parent) WHERE pair.child = r.tenant), false
        FROM reached r JOIN pg_catalog.pg_constraint f ON f.conrelid = r.oid AND f.contype = 'f' AND f.confrelid <> r.oid
        WHERE EXISTS (SELECT FROM pg_catalog.pg_attribute c
                      WHERE c.attrelid = r.oid AND c.attnum = ANY (f.conkey) AND (c.attnum = r.tenant OR c.attnotnull AND NOT c.atthasdef))),
    target AS (
        SELECT r.oid, (array_agg(r.tenant ORDER BY r.is_declared DESC, r.tenant))[1] AS tenant, bool_or(r.is_declared) AS is_declared
        FROM reached r GROUP BY r.oid),
    -- What a column is when domains are left out.
    base AS (
        SELECT y.oid, y.typbasetype AS base FROM pg_catalog.pg_type y WHERE y.typtype = 'd'
        UNION ALL
        SELECT base.oid, y.typbasetype FROM base JOIN pg_catalog.pg_type y ON y.oid = base.base AND y.typtype = 'd'),
    required AS (
        SELECT x.attrelid, x.attnum, quote_ident(x.attname) AS name, x.attnum = g.tenant IS TRUE AS is_tenant, k.confrelid AS parent, k.other,
               CASE
                   WHEN y.typtype = 'e' THEN
                       (SELECT quote_literal(e.enumlabel) FROM pg_catalog.pg_enum e
                        WHERE e.enumtypid = y.oid ORDER BY e.enumsortorder LIMIT 1)
                   WHEN y.typname = 'uuid' THEN quote_literal(gen_random_uuid())
                   WHEN y.typname IN ('json', 'jsonb') THEN '''{}'''
                   WHEN y.typname IN ('date', 'time', 'timetz', 'timestamp', 'timestamptz') THEN 'now()'
                   WHEN y.typcategory = 'T' THEN '''1 day'''
                   -- The name of a tenant may be a key.
                   WHEN y.typcategory = 'S' AND NOT g.is_declared THEN
                       quote_literal(CASE WHEN x.atttypmod > 4 THEN left(a, x.atttypmod - 4) ELSE a END)
                   WHEN y.typcategory = 'S' THEN '''x'''
                   WHEN y.typcategory = 'N' THEN '1'
                   WHEN y.typcategory = 'B' THEN 'false'
                   WHEN y.typcategory = 'A' THEN '''{}'''
                   WHEN y.typcategory = 'R' THEN '''empty'''
                   WHEN y.typname = 'inet' THEN '''127.0.0.1'''
                   ELSE '''''' END AS value
        FROM target g
        JOIN pg_catalog.pg_attribute x ON x.attrelid = g.oid
        JOIN pg_catalog.pg_type z ON z.oid = x.atttypid
        LEFT JOIN base s ON s.oid = z.oid AND NOT EXISTS (SELECT FROM pg_catalog.pg_type q WHERE q.oid = s.base AND q.typtype = 'd')
        JOIN pg_catalog.pg_type y ON y.oid = coalesce(s.base, z.oid)
        LEFT JOIN LATERAL (
            SELECT f.confrelid, o.attname AS other
            FROM pg_catalog.pg_constraint f
            CROSS JOIN unnest(f.conkey, f.confkey) AS pair(child, parent)
            JOIN pg_catalog.pg_attribute o ON o.attrelid = f.confrelid AND o.attnum = pair.parent
            WHERE f.conrelid = g.oid AND f.contype = 'f' AND pair.child = x.attnum AND f.confrelid <> g.oid
            -- A parent of its own says more than one that the tenant is shared with.
            ORDER BY cardinality(f.conkey), f.oid LIMIT 1) k ON true
        WHERE x.attnum > 0 AND NOT x.attisdropped AND x.attgenerated = '' AND x.attidentity = ''
          AND (x.attnum = g.tenant OR NOT x.atthasdef AND (x.attnotnull OR z.typnotnull))
          AND has_column_privilege(g.oid, x.attnum, 'INSERT')),
    written AS (
        SELECT q.attrelid, jsonb_agg(to_jsonb(q) ORDER BY q.attnum) AS columns,
               jsonb_agg(DISTINCT q.parent::text) FILTER (WHERE q.parent IS NOT NULL) AS parents
        FROM required q GROUP BY q.attrelid)
    SELECT coalesce(jsonb_agg(to_jsonb(p)), '[]') INTO targets
    FROM (
        SELECT r.oid::text AS id, g.is_declared, format('%I.%I', n.nspname, r.relname) AS ident, n.nspname || '.' || r.relname AS label,
               x.attname AS tenant_column, w.columns, coalesce(w.parents, '[]') AS parents,
               has_table_privilege(r.oid, 'SELECT') AS returns,
               has_any_column_privilege(r.oid, 'SELECT') AS readable,
               has_any_column_privilege(r.oid, 'INSERT') AS writable,
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
                 OR EXISTS (SELECT FROM pg_catalog.pg_attribute u
                            WHERE u.attrelid = r.oid AND u.attnum > 0 AND NOT u.attisdropped
                              AND u.atttypid = ANY (ARRAY(SELECT y.oid FROM pg_catalog.pg_type y WHERE y.typtype = 'd')))
                 OR EXISTS (SELECT FROM pg_catalog.pg_trigger g
                            WHERE g.tgrelid = r.oid AND NOT g.tgisinternal AND g.tgtype & 3 = 3) AS judged_before
        FROM target g
        JOIN pg_catalog.pg_class r ON r.oid = g.oid
        JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
        LEFT JOIN pg_catalog.pg_attribute x ON x.attrelid = g.oid AND x.attnum = g.tenant
        LEFT JOIN written w ON w.attrelid = g.oid
        WHERE has_schema_privilege(n.oid, 'USAGE')) p;

    -- A writes a row into every table, parents before children.
    EXECUTE given->>'select_a';
    waiting := targets;
    WHILE jsonb_array_length(waiting) > 0 LOOP
        ids := ARRAY(SELECT w->>'id' FROM jsonb_array_elements(waiting) AS w);
        SELECT jsonb_agg(w) FILTER (WHERE NOT w->'parents' ?| ids), jsonb_agg(w) FILTER (WHERE w->'parents' ?| ids) INTO ready, part
        FROM jsonb_array_elements(waiting) AS w;
        -- Where they wait for each other, some may do without.
        ready := coalesce(ready, waiting);
        waiting := CASE WHEN ready = waiting THEN '[]' ELSE coalesce(part, '[]') END;
        -- Of a shared table, a row that is there serves as well.
        FOR t IN
            SELECT r->>'id' AS id, r->>'ident' AS ident FROM jsonb_array_elements(ready) AS r
            WHERE r->>'tenant_column' IS NULL AND (r->>'readable')::boolean
        LOOP
            BEGIN
                EXECUTE format('SELECT to_jsonb(p) FROM %s p LIMIT 1', t.ident) INTO row_made;
                IF row_made IS NOT NULL THEN
                    made := made || jsonb_build_object(t.id, row_made);
                END IF;
            EXCEPTION WHEN OTHERS THEN
                NULL;
            END;
        END LOOP;
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', r->'id', 'own', format('INSERT INTO %s AS x (%s) VALUES (%s)%s', r->>'ident', c.names, c.own,
                            CASE WHEN (r->>'returns')::boolean THEN ' RETURNING to_jsonb(x) AS made' ELSE '' END),
                          'theirs', format('INSERT INTO %s (%s) VALUES (%s)', r->>'ident', c.names, c.theirs),
                          'returns', r->'returns', 'ident', r->'ident', 'is_declared', r->'is_declared')), '[]')
        INTO ready
        FROM jsonb_array_elements(ready) AS r
        CROSS JOIN LATERAL (
            SELECT string_agg(v.name, ', ' ORDER BY v.attnum) AS names,
                   string_agg(CASE WHEN v.is_tenant THEN quote_literal(a) ELSE v.value END, ', ' ORDER BY v.attnum) AS own,
                   string_agg(CASE WHEN v.is_tenant THEN quote_literal(b) ELSE v.value END, ', ' ORDER BY v.attnum) AS theirs
            FROM (SELECT q.name, q.attnum, q.is_tenant,
                         coalesce(CASE WHEN made ? q.parent THEN quote_nullable(made->q.parent->>q.other) END, q.value) AS value
                  FROM jsonb_to_recordset(r->'columns') AS q(name text, attnum int, is_tenant boolean, parent text, other text, value text)) v) c
        WHERE (r->>'writable')::boolean AND c.names IS NOT NULL AND NOT made ? (r->>'id');

        FOR t IN
            SELECT 'WITH ' || string_agg(format('i%s AS (%s)', r.nr, r.e->>'own'), ', ')
                     || format(' SELECT jsonb_build_object(%s)',
                          string_agg(CASE WHEN (r.e->>'returns')::boolean THEN format('%L, (SELECT made FROM i%s)', r.e->>'id', r.nr)
                                     ELSE format('%L, ''{}''::jsonb', r.e->>'id') END, ', ')) AS all_of_them,
                   jsonb_agg(r.e) AS each
            FROM jsonb_array_elements(ready) WITH ORDINALITY AS r(e, nr) GROUP BY (r.nr - 1) / at_once
        LOOP
            BEGIN
                EXECUTE t.all_of_them INTO part;
            EXCEPTION WHEN OTHERS THEN
                part := NULL;
            END;
            IF part IS NULL THEN
                part := '{}';
                FOR one IN
                    SELECT e->>'id' AS id, e->>'own' AS own, (e->>'returns')::boolean AS returns FROM jsonb_array_elements(t.each) AS e
                LOOP
                    BEGIN
                        row_made := NULL;
                        IF one.returns THEN
                            EXECUTE one.own INTO row_made;
                        ELSE
                            EXECUTE one.own;
                        END IF;
                        part := part || jsonb_build_object(one.id, coalesce(row_made, '{}'));
                    EXCEPTION WHEN OTHERS THEN
                        failures := failures || jsonb_build_object(one.id, SQLERRM);
                    END;
                END LOOP;
            END IF;
            made := made || part;
        END LOOP;
        SELECT inserts || coalesce(jsonb_object_agg(e->>'id', e->'theirs'), '{}') INTO inserts
        FROM jsonb_array_elements(ready) AS e WHERE made ? (e->>'id');
    END LOOP;

    -- Of a table without a row of A, what that leaves open, and which parents have none.
    SELECT unproven || coalesce(jsonb_agg(format('%s: no row could be written as a tenant (%s)%s, so only the rows that are there were tried: where '
               'there are none, it is unproven that a tenant neither sees nor changes rows of another, and everywhere, that it cannot '
               'give its rows away', e->>'ident', failures->>(e->>'id'), p.why)), '[]')
    INTO unproven
    FROM jsonb_array_elements(targets) AS e
    CROSS JOIN LATERAL (
        SELECT coalesce('; the role could not write ' || string_agg(format('the row of %s that it refers to (%s)', q->>'ident',
                   coalesce(failures->>(q->>'id'), 'it may not insert any')), ' nor ' ORDER BY q->>'ident'), '') AS why
        FROM jsonb_array_elements(targets) AS q WHERE e->'parents' ? (q->>'id') AND NOT made ? (q->>'id')) p
    WHERE (e->>'is_declared')::boolean AND failures ? (e->>'id');

    SELECT coalesce(jsonb_agg(e), '[]') INTO targets FROM jsonb_array_elements(targets) AS e WHERE (e->>'is_declared')::boolean;

    FOREACH phase IN ARRAY ARRAY['b', 'none'] LOOP
        -- B looks, and somebody who is no tenant.
        EXECUTE given->>('select_' || phase);
        SELECT format('SELECT ARRAY[%s]::boolean[]', string_agg(format('EXISTS (SELECT FROM %s)', e->>'ident'), ', ' ORDER BY nr)) INTO statement
        FROM jsonb_array_elements(targets) WITH ORDINALITY AS x(e, nr) WHERE (e->>'readable')::boolean;
        CONTINUE WHEN statement IS NULL;
        BEGIN
            EXECUTE statement INTO sees;
        EXCEPTION WHEN OTHERS THEN
            sees := NULL;
        END;
        IF sees IS NULL THEN
            sees := '{}';
            FOR t IN SELECT e->>'ident' AS ident FROM jsonb_array_elements(targets) WITH ORDINALITY AS x(e, nr)
                     WHERE (e->>'readable')::boolean ORDER BY nr
            LOOP
                hole := false;
                BEGIN
                    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', t.ident) INTO hole;
                EXCEPTION WHEN OTHERS THEN
                    -- A policy that fails without a tenant shows nothing.
                    IF phase = 'b' THEN
                        unproven := unproven || jsonb_build_array(format('%s: reading as a tenant failed (%s)', t.ident, SQLERRM));
                        failures := failures || jsonb_build_object('look at ' || t.ident, SQLERRM);
                    END IF;
                END;
                sees := sees || hole;
            END LOOP;
        END IF;
        SELECT coalesce(jsonb_object_agg(r.label, CASE phase WHEN 'b' THEN 'TNC080' ELSE 'TNC081' END), '{}') INTO part
        FROM (SELECT e->>'label' AS label, row_number() OVER (ORDER BY nr) AS nr
              FROM jsonb_array_elements(targets) WITH ORDINALITY AS x(e, nr) WHERE (e->>'readable')::boolean) r
        WHERE sees[r.nr];
        IF phase = 'b' THEN
            found := part;
        ELSE
            blind := part;
        END IF;
    END LOOP;

    -- B changes and deletes, where that could meet other rows than looking did: policies for all commands admit the same.
    IF has_table_privilege('pg_catalog.pg_policy', 'SELECT') THEN
        SELECT coalesce(jsonb_object_agg(e->>'id', true), '{}') INTO looked FROM jsonb_array_elements(targets) AS e
        WHERE (e->>'readable')::boolean AND NOT failures ? ('look at ' || (e->>'ident'))
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = (e->>'id')::oid AND p.polcmd IN ('r', 'w', 'd'));
    END IF;
    EXECUTE given->>'select_b';
    FOR t IN
        SELECT 'WITH ' || string_agg(r.commands, ', ') || ' SELECT 1' AS all_of_them,
               jsonb_agg(r.e) AS each
        FROM (SELECT e, nr, concat_ws(', ',
                     'u' || nr || ' AS (UPDATE ' || (e->>'ident') || ' SET ' || (e->>'changeable') || ' = DEFAULT' || tripwire || ')',
                     CASE WHEN (e->>'deletable')::boolean THEN 'd' || nr || ' AS (DELETE FROM ' || (e->>'ident') || tripwire || ')' END) AS commands
              FROM jsonb_array_elements(targets) WITH ORDINALITY AS x(e, nr)
              WHERE NOT found ? (e->>'label') AND NOT looked ? (e->>'id')) r
        WHERE r.commands <> '' GROUP BY (r.nr - 1) / at_once
    LOOP
        BEGIN
            EXECUTE t.all_of_them;
            CONTINUE;
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END;
        FOR one IN
            SELECT e->>'label' AS label, c.command FROM jsonb_array_elements(t.each) AS e
            CROSS JOIN LATERAL (VALUES ('UPDATE ' || (e->>'ident') || ' SET ' || (e->>'changeable') || ' = DEFAULT'),
                                       (CASE WHEN (e->>'deletable')::boolean THEN 'DELETE FROM ' || (e->>'ident') END)) AS c(command)
            WHERE c.command IS NOT NULL
        LOOP
            BEGIN
                EXECUTE one.command || tripwire;
            EXCEPTION
                WHEN division_by_zero THEN found := found || jsonb_build_object(one.label, 'TNC082');
                WHEN OTHERS THEN NULL;
            END;
        END LOOP;
    END LOOP;

    -- A writes for B, and gives B what it has.
    EXECUTE given->>'select_a';
    FOR t IN
        SELECT e->>'id' AS id, e->>'ident' AS ident, e->>'label' AS label, e->>'tenant_column' AS tenant_column,
               (e->>'insertable')::boolean AS insertable, (e->>'movable')::boolean AS movable, (e->>'judged_before')::boolean AS judged_before
        FROM jsonb_array_elements(targets) AS e WHERE NOT found ? (e->>'label')
    LOOP
        IF t.insertable THEN
            -- The row that was taken from A, for B. Or explicit nulls, so that no default is asked: the policies are
            -- asked before the constraints.
            statement := inserts->>t.id;
            IF statement IS NULL THEN
                SELECT format('INSERT INTO %s (%s) VALUES (%s)', t.ident,
                    string_agg(quote_ident(u.attname), ', ' ORDER BY u.attnum),
                    string_agg(CASE WHEN u.attname = t.tenant_column THEN quote_literal(b) ELSE 'NULL' END, ', ' ORDER BY u.attnum))
                INTO statement
                FROM pg_catalog.pg_attribute u
                WHERE u.attrelid = t.id::oid AND u.attnum > 0 AND NOT u.attisdropped AND u.attgenerated = '' AND u.attidentity = ''
                  AND has_column_privilege(t.id::oid, u.attnum, 'INSERT');
            END IF;
            BEGIN
                EXECUTE statement;
                RAISE EXCEPTION USING ERRCODE = 'TD000';
            EXCEPTION WHEN OTHERS THEN
                IF SQLSTATE IN ('TD000', '23503', '23505') OR SQLSTATE LIKE '23%' AND NOT t.judged_before THEN
                    found := found || jsonb_build_object(t.label, 'TNC083');
                    CONTINUE;
                END IF;
            END;
        END IF;
        IF t.movable THEN
            -- Without a WHERE, which would have the policies for reading judge the new row as well.
            touched := 0;
            BEGIN
                EXECUTE format('UPDATE %s SET %I = %L', t.ident, t.tenant_column, b);
                GET DIAGNOSTICS touched = ROW_COUNT;
                RAISE EXCEPTION USING ERRCODE = 'TD000';
            EXCEPTION WHEN OTHERS THEN
                IF SQLSTATE = 'TD000' AND touched > 0 OR SQLSTATE IN ('23503', '23505') OR SQLSTATE LIKE '23%' AND NOT t.judged_before THEN
                    found := found || jsonb_build_object(t.label, 'TNC084');
                END IF;
            END;
        END IF;
    END LOOP;

    -- Not by `set_config`, which the role had better not be allowed to call.
    EXECUTE format('SET LOCAL tenancy_doctor.outcome = %L', jsonb_build_object('found', blind || found, 'unproven', unproven)::text);
END
