-- Payments: schema, ids, tenants and those who call for them.
--
-- A tenant is a merchant. Every table of a tenant, its unique indexes and its foreign keys begin with tenant_id; row
-- security is on and forced, also for the owner. Functions set the tenant for their own transaction and run with the
-- rights of their caller. Where no tenant is set there are no rows.
--
-- No foreign key points from busy tables to tenant: its one row would be share-locked by every payment of that
-- merchant at once. Tenants are never deleted, and a row can only be written under the tenant that is set.

CREATE SCHEMA pay;
GRANT USAGE ON SCHEMA pay TO moalog_app;

-- Ids in order of making, below 2^53: sequence * 1024 + node, as everywhere; two database nodes never make the same.
-- The node is in the sequence's own steps, so that an id costs no look-up; the sequence follows retro.node.
CREATE SEQUENCE pay.id_seq AS bigint INCREMENT 1024 START 1024000 MAXVALUE 9007199254740991 CACHE 32;
CREATE SEQUENCE pay.tenant_seq AS bigint START 1 MAXVALUE 8796093022207;
GRANT USAGE ON SEQUENCE pay.id_seq, pay.tenant_seq TO moalog_app;

CREATE FUNCTION pay.next_id() RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL UNSAFE
    AS $$ SELECT nextval('pay.id_seq') $$;

CREATE FUNCTION pay.follow_node() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- Past what sessions have taken in advance.
    PERFORM setval('pay.id_seq', (nextval('pay.id_seq') / 1024 + 1) * 1024 + NEW.number, false);
    RETURN NULL;
END
    $$;
CREATE TRIGGER pay_ids_follow_node AFTER UPDATE OF number ON retro.node
    FOR EACH ROW EXECUTE FUNCTION pay.follow_node();
SELECT setval('pay.id_seq', 1024000 + n.number, false) FROM retro.node AS n;

-- A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then random ones.
CREATE FUNCTION pay.uuid_v7() RETURNS uuid
    LANGUAGE sql VOLATILE PARALLEL SAFE
    AS $$
        SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
                   PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                   FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
    $$;

-- Microseconds since 1970: what list cursors carry, and the way back. (STABLE, or the planner would not inline them.)
CREATE FUNCTION pay.micros(p_at timestamptz) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (extract(epoch FROM p_at) * 1000000)::bigint;
CREATE FUNCTION pay.at_micros(p_micros bigint) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN timestamptz '1970-01-01 00:00:00+00' + p_micros * interval '1 microsecond';

-- Puts row security on a table of tenants. For migrations.
CREATE FUNCTION pay.protect(p_table regclass) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
    EXECUTE format(
        'CREATE POLICY own_tenant ON %s USING (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::bigint)',
        p_table);
END
    $$;
REVOKE ALL ON FUNCTION pay.protect(regclass) FROM PUBLIC;

-- Shapes of columns. Domains, because a busy table's own CHECKs are read and planned again by every statement (each
-- 15 to 50 µs), while those of a domain are kept ready by the session.
CREATE DOMAIN pay.minor_units AS bigint CHECK (VALUE BETWEEN -9007199254740991 AND 9007199254740991);
CREATE DOMAIN pay.amount AS bigint CHECK (VALUE BETWEEN 1 AND 9007199254740991);
CREATE DOMAIN pay.sum AS bigint CHECK (VALUE BETWEEN 0 AND 9007199254740991);
CREATE DOMAIN pay.currency AS text CHECK (VALUE ~ '^[A-Z]{3}$');
CREATE DOMAIN pay.seq AS integer CHECK (VALUE >= 1);
CREATE DOMAIN pay.counter AS integer CHECK (VALUE >= 0);
-- Not empty, and at most so many characters.
CREATE DOMAIN pay.text_32 AS text CHECK (char_length(VALUE) BETWEEN 1 AND 32);
CREATE DOMAIN pay.text_64 AS text CHECK (char_length(VALUE) BETWEEN 1 AND 64);
CREATE DOMAIN pay.text_96 AS text CHECK (char_length(VALUE) BETWEEN 1 AND 96);
CREATE DOMAIN pay.text_128 AS text CHECK (char_length(VALUE) BETWEEN 1 AND 128);
CREATE DOMAIN pay.text_200 AS text CHECK (char_length(VALUE) BETWEEN 1 AND 200);
CREATE DOMAIN pay.hash_256 AS bytea CHECK (octet_length(VALUE) = 32);

