-- Events on their way out and in, first answers, sagas.

-- Written by the statement that makes the change. aggregate_seq is counted on the aggregate's own row by that very
-- statement, so nothing else waits. A day is a partition: published ones go with it.
CREATE DOMAIN pay.aggregate AS text CHECK (VALUE IN ('payment', 'order', 'credit', 'subscription'));
CREATE DOMAIN pay.outbox_state AS text CHECK (VALUE IN ('PENDING', 'PUBLISHED', 'DEAD'));
CREATE TABLE pay.outbox_event (
    tenant_id       bigint NOT NULL,
    created_on      date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
    event_id        uuid NOT NULL DEFAULT pay.uuid_v7(),
    aggregate_type  pay.aggregate NOT NULL,
    aggregate_id    bigint NOT NULL,
    aggregate_seq   pay.seq NOT NULL,
    event_type      pay.text_64 NOT NULL,
    schema_version  smallint NOT NULL DEFAULT 1,
    payload         jsonb NOT NULL,
    traceparent     pay.text_64,
    created_at      timestamptz NOT NULL DEFAULT now(),
    state           pay.outbox_state NOT NULL DEFAULT 'PENDING',
    attempts        pay.counter NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    lease_owner     uuid, -- claim token: a write-back by an older one is refused
    lease_until     timestamptz,
    PRIMARY KEY (tenant_id, created_on, event_id)
) PARTITION BY RANGE (created_on);
COMMENT ON TABLE pay.outbox_event IS
    'Events to be published; dropped by day after a week. Personal: ids only.';
-- What is unsent, in order per aggregate.
CREATE INDEX outbox_event_unsent ON pay.outbox_event (tenant_id, aggregate_id, aggregate_seq) WHERE state = 'PENDING';
SELECT pay.protect('pay.outbox_event');
-- Takes what no day has a partition for, so that nothing is ever refused.
CREATE TABLE pay.outbox_event_other PARTITION OF pay.outbox_event DEFAULT;
COMMENT ON TABLE pay.outbox_event_other IS 'Events of days without a partition of their own. Personal: ids only.';
SELECT pay.protect('pay.outbox_event_other');

-- Makes the partitions of today and the days ahead; a day that already has rows elsewhere is left there. Runs with
-- the owner's rights, so that a job can call it.
CREATE FUNCTION pay.make_outbox_partitions(p_days_ahead integer) RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    day date;
    name text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('pay.make_outbox_partitions', 0));
    FOR day IN SELECT today + ahead FROM generate_series(0, least(p_days_ahead, 60)) AS ahead LOOP
        name := 'outbox_event_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('pay.' || name) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE pay.%I PARTITION OF pay.outbox_event FOR VALUES FROM (%L) TO (%L)',
                           name, day, day + 1);
        EXCEPTION WHEN check_violation THEN
            -- The default partition has rows of this day already.
            CONTINUE;
        END;
        EXECUTE format('COMMENT ON TABLE pay.%I IS %L', name, 'Events of one day. Personal: ids only.');
        PERFORM pay.protect(format('pay.%I', name)::regclass);
        made := made + 1;
    END LOOP;
    RETURN made;
END
    $$;
SELECT pay.make_outbox_partitions(14);

-- First answers, kept for 24 hours; the claim is made by the statement that has the effect. answer_body NULL: the
-- effect is there or under way, the answer is not known yet. payment_id: what the key is about, where it is a payment.
CREATE DOMAIN pay.stored_status AS smallint CHECK (VALUE BETWEEN 200 AND 499);
CREATE DOMAIN pay.stored_body AS text CHECK (octet_length(VALUE) <= 1048576);
CREATE TABLE pay.idempotency (
    tenant_id      bigint NOT NULL,
    endpoint       pay.text_64 NOT NULL,
    key            pay.text_64 NOT NULL,
    request_sha256 pay.hash_256 NOT NULL,
    payment_id     bigint,
    answer_status  pay.stored_status,
    answer_body    pay.stored_body,
    expires_at     timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    CONSTRAINT pay_idempotency_pkey PRIMARY KEY (tenant_id, endpoint, key)
) WITH (fillfactor = 60);
COMMENT ON TABLE pay.idempotency IS 'First answers, for 24 hours. Personal: what answers hold.';
CREATE INDEX idempotency_by_end ON pay.idempotency USING brin (expires_at) WITH (pages_per_range = 16);
SELECT pay.protect('pay.idempotency');

