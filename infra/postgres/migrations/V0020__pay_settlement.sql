-- Settlement: files that providers send, row by row against our payments, and daily batches of what a merchant is
-- owed.

CREATE TABLE pay.settlement_file (
    tenant_id   bigint NOT NULL,
    file_id     bigint NOT NULL DEFAULT pay.next_id(),
    provider    text NOT NULL CHECK (char_length(provider) BETWEEN 1 AND 32),
    name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    sha256      bytea NOT NULL CHECK (octet_length(sha256) = 32),
    bytes       bigint NOT NULL CHECK (bytes BETWEEN 0 AND 1073741824),
    state       text NOT NULL DEFAULT 'LOADING' CHECK (state IN ('LOADING', 'DONE')),
    uploaded_by text NOT NULL CHECK (char_length(uploaded_by) BETWEEN 1 AND 96),
    uploaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, file_id),
    CONSTRAINT settlement_file_once UNIQUE (tenant_id, provider, sha256)
);
COMMENT ON TABLE pay.settlement_file IS 'Files of providers; the same bytes count once. No personal data.';
CREATE INDEX settlement_file_by_time ON pay.settlement_file (tenant_id, uploaded_at DESC, file_id DESC);
SELECT pay.protect('pay.settlement_file');

CREATE TABLE pay.settlement_row (
    tenant_id   bigint NOT NULL,
    file_id     bigint NOT NULL,
    line_no     bigint NOT NULL CHECK (line_no BETWEEN 1 AND 10000000),
    reference   text CHECK (char_length(reference) <= 200),
    payment_key text CHECK (char_length(payment_key) <= 200),
    kind        text CHECK (kind IN ('PAYMENT', 'CANCEL')),
    currency    pay.currency,
    amount      pay.minor_units CHECK (amount >= 0),
    fee         pay.minor_units,
    settled_on  date,
    status      text NOT NULL DEFAULT 'UNMATCHED' CHECK (status IN ('MATCHED', 'UNMATCHED', 'BAD')),
    reason      text CHECK (char_length(reason) BETWEEN 1 AND 64),
    bad_text    text CHECK (char_length(bad_text) <= 400),
    payment_id  bigint,
    PRIMARY KEY (tenant_id, file_id, line_no),
    FOREIGN KEY (tenant_id, file_id) REFERENCES pay.settlement_file,
    FOREIGN KEY (tenant_id, payment_id) REFERENCES pay.payment,
    CHECK ((status = 'MATCHED') = (payment_id IS NOT NULL)),
    CHECK ((status = 'MATCHED') = (reason IS NULL)),
    CHECK (status = 'BAD' OR num_nulls(reference, kind, currency, amount, fee, settled_on) = 0)
);
COMMENT ON TABLE pay.settlement_row IS 'Rows of providers'' files and what they match. Personal: bad_text may be.';
-- A captured payment is settled once, in whatever file.
CREATE UNIQUE INDEX settlement_row_payment_once ON pay.settlement_row (tenant_id, payment_id)
    WHERE kind = 'PAYMENT' AND status = 'MATCHED';
CREATE INDEX settlement_row_of_payment ON pay.settlement_row (tenant_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX settlement_row_by_status ON pay.settlement_row (tenant_id, file_id, status, line_no);
SELECT pay.protect('pay.settlement_row');

-- A day is one of UTC.
CREATE TABLE pay.settlement_batch (
    tenant_id  bigint NOT NULL,
    batch_id   bigint NOT NULL DEFAULT pay.next_id(),
    day        date NOT NULL,
    currency   pay.currency NOT NULL,
    captures   integer NOT NULL CHECK (captures >= 0),
    refunds    integer NOT NULL CHECK (refunds >= 0),
    captured   numeric(20, 0) NOT NULL CHECK (captured >= 0), -- sums of many may leave what one amount may be
    refunded   numeric(20, 0) NOT NULL CHECK (refunded >= 0),
    fees       numeric(20, 0) NOT NULL CHECK (fees >= 0),
    net        numeric(20, 0) GENERATED ALWAYS AS (captured - refunded - fees) STORED,
    state      text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'PAID')),
    created_by text NOT NULL CHECK (char_length(created_by) BETWEEN 1 AND 96),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, batch_id),
    CONSTRAINT settlement_batch_once UNIQUE (tenant_id, day, currency)
);
COMMENT ON TABLE pay.settlement_batch IS 'What a merchant is owed for a day. No personal data.';
CREATE INDEX settlement_batch_by_time ON pay.settlement_batch (tenant_id, created_at DESC, batch_id DESC);
SELECT pay.protect('pay.settlement_batch');

CREATE TABLE pay.settlement_item (
    tenant_id   bigint NOT NULL,
    batch_id    bigint NOT NULL,
    item_id     bigint NOT NULL CHECK (item_id >= 1), -- from 1 in each batch
    kind        text NOT NULL CHECK (kind IN ('CAPTURE', 'REFUND')),
    payment_id  bigint NOT NULL,
    refund_id   bigint,
    amount      pay.minor_units NOT NULL CHECK (amount >= 1),
    fee         pay.minor_units NOT NULL CHECK (fee >= 0),
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, batch_id, item_id),
    FOREIGN KEY (tenant_id, batch_id) REFERENCES pay.settlement_batch,
    FOREIGN KEY (tenant_id, payment_id) REFERENCES pay.payment,
    FOREIGN KEY (tenant_id, refund_id) REFERENCES pay.refund,
    CHECK ((kind = 'REFUND') = (refund_id IS NOT NULL))
);
COMMENT ON TABLE pay.settlement_item IS 'Captures and refunds of a batch. No personal data.';
-- Each is settled in one batch.
CREATE UNIQUE INDEX settlement_item_capture_once ON pay.settlement_item (tenant_id, payment_id) WHERE kind = 'CAPTURE';
CREATE UNIQUE INDEX settlement_item_refund_once ON pay.settlement_item (tenant_id, refund_id) WHERE kind = 'REFUND';
CREATE INDEX settlement_item_of_payment ON pay.settlement_item (tenant_id, payment_id);
SELECT pay.protect('pay.settlement_item');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pay.settlement_item
    FOR EACH STATEMENT EXECUTE FUNCTION pay.refuse_change();

-- What happened in a span of time; entries of authorizations, which are in neither, cost nothing here.
CREATE INDEX payment_by_capture ON pay.payment (tenant_id, captured_at) WHERE captured_at IS NOT NULL;
CREATE INDEX refund_by_end ON pay.refund (tenant_id, finished_at) WHERE state = 'COMPLETED';
CREATE INDEX ledger_transaction_of_money ON pay.ledger_transaction (tenant_id, posted_at)
    WHERE kind IN ('CAPTURE', 'REFUND');

GRANT SELECT, INSERT ON pay.settlement_file, pay.settlement_row, pay.settlement_batch, pay.settlement_item TO moalog_app;
GRANT UPDATE (state) ON pay.settlement_file, pay.settlement_batch TO moalog_app;
GRANT UPDATE (status, reason, payment_id) ON pay.settlement_row TO moalog_app;