CREATE TABLE pay.tenant (
    tenant_id   bigint PRIMARY KEY,
    merchant_id text NOT NULL CHECK (char_length(merchant_id) BETWEEN 1 AND 32),
    state       text NOT NULL DEFAULT 'ACTIVE' CHECK (state IN ('ACTIVE', 'CLOSED')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_merchant_id_key UNIQUE (merchant_id)
);
COMMENT ON TABLE pay.tenant IS
    'Merchants, a directory that every node keeps whole. Personal: the merchant''s public name at most.';
ALTER TABLE pay.tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE pay.tenant FORCE ROW LEVEL SECURITY;
-- One's own row, or the one row whose public name is asked for.
CREATE POLICY own_tenant ON pay.tenant
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint
           OR merchant_id = current_setting('app.merchant_id', true))
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);

-- A key's secret is nowhere: it is derived from the key id by the application's master key. The id carries the
-- tenant, so that a caller is found without a directory over all keys.
CREATE TABLE pay.api_key (
    tenant_id  bigint NOT NULL REFERENCES pay.tenant,
    key_id     text NOT NULL CHECK (key_id ~ '^mk_([1-9][0-9]{0,15})_[0-9a-f]{20}$'),
    role       text NOT NULL CHECK (role IN ('MERCHANT', 'OPERATOR')),
    slot       smallint CHECK (slot IN (1, 2)), -- NULL: retired
    not_after  timestamptz NOT NULL DEFAULT 'infinity',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, key_id),
    CONSTRAINT api_key_two_live UNIQUE (tenant_id, role, slot),
    CHECK (split_part(key_id, '_', 2) = tenant_id::text)
);
COMMENT ON TABLE pay.api_key IS 'Names of keys that sign calls; at most two live ones per role. No personal data, no secrets.';
SELECT pay.protect('pay.api_key');

CREATE TABLE pay.nonce (
    tenant_id bigint NOT NULL,
    key_id    text NOT NULL,
    nonce     text NOT NULL CHECK (char_length(nonce) BETWEEN 16 AND 64),
    until     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key_id, nonce)
);
COMMENT ON TABLE pay.nonce IS 'Nonces of signed calls, remembered while the call''s timestamp is acceptable. No personal data.';
CREATE INDEX nonce_by_end ON pay.nonce (tenant_id, until);
SELECT pay.protect('pay.nonce');

GRANT SELECT, INSERT ON pay.tenant, pay.api_key TO moalog_app;
GRANT UPDATE (slot, not_after) ON pay.api_key TO moalog_app;
GRANT SELECT, INSERT, DELETE ON pay.nonce TO moalog_app;
-- A row must be lockable to be deleted past others' locks.
GRANT UPDATE (until) ON pay.nonce TO moalog_app;

-- The tenant of a merchant; NULL when there is none and none is to be made.
CREATE FUNCTION pay.tenant_by_merchant(p_merchant text, p_make boolean) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    asked text := set_config('app.merchant_id', p_merchant, true);
    found_id bigint;
BEGIN
    SELECT t.tenant_id INTO found_id FROM pay.tenant AS t WHERE t.merchant_id = asked AND t.state = 'ACTIVE';
    IF found_id IS NULL AND p_make THEN
        found_id := nextval('pay.tenant_seq');
        PERFORM set_config('app.tenant_id', found_id::text, true);
        INSERT INTO pay.tenant (tenant_id, merchant_id) VALUES (found_id, asked) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            SELECT t.tenant_id INTO found_id FROM pay.tenant AS t WHERE t.merchant_id = asked AND t.state = 'ACTIVE';
        END IF;
    END IF;
    RETURN found_id;
