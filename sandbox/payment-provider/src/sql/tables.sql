-- Everything the payment provider keeps, made on first use, before functions.sql. One statement: several instances may
-- get here at once, and the lock lets one of them in. What changes the shape gets another schema name: data of development is not migrated.
DO $make$
BEGIN
PERFORM pg_advisory_xact_lock(6148914691236517);
IF to_regclass('payment_provider_1.setting') IS NOT NULL THEN
    RETURN;
END IF;
CREATE SCHEMA IF NOT EXISTS payment_provider_1;

-- One row: how the provider behaves now.
CREATE TABLE payment_provider_1.setting (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    profile text NOT NULL,
    seed bigint NOT NULL,
    delay_ms_min integer NOT NULL,
    delay_ms_max integer NOT NULL CHECK (delay_ms_max >= delay_ms_min),
    settle_ms_min integer NOT NULL,
    settle_ms_max integer NOT NULL CHECK (settle_ms_max >= settle_ms_min),
    errors_per_million integer NOT NULL,
    settle_errors_per_million integer NOT NULL,
    -- order id or merchant, or either with /operation → case
    scripts jsonb NOT NULL DEFAULT '{}'
);
INSERT INTO payment_provider_1.setting VALUES (true, 'steady', 1, 0, 0, 0, 0, 0, 0);

-- Every attempt to take money that reached the provider, the declined ones too. Times are milliseconds since 1970.
CREATE TABLE payment_provider_1.charge (
    charge_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret uuid NOT NULL DEFAULT gen_random_uuid(),
    order_id text NOT NULL,
    idempotency_key text,
    order_name text NOT NULL,
    merchant text NOT NULL,
    method text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    balance bigint NOT NULL CHECK (balance BETWEEN 0 AND amount),
    status text NOT NULL,
    failure text,
    -- What the provider says instead of the truth, where a case asks for it.
    told_order_id text,
    told_currency text,
    told_amount bigint,
    created_ms bigint NOT NULL,
    approved_ms bigint,
    captured_ms bigint,
    capture_key text
);
-- Another key for the same order is another charge: what an application does twice must show.
CREATE UNIQUE INDEX charge_key ON payment_provider_1.charge (order_id, idempotency_key);
CREATE INDEX charge_captured ON payment_provider_1.charge USING brin (captured_ms);

CREATE TABLE payment_provider_1.cancel (
    charge_id bigint NOT NULL REFERENCES payment_provider_1.charge,
    number integer NOT NULL,
    idempotency_key text,
    amount bigint NOT NULL CHECK (amount > 0),
    balance_after bigint NOT NULL,
    reason text NOT NULL,
    canceled_ms bigint NOT NULL,
    PRIMARY KEY (charge_id, number)
);
CREATE UNIQUE INDEX cancel_key ON payment_provider_1.cancel (charge_id, idempotency_key);
CREATE INDEX cancel_time ON payment_provider_1.cancel USING brin (canceled_ms);

-- Faults that happen once per order and operation, so that a repeated call finds a provider that works again.
CREATE TABLE payment_provider_1.fault (
    order_id text NOT NULL,
    operation text NOT NULL,
    happened text NOT NULL,
    PRIMARY KEY (order_id, operation)
);

CREATE TYPE payment_provider_1.answer AS (
    refusal text,
    happens text,
    delay_ms integer,
    replayed boolean,
    charge payment_provider_1.charge,
    cancel_number integer
);
END
$make$
