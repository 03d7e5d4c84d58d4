-- What the benchmark writes and reads: shaped like a payment service, free of its rules. Run as the owner, repeatable.
CREATE SCHEMA IF NOT EXISTS bench;

CREATE TABLE IF NOT EXISTS bench.item (
    id    bigint PRIMARY KEY,
    name  text   NOT NULL,
    price bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS bench.payment (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id   text        NOT NULL UNIQUE,
    amount     bigint      NOT NULL CHECK (amount > 0),
    currency   text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS bench.ledger_line (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id bigint NOT NULL REFERENCES bench.payment (id) ON DELETE RESTRICT,
    account    text   NOT NULL,
    amount     bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS bench.outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text        NOT NULL,
    payload    jsonb       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO bench.item (id, name, price)
SELECT n, 'item ' || n, n * 10 FROM generate_series(1, 10000) AS n
ON CONFLICT (id) DO NOTHING;
