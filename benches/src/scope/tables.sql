-- A thousand tenants with a hundred notes each, a tag for each note, and ten authors.
CREATE TABLE author (tenant_id text NOT NULL, id bigint NOT NULL, name text NOT NULL, PRIMARY KEY (tenant_id, id));
INSERT INTO author SELECT 'tenant-' || i / 10, i % 10, 'ada' FROM generate_series(0, 9999) AS i;
CREATE TABLE note (
    tenant_id text NOT NULL,
    id bigint NOT NULL,
    author_id bigint NOT NULL,
    body text NOT NULL,
    pinned boolean NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
INSERT INTO note SELECT 'tenant-' || i / 100, i % 100, i % 10, 'the body of a note', i % 10 = 0
    FROM generate_series(0, 99999) AS i;
CREATE TABLE tag (
    tenant_id text NOT NULL,
    note_id bigint NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (tenant_id, note_id, name)
);
INSERT INTO tag SELECT 'tenant-' || i / 100, i % 100, 'red' FROM generate_series(0, 99999) AS i;
ANALYZE;
