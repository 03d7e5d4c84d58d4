-- Orders, payments, their moves and refunds.
--
-- A payment's state moves along pay.may_move and no other way; one statement may pass several listed moves, each of
-- which has its row in payment_history. Lock order of every statement: order, payment, refund.

-- The listed moves; rules-payment holds the same list, a test holds them equal.
CREATE FUNCTION pay.may_move(p_from text, p_to text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN p_from || '>' || p_to = ANY (ARRAY[
        'REQUESTED>AUTHORIZED', 'REQUESTED>AUTH_FAILED', 'REQUESTED>AUTH_UNKNOWN', 'REQUESTED>EXPIRED',
        'AUTH_UNKNOWN>AUTHORIZED', 'AUTH_UNKNOWN>AUTH_FAILED', 'AUTH_UNKNOWN>VOIDED',
        'AUTHORIZED>CAPTURE_REQUESTED', 'AUTHORIZED>VOIDED', 'AUTHORIZED>EXPIRED',
        'CAPTURE_REQUESTED>CAPTURED', 'CAPTURE_REQUESTED>CAPTURE_FAILED',
        'CAPTURE_FAILED>CAPTURE_REQUESTED', 'CAPTURE_FAILED>VOIDED',
        'CAPTURED>REFUND_REQUESTED',
        'REFUND_REQUESTED>PARTIALLY_REFUNDED', 'REFUND_REQUESTED>REFUNDED', 'REFUND_REQUESTED>CAPTURED',
        'PARTIALLY_REFUNDED>REFUND_REQUESTED']);

-- How many listed moves lie between two states where one statement may pass through; NULL: it may not.
CREATE FUNCTION pay.moves_between(p_from text, p_to text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN pay.may_move(p_from, p_to) THEN 1
        -- Authorized and at once asked for.
        WHEN p_from IN ('REQUESTED', 'AUTH_UNKNOWN') AND p_to = 'CAPTURE_REQUESTED' THEN 2
        -- A provider that authorizes and captures in one.
        WHEN p_from IN ('REQUESTED', 'AUTH_UNKNOWN') AND p_to = 'CAPTURED' THEN 3
    END;

CREATE FUNCTION pay.may_move_order(p_from text, p_to text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN p_from || '>' || p_to = ANY (ARRAY[
        'PENDING>PAID', 'PENDING>CANCELLED', 'PENDING>FAILED', 'PAID>COMPLETED', 'PAID>FAILED']);

CREATE TABLE pay.customer_order (
    tenant_id    bigint NOT NULL,
    order_id     bigint NOT NULL DEFAULT pay.next_id(),
    user_id      text NOT NULL CHECK (char_length(user_id) BETWEEN 1 AND 64),
    state        text NOT NULL DEFAULT 'PENDING'
                 CHECK (state IN ('PENDING', 'PAID', 'COMPLETED', 'CANCELLED', 'FAILED')),
    currency     pay.currency NOT NULL,
    total_amount pay.minor_units NOT NULL CHECK (total_amount >= 1),
    metadata     jsonb CHECK (jsonb_typeof(metadata) = 'object' AND octet_length(metadata::text) <= 8192),
    event_seq    integer NOT NULL DEFAULT 0 CHECK (event_seq >= 0),
    created_by   text NOT NULL CHECK (char_length(created_by) BETWEEN 1 AND 96),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, order_id)
);
COMMENT ON TABLE pay.customer_order IS
    'Orders; amounts of payments come from here. Personal: user_id and metadata as the merchant sent them.';
CREATE INDEX customer_order_by_time ON pay.customer_order (tenant_id, created_at DESC, order_id DESC);
CREATE INDEX customer_order_of_user ON pay.customer_order (tenant_id, user_id, created_at DESC, order_id DESC);
SELECT pay.protect('pay.customer_order');

CREATE TABLE pay.order_line (
    tenant_id    bigint NOT NULL,
    order_id     bigint NOT NULL,
    line_no      smallint NOT NULL CHECK (line_no BETWEEN 1 AND 100),
    product_id   text NOT NULL CHECK (char_length(product_id) BETWEEN 1 AND 64),
    product_name text NOT NULL CHECK (char_length(product_name) BETWEEN 1 AND 200),
    quantity     bigint NOT NULL CHECK (quantity BETWEEN 1 AND 100000),
    unit_price   pay.minor_units NOT NULL CHECK (unit_price >= 0),
    PRIMARY KEY (tenant_id, order_id, line_no),
    FOREIGN KEY (tenant_id, order_id) REFERENCES pay.customer_order
);
COMMENT ON TABLE pay.order_line IS 'What was ordered, never edited. No personal data by itself.';
SELECT pay.protect('pay.order_line');

CREATE DOMAIN pay.payment_state AS text CHECK (VALUE = ANY (ARRAY[
    'REQUESTED', 'AUTH_UNKNOWN', 'AUTHORIZED', 'AUTH_FAILED', 'EXPIRED', 'VOIDED', 'CAPTURE_REQUESTED',
    'CAPTURE_FAILED', 'CAPTURED', 'REFUND_REQUESTED', 'PARTIALLY_REFUNDED', 'REFUNDED']));
CREATE DOMAIN pay.step AS text
    CHECK (VALUE IN ('authorize', 'confirm', 'capture', 'void', 'refund', 'inquire'));

CREATE TABLE pay.payment (
    tenant_id       bigint NOT NULL,
    payment_id      bigint NOT NULL DEFAULT pay.next_id(),
    order_id        bigint, -- NULL: asked for by the step API without one
    live_order_id   bigint, -- the order, as long as this payment can take or has taken money; by the guard
    state           pay.payment_state NOT NULL DEFAULT 'REQUESTED',
    left_state      pay.payment_state, -- the one before; by the guard
    listed_state    pay.payment_state, -- the state; NULL: one that is soon left; by the guard
    currency        pay.currency NOT NULL,
    amount          pay.amount NOT NULL,
    captured        pay.sum NOT NULL DEFAULT 0,
    refunded        pay.sum NOT NULL DEFAULT 0,
    reserved        pay.sum NOT NULL DEFAULT 0, -- asked back, not yet given
    charged_back    pay.sum NOT NULL DEFAULT 0,
    refund_count    pay.counter NOT NULL DEFAULT 0,
    version         pay.seq NOT NULL DEFAULT 1, -- up by one with every change
    moves           smallint NOT NULL DEFAULT 0, -- rows in payment_history
    event_seq       pay.counter NOT NULL DEFAULT 0, -- events written to the outbox
    calls           smallint NOT NULL DEFAULT 0, -- rows in provider_call
    attempt         smallint NOT NULL DEFAULT 1, -- up only after a known failure
    open_step       pay.step,    -- begun, end not known
    claim           uuid,        -- of whoever works, or last worked, on the step
    claimed_until   timestamptz, -- NULL: that one has ended
    claim_resumes   boolean NOT NULL DEFAULT false, -- the claim began with asking, not with calling
    auto_capture    boolean NOT NULL,
    provider        pay.text_32 NOT NULL,
    payment_key     pay.text_200, -- the provider's id
    approval_number pay.text_64,
    review          jsonb,       -- what the provider said and what was asked for, where they differ
    unknown_since   timestamptz, -- set exactly while AUTH_UNKNOWN; by the guard
    captured_at     timestamptz,
    created_by      pay.text_96 NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id),
    FOREIGN KEY (tenant_id, order_id) REFERENCES pay.customer_order
) WITH (fillfactor = 70);
COMMENT ON TABLE pay.payment IS
    'Payments. Kept as long as the ledger. Personal: none by itself, the order names the user; no card data ever.';
-- One payment of an order can take money.
CREATE UNIQUE INDEX payment_one_live_per_order ON pay.payment (tenant_id, live_order_id) WHERE live_order_id IS NOT NULL;
CREATE INDEX payment_by_time ON pay.payment (tenant_id, created_at DESC, payment_id DESC);
-- Under listed_state, so that a payment on its usual way is updated in place, without new index entries.
CREATE INDEX payment_by_state ON pay.payment (tenant_id, listed_state, created_at DESC, payment_id DESC);
SELECT pay.protect('pay.payment');

-- Refuses moves that are not listed and sums that do not fit, and keeps what follows from the state. A trigger does
-- what CHECKs would, at a tenth of their cost.
CREATE FUNCTION pay.guard_payment() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'REQUESTED' OR NEW.moves <> 0 OR NEW.captured <> 0 OR NEW.left_state IS NOT NULL THEN
            RAISE EXCEPTION 'a payment begins as REQUESTED, not as %', NEW.state USING ERRCODE = 'check_violation',
                CONSTRAINT = 'payment_begins_requested', TABLE = 'payment', SCHEMA = 'pay';
        END IF;
    ELSIF NEW.state <> OLD.state AND NEW.moves - OLD.moves IS DISTINCT FROM pay.moves_between(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'a payment does not move from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation',
            CONSTRAINT = 'payment_listed_moves', TABLE = 'payment', SCHEMA = 'pay';
    ELSIF NEW.state <> OLD.state THEN
        NEW.left_state := OLD.state;
    END IF;
    IF NEW.captured > NEW.amount OR NEW.refunded + NEW.reserved + NEW.charged_back > NEW.captured THEN
        RAISE EXCEPTION 'payment % would give back more than it took', NEW.payment_id USING
            ERRCODE = 'check_violation', CONSTRAINT = 'payment_refunds_within_captured', TABLE = 'payment',
            SCHEMA = 'pay';
    END IF;
    NEW.live_order_id := CASE WHEN NEW.state NOT IN ('AUTH_FAILED', 'EXPIRED', 'VOIDED') THEN NEW.order_id END;
    NEW.listed_state := CASE WHEN NEW.state NOT IN ('REQUESTED', 'CAPTURE_REQUESTED') THEN NEW.state END;
    NEW.unknown_since := CASE WHEN NEW.state = 'AUTH_UNKNOWN' THEN coalesce(NEW.unknown_since, now()) END;
    RETURN NEW;
END
    $$;
CREATE TRIGGER payment_guard BEFORE INSERT OR UPDATE OF state, moves, left_state, unknown_since, order_id, live_order_id, listed_state, amount, captured,
                                                refunded, reserved, charged_back ON pay.payment
    FOR EACH ROW EXECUTE FUNCTION pay.guard_payment();

CREATE FUNCTION pay.guard_order() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT pay.may_move_order(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'an order does not move from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_listed_moves', TABLE = 'customer_order',
                  SCHEMA = 'pay';
    END IF;
    RETURN NEW;
END
    $$;
CREATE TRIGGER order_listed_moves BEFORE UPDATE OF state ON pay.customer_order
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION pay.guard_order();

-- One row per move. The beginning (none → REQUESTED) is the payment's own row: created_at, created_by.
CREATE TABLE pay.payment_history (
    tenant_id  bigint NOT NULL,
    payment_id bigint NOT NULL,
    seq        pay.seq NOT NULL,
    from_state pay.payment_state NOT NULL,
    to_state   pay.payment_state NOT NULL,
    cause      pay.text_64 NOT NULL,
    actor      pay.text_96 NOT NULL,
    reason     pay.text_128,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id, seq),
    FOREIGN KEY (tenant_id, payment_id) REFERENCES pay.payment
);
COMMENT ON TABLE pay.payment_history IS 'Every move of a payment: cause and actor. Personal: names of operators.';
SELECT pay.protect('pay.payment_history');

CREATE FUNCTION pay.guard_history() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF pay.may_move(NEW.from_state, NEW.to_state) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'no move leads from % to %', NEW.from_state, NEW.to_state USING ERRCODE = 'check_violation',
        CONSTRAINT = 'payment_history_listed', TABLE = 'payment_history', SCHEMA = 'pay';
END
    $$;
CREATE TRIGGER payment_history_listed BEFORE INSERT ON pay.payment_history
    FOR EACH ROW EXECUTE FUNCTION pay.guard_history();

CREATE DOMAIN pay.call_outcome AS text CHECK (VALUE IN ('APPROVED', 'DECLINED', 'UNKNOWN', 'ERROR', 'REVIEW'));
CREATE TABLE pay.provider_call (
    tenant_id   bigint NOT NULL,
    payment_id  bigint NOT NULL,
    seq         pay.seq NOT NULL,
    step        pay.step NOT NULL,
    attempt     pay.seq NOT NULL,
    outcome     pay.call_outcome NOT NULL,
    code        pay.text_64,
    duration_ms pay.counter NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id, seq),
    FOREIGN KEY (tenant_id, payment_id) REFERENCES pay.payment
);
COMMENT ON TABLE pay.provider_call IS 'What providers were asked and how it ended. No personal data, no card data.';
SELECT pay.protect('pay.provider_call');

GRANT SELECT, INSERT ON pay.customer_order, pay.order_line, pay.payment, pay.payment_history, pay.provider_call
    TO moalog_app;
GRANT UPDATE (state, event_seq, updated_at) ON pay.customer_order TO moalog_app;
GRANT UPDATE (state, captured, refunded, reserved, charged_back, refund_count, version, moves, event_seq, calls,
              attempt, open_step, claim, claimed_until, claim_resumes, payment_key, approval_number, review,
              unknown_since, captured_at, updated_at) ON pay.payment TO moalog_app;
