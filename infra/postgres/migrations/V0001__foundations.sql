-- Foundations: schema, ids that two database nodes cannot make twice, claims on idempotency keys.
-- Run by the owner of the database (no superuser). The application role moalog_app owns nothing and gets exactly the
-- rights that statements need; every later migration grants for its own tables.

CREATE SCHEMA retro;
GRANT USAGE ON SCHEMA retro TO moalog_app;

-- One row: which node this database is. Ids are sequence * 1024 + node, below 2^53, so JSON numbers hold them.
CREATE TABLE retro.node (
    single boolean  PRIMARY KEY DEFAULT true CHECK (single),
    number smallint NOT NULL DEFAULT 0 CHECK (number BETWEEN 0 AND 1023)
);
COMMENT ON TABLE retro.node IS 'Which database node this is. No personal data. Withdrawal: untouched.';
INSERT INTO retro.node DEFAULT VALUES;

CREATE SEQUENCE retro.id_seq AS bigint START 1000 MAXVALUE 8796093022207 CACHE 32;

-- An id in order of making.
CREATE FUNCTION retro.next_id() RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL UNSAFE
    AS $$ SELECT nextval('retro.id_seq') * 1024 + (SELECT number FROM retro.node) $$;

-- An id that tells neither when nor after what it was made: 52 random bits. Two equal ones meet a primary key.
CREATE FUNCTION retro.random_id() RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL SAFE
    AS $$ SELECT 1 + (('x' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 8)
                           || substr(replace(gen_random_uuid()::text, '-', ''), 1, 5))::bit(52)::bigint) $$;

-- Claims on idempotency keys. A claim is inserted by the statement that has the effect, so it exists exactly when the
-- effect does. actor has no foreign key on purpose: claims outlive nothing and are swept by age.
CREATE TABLE retro.idempotency (
    actor          bigint      NOT NULL,
    endpoint       text        NOT NULL CHECK (char_length(endpoint) <= 64),
    key            text        NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    request_sha256 bytea       NOT NULL CHECK (octet_length(request_sha256) = 32),
    result         text        NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    expires_at     timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    CONSTRAINT idempotency_pkey PRIMARY KEY (actor, endpoint, key)
);
COMMENT ON TABLE retro.idempotency IS
    'First answers, kept for 24 hours. Withdrawal: erased (answers may hold what the member wrote).';
CREATE INDEX idempotency_expires_at_idx ON retro.idempotency (expires_at);

GRANT SELECT ON retro.node TO moalog_app;
GRANT USAGE ON SEQUENCE retro.id_seq TO moalog_app;
GRANT SELECT, INSERT, DELETE ON retro.idempotency TO moalog_app;