END
    $$;

CREATE FUNCTION pay.make_key(p_tenant bigint, p_role text, OUT outcome text, OUT key_id text)
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    random text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
    free smallint;
BEGIN
    PERFORM FROM pay.tenant AS t WHERE t.tenant_id = p_tenant AND t.state = 'ACTIVE';
    IF NOT FOUND THEN
        outcome := 'NO_TENANT';
        RETURN;
    END IF;
    -- Slots of keys that have ended are free again.
    UPDATE pay.api_key AS k SET slot = NULL
     WHERE k.tenant_id = p_tenant AND k.role = p_role AND k.slot IS NOT NULL AND k.not_after <= now();
    FOR free IN SELECT s::smallint FROM generate_series(1, 2) AS s LOOP
        -- The fixed digits of a random UUID (version, variant) are left out.
        INSERT INTO pay.api_key (tenant_id, key_id, role, slot)
        VALUES (p_tenant, 'mk_' || own || '_' || substr(random, 1, 12) || substr(random, 33, 8), p_role, free)
            ON CONFLICT DO NOTHING
        RETURNING pay.api_key.key_id INTO key_id;
        IF FOUND THEN
            outcome := 'DONE';
            RETURN;
        END IF;
    END LOOP;
    outcome := 'TWO_LIVE';
END
    $$;

CREATE FUNCTION pay.retire_key(p_tenant bigint, p_key_id text, p_not_after timestamptz) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    UPDATE pay.api_key AS k
       SET not_after = least(k.not_after, p_not_after), slot = CASE WHEN p_not_after > now() THEN k.slot END
     WHERE k.tenant_id = p_tenant AND k.key_id = p_key_id;
    RETURN CASE WHEN FOUND THEN 'DONE' ELSE 'NOT_FOUND' END;
END
    $$;

-- Lets a signed call in: the key is alive and the nonce is new. The signature has been checked before, so that the
-- key id is one that was handed out. Nothing here need survive a crash by itself: a lost nonce lets a call of the
-- last moments be repeated, which its idempotency key answers.
CREATE FUNCTION pay.admit(
    p_key_id text, p_nonce text, p_until_s bigint,
    OUT outcome text, OUT tenant_id bigint, OUT merchant_id text, OUT role text)
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    lazily text := set_config('synchronous_commit', 'off', true);
    own text := substring(p_key_id FROM '^mk_([1-9][0-9]{0,15})_[0-9a-f]{20}$');
    until timestamptz := to_timestamp(least(p_until_s, extract(epoch FROM now())::bigint + 3600));
BEGIN
    outcome := 'UNKNOWN_KEY';
    IF own IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('app.tenant_id', own, true);
    SELECT k.tenant_id, t.merchant_id, k.role INTO tenant_id, merchant_id, role
      FROM pay.api_key AS k
      JOIN pay.tenant AS t ON t.tenant_id = k.tenant_id AND t.state = 'ACTIVE'
     WHERE k.tenant_id = own::bigint AND k.key_id = p_key_id AND k.not_after > now();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO pay.nonce (tenant_id, key_id, nonce, until) VALUES (own::bigint, p_key_id, p_nonce, until)
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        outcome := 'NONCE_USED';
        RETURN;
    END IF;
    outcome := 'ADMITTED';
    -- Every 32nd call takes a few ended ones away.
    IF random() < 1.0 / 32 THEN
        DELETE FROM pay.nonce AS n
         USING (SELECT o.key_id, o.nonce FROM pay.nonce AS o
                 WHERE o.tenant_id = own::bigint AND o.until < now()
                 ORDER BY o.until LIMIT 64 FOR UPDATE SKIP LOCKED) AS ended
         WHERE n.tenant_id = own::bigint AND n.key_id = ended.key_id AND n.nonce = ended.nonce;
    END IF;
END
    $$;
