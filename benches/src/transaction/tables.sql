-- A thousand tenants with a hundred notes each. Half of a page is left free for new versions of its rows, which
-- Postgres then cleans up as it goes: the times of writes do not depend on when somebody vacuums.
CREATE TABLE note (
    tenant_id text NOT NULL,
    id bigint NOT NULL,
    body text NOT NULL,
    seen bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 50, autovacuum_enabled = off);
INSERT INTO note (tenant_id, id, body)
    SELECT 'tenant-' || i / 100, i, 'the body of a note' FROM generate_series(0, 99999) AS i;

-- For all tenants, without a policy.
CREATE TABLE rate (id bigint PRIMARY KEY, cents bigint NOT NULL);
INSERT INTO rate SELECT i, 42 FROM generate_series(0, 999) AS i;