-- What a consumer has applied: an event counts once.
CREATE TABLE pay.inbox (
    tenant_id  bigint NOT NULL,
    consumer   text NOT NULL CHECK (char_length(consumer) BETWEEN 1 AND 64),
    event_id   uuid NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, consumer, event_id)
);
COMMENT ON TABLE pay.inbox IS 'Events that consumers have applied. No personal data.';
CREATE INDEX inbox_by_time ON pay.inbox USING brin (applied_at);
SELECT pay.protect('pay.inbox');

CREATE TABLE pay.dead_letter (
    tenant_id       bigint NOT NULL,
    letter_id       bigint NOT NULL DEFAULT pay.next_id(),
    original_topic  text NOT NULL CHECK (char_length(original_topic) BETWEEN 1 AND 128),
    partition_no    integer,
    offset_no       bigint,
    key             text,
    payload         text NOT NULL,
    error_type      text NOT NULL CHECK (char_length(error_type) BETWEEN 1 AND 128),
    error_message   text NOT NULL CHECK (char_length(error_message) <= 2000),
    attempts        integer NOT NULL CHECK (attempts >= 0),
    state           text NOT NULL DEFAULT 'DEAD' CHECK (state IN ('DEAD', 'REPLAYED', 'DISCARDED')),
    decided_by      text CHECK (char_length(decided_by) BETWEEN 1 AND 96),
    decision_reason text CHECK (char_length(decision_reason) BETWEEN 1 AND 128),
    created_at      timestamptz NOT NULL DEFAULT now(),
    decided_at      timestamptz,
    PRIMARY KEY (tenant_id, letter_id),
    CHECK ((state = 'DEAD') = (decided_at IS NULL)),
    CHECK (state <> 'DISCARDED' OR decision_reason IS NOT NULL)
);
COMMENT ON TABLE pay.dead_letter IS 'Messages that could not be worked on; kept until decided. Personal: what payloads hold.';
SELECT pay.protect('pay.dead_letter');

CREATE TABLE pay.saga_instance (
    tenant_id     bigint NOT NULL,
    saga_id       bigint NOT NULL DEFAULT pay.next_id(),
    kind          text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 64),
    order_id      bigint NOT NULL,
    state         text NOT NULL DEFAULT 'RUNNING' CHECK (state IN (
                      'RUNNING', 'COMPLETED', 'COMPENSATING', 'COMPENSATED', 'FAILED', 'NEEDS_HUMAN')),
    claim         uuid,
    claimed_until timestamptz,
    context       jsonb NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, saga_id),
    CONSTRAINT saga_instance_once UNIQUE (tenant_id, kind, order_id),
    FOREIGN KEY (tenant_id, order_id) REFERENCES pay.customer_order
);
COMMENT ON TABLE pay.saga_instance IS 'Work of several steps about an order. No personal data.';
CREATE INDEX saga_instance_of_order ON pay.saga_instance (tenant_id, order_id);
SELECT pay.protect('pay.saga_instance');

CREATE TABLE pay.saga_step (
    tenant_id   bigint NOT NULL,
    saga_id     bigint NOT NULL,
    step_no     smallint NOT NULL CHECK (step_no >= 1),
    name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    state       text NOT NULL CHECK (state IN ('STARTED', 'UNKNOWN', 'DONE', 'FAILED', 'UNDOING', 'UNDONE', 'UNDO_FAILED')),
    attempts    smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    detail      jsonb,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, saga_id, step_no),
    FOREIGN KEY (tenant_id, saga_id) REFERENCES pay.saga_instance
);
COMMENT ON TABLE pay.saga_step IS 'Steps of sagas and their undoing. No personal data.';
SELECT pay.protect('pay.saga_step');

GRANT SELECT, INSERT ON pay.outbox_event, pay.inbox, pay.dead_letter, pay.saga_instance, pay.saga_step TO moalog_app;
GRANT UPDATE (state, attempts, next_attempt_at, lease_owner, lease_until) ON pay.outbox_event TO moalog_app;
GRANT SELECT, INSERT, DELETE ON pay.idempotency TO moalog_app;
GRANT UPDATE (answer_status, answer_body, payment_id) ON pay.idempotency TO moalog_app;
GRANT DELETE ON pay.inbox TO moalog_app;
GRANT UPDATE (state, decided_by, decision_reason, decided_at) ON pay.dead_letter TO moalog_app;
GRANT UPDATE (state, claim, claimed_until, context, updated_at) ON pay.saga_instance TO moalog_app;
GRANT UPDATE (state, attempts, detail, finished_at) ON pay.saga_step TO moalog_app;
