-- Refunds, rival checkout pages, and what the database itself says about refunded money.

CREATE TABLE pay.refund (
    tenant_id       bigint NOT NULL,
    refund_id       bigint NOT NULL DEFAULT pay.next_id(),
    payment_id      bigint NOT NULL,
    amount          pay.minor_units NOT NULL CHECK (amount >= 1),
    currency        pay.currency NOT NULL,
    reason          text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 128),
    state           text NOT NULL DEFAULT 'REQUESTED' CHECK (state IN ('REQUESTED', 'COMPLETED', 'FAILED')),
    requested_by    text NOT NULL CHECK (char_length(requested_by) BETWEEN 1 AND 96),
    requested_at    timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz,
    attempts        smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at timestamptz,
    provider_code   text CHECK (char_length(provider_code) BETWEEN 1 AND 64),
    PRIMARY KEY (tenant_id, refund_id),
    FOREIGN KEY (tenant_id, payment_id) REFERENCES pay.payment,
    CHECK ((state = 'REQUESTED') = (finished_at IS NULL))
);
COMMENT ON TABLE pay.refund IS 'Money asked back. Personal: the reason may be, it is the merchant''s text.';
CREATE INDEX refund_of_payment ON pay.refund (tenant_id, payment_id, requested_at DESC, refund_id DESC);
CREATE INDEX refund_by_time ON pay.refund (tenant_id, requested_at DESC, refund_id DESC);
SELECT pay.protect('pay.refund');

CREATE FUNCTION pay.guard_refund() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.state <> 'REQUESTED' THEN
        RAISE EXCEPTION 'a refund that is % stays so', OLD.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_ends_once', TABLE = 'refund', SCHEMA = 'pay';
    END IF;
    RETURN NEW;
END
    $$;
CREATE TRIGGER refund_ends_once BEFORE UPDATE OF state ON pay.refund
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION pay.guard_refund();

-- At the end of a transaction a payment's two sums are those of its refunds, whoever wrote them.
CREATE FUNCTION pay.refunds_agree() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    due record;
    held record;
BEGIN
    SELECT coalesce(sum(r.amount) FILTER (WHERE r.state = 'COMPLETED'), 0) AS refunded,
           coalesce(sum(r.amount) FILTER (WHERE r.state = 'REQUESTED'), 0) AS reserved,
           count(*) FILTER (WHERE r.currency <> p.currency) AS foreign_currency
      INTO due
      FROM pay.payment AS p
      JOIN pay.refund AS r ON r.tenant_id = p.tenant_id AND r.payment_id = p.payment_id
     WHERE p.tenant_id = NEW.tenant_id AND p.payment_id = NEW.payment_id;
    SELECT p.refunded, p.reserved INTO held FROM pay.payment AS p
     WHERE p.tenant_id = NEW.tenant_id AND p.payment_id = NEW.payment_id;
    IF due.foreign_currency > 0 OR due.refunded IS DISTINCT FROM held.refunded::numeric
       OR due.reserved IS DISTINCT FROM held.reserved::numeric THEN
        RAISE EXCEPTION 'refunds of payment % do not add up to what it says', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_refunds_agree', TABLE = 'refund', SCHEMA = 'pay';
    END IF;
    RETURN NULL;
END
    $$;
CREATE CONSTRAINT TRIGGER payment_refunds_agree AFTER INSERT OR UPDATE ON pay.refund
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pay.refunds_agree();
CREATE CONSTRAINT TRIGGER payment_refunds_agree AFTER UPDATE OF refunded, reserved ON pay.payment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.refunded <> NEW.refunded OR OLD.reserved <> NEW.reserved) EXECUTE FUNCTION pay.refunds_agree();

-- Pages on which a customer can pay an order. When one is paid, its open rivals are to be ended at the provider.
CREATE TABLE pay.checkout_session (
    tenant_id   bigint NOT NULL,
    session_id  bigint NOT NULL DEFAULT pay.next_id(),
    order_id    bigint NOT NULL,
    payment_id  bigint,
    provider    text NOT NULL CHECK (char_length(provider) BETWEEN 1 AND 32),
    payment_key text CHECK (char_length(payment_key) BETWEEN 1 AND 200),
    state       text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'PAID', 'EXPIRE_REQUESTED', 'EXPIRED')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, session_id),
    CONSTRAINT checkout_session_key UNIQUE (tenant_id, provider, payment_key),
    FOREIGN KEY (tenant_id, order_id) REFERENCES pay.customer_order,
    FOREIGN KEY (tenant_id, payment_id) REFERENCES pay.payment
);
COMMENT ON TABLE pay.checkout_session IS 'Open pay pages of an order. No personal data.';
-- One page at most takes the money.
CREATE UNIQUE INDEX checkout_session_one_paid ON pay.checkout_session (tenant_id, order_id) WHERE state = 'PAID';
CREATE INDEX checkout_session_of_order ON pay.checkout_session (tenant_id, order_id);
CREATE INDEX checkout_session_of_payment ON pay.checkout_session (tenant_id, payment_id);
SELECT pay.protect('pay.checkout_session');

-- What the settlement worker asks a provider for, with its tries.
CREATE TABLE pay.settlement_request (
    tenant_id       bigint NOT NULL,
    payment_id      bigint NOT NULL,
    attempts        smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    state           text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DONE', 'FAILED', 'DEAD')),
    provider_code   text CHECK (char_length(provider_code) BETWEEN 1 AND 64),
    claim           uuid,
    claimed_until   timestamptz,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id),
    FOREIGN KEY (tenant_id, payment_id) REFERENCES pay.payment
);
COMMENT ON TABLE pay.settlement_request IS 'Captures under way at a provider. No personal data.';
CREATE INDEX settlement_request_due ON pay.settlement_request (next_attempt_at) WHERE state = 'PENDING';
SELECT pay.protect('pay.settlement_request');

GRANT SELECT, INSERT ON pay.refund, pay.checkout_session, pay.settlement_request TO moalog_app;
GRANT UPDATE (state, finished_at, attempts, next_attempt_at, provider_code) ON pay.refund TO moalog_app;
GRANT UPDATE (state, payment_id) ON pay.checkout_session TO moalog_app;
GRANT UPDATE (attempts, state, provider_code, claim, claimed_until, next_attempt_at) ON pay.settlement_request
    TO moalog_app;
