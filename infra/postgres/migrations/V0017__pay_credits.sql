-- Credits of a merchant's users, and subscriptions.
--
-- Entries are only ever added; the account's row holds the sums and is the gate that puts its entries in order. What
-- is available is balance − reserved and never below nothing.

CREATE TABLE pay.credit_account (
    tenant_id  bigint NOT NULL,
    account_id bigint NOT NULL DEFAULT pay.next_id(),
    user_id    text NOT NULL CHECK (char_length(user_id) BETWEEN 1 AND 64),
    currency   pay.currency NOT NULL,
    balance    pay.minor_units NOT NULL DEFAULT 0,
    reserved   pay.minor_units NOT NULL DEFAULT 0,
    entry_seq  integer NOT NULL DEFAULT 0 CHECK (entry_seq >= 0), -- also the number of its events
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, account_id),
    CONSTRAINT credit_account_of_user UNIQUE (tenant_id, user_id, currency),
    CONSTRAINT credit_account_covered CHECK (reserved >= 0 AND balance >= reserved)
) WITH (fillfactor = 70);
COMMENT ON TABLE pay.credit_account IS 'Credits of users. Personal: user_id as the merchant sent it.';
SELECT pay.protect('pay.credit_account');

CREATE TABLE pay.credit_reservation (
    tenant_id      bigint NOT NULL,
    reservation_id bigint NOT NULL DEFAULT pay.next_id(),
    account_id     bigint NOT NULL,
    amount         pay.minor_units NOT NULL CHECK (amount >= 1),
    confirmed      pay.minor_units NOT NULL DEFAULT 0 CHECK (confirmed >= 0),
    cancelled      pay.minor_units NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
    refunded       pay.minor_units NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    reference      text CHECK (char_length(reference) BETWEEN 1 AND 64),
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, reservation_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES pay.credit_account,
    CONSTRAINT credit_reservation_within CHECK (confirmed + cancelled <= amount AND refunded <= confirmed)
);
COMMENT ON TABLE pay.credit_reservation IS 'Credits set aside, and what became of them. No personal data by itself.';
CREATE INDEX credit_reservation_of_account ON pay.credit_reservation (tenant_id, account_id);
SELECT pay.protect('pay.credit_reservation');

CREATE TABLE pay.credit_entry (
    tenant_id      bigint NOT NULL,
    account_id     bigint NOT NULL,
    seq            integer NOT NULL CHECK (seq >= 1),
    kind           text NOT NULL CHECK (kind IN ('CHARGE', 'RESERVE', 'CONFIRM', 'CANCEL', 'REFUND', 'EXPIRE')),
    amount         pay.minor_units NOT NULL CHECK (amount >= 1),
    reservation_id bigint,
    reference      text CHECK (char_length(reference) BETWEEN 1 AND 64),
    balance_after  pay.minor_units NOT NULL,
    reserved_after pay.minor_units NOT NULL,
    actor          text NOT NULL CHECK (char_length(actor) BETWEEN 1 AND 96),
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, account_id, seq),
    FOREIGN KEY (tenant_id, account_id) REFERENCES pay.credit_account,
    FOREIGN KEY (tenant_id, reservation_id) REFERENCES pay.credit_reservation,
    CHECK (kind NOT IN ('RESERVE', 'CONFIRM', 'CANCEL') OR reservation_id IS NOT NULL)
);
COMMENT ON TABLE pay.credit_entry IS 'What happened to credits, never edited. No personal data by itself.';
CREATE INDEX credit_entry_of_reservation ON pay.credit_entry (tenant_id, reservation_id) WHERE reservation_id IS NOT NULL;
SELECT pay.protect('pay.credit_entry');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pay.credit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION pay.refuse_change();

CREATE TABLE pay.subscription_plan (
    tenant_id   bigint NOT NULL REFERENCES pay.tenant,
    plan_code   text NOT NULL CHECK (char_length(plan_code) BETWEEN 1 AND 32),
    amount      pay.minor_units NOT NULL CHECK (amount >= 0),
    currency    pay.currency NOT NULL,
    period      text NOT NULL CHECK (period IN ('MONTH', 'YEAR')),
    trial_days  smallint NOT NULL DEFAULT 0 CHECK (trial_days BETWEEN 0 AND 365),
    archived_at timestamptz,
    PRIMARY KEY (tenant_id, plan_code)
);
COMMENT ON TABLE pay.subscription_plan IS 'What can be subscribed to. No personal data.';
SELECT pay.protect('pay.subscription_plan');

CREATE TABLE pay.subscription (
    tenant_id          bigint NOT NULL,
    subscription_id    bigint NOT NULL DEFAULT pay.next_id(),
    user_id            text NOT NULL CHECK (char_length(user_id) BETWEEN 1 AND 64),
    plan_code          text NOT NULL,
    state              text NOT NULL CHECK (state IN ('TRIAL', 'ACTIVE', 'PAST_DUE', 'PAUSED', 'CANCELLED', 'EXPIRED')),
    last_payment_id    bigint,
    period_start       timestamptz NOT NULL,
    period_end         timestamptz NOT NULL,
    cancel_at_end      boolean NOT NULL DEFAULT false,
    renewal_attempts   smallint NOT NULL DEFAULT 0 CHECK (renewal_attempts >= 0),
    next_renewal_at    timestamptz,
    event_seq          integer NOT NULL DEFAULT 0 CHECK (event_seq >= 0),
    version            integer NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, subscription_id),
    FOREIGN KEY (tenant_id, plan_code) REFERENCES pay.subscription_plan,
    FOREIGN KEY (tenant_id, last_payment_id) REFERENCES pay.payment,
    CHECK (period_end > period_start)
);
COMMENT ON TABLE pay.subscription IS 'Who pays for what again and again. Personal: user_id as the merchant sent it.';
CREATE UNIQUE INDEX subscription_one_live ON pay.subscription (tenant_id, user_id)
    WHERE state NOT IN ('CANCELLED', 'EXPIRED');
CREATE INDEX subscription_of_user ON pay.subscription (tenant_id, user_id, created_at DESC);
CREATE INDEX subscription_of_plan ON pay.subscription (tenant_id, plan_code);
CREATE INDEX subscription_of_payment ON pay.subscription (tenant_id, last_payment_id);
CREATE INDEX subscription_due ON pay.subscription (next_renewal_at) WHERE next_renewal_at IS NOT NULL;
SELECT pay.protect('pay.subscription');

CREATE TABLE pay.subscription_history (
    tenant_id       bigint NOT NULL,
    subscription_id bigint NOT NULL,
    seq             integer NOT NULL CHECK (seq >= 1),
    from_state      text,
    to_state        text NOT NULL,
    cause           text NOT NULL CHECK (char_length(cause) BETWEEN 1 AND 64),
    actor           text NOT NULL CHECK (char_length(actor) BETWEEN 1 AND 96),
    reason          text CHECK (char_length(reason) BETWEEN 1 AND 128),
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, subscription_id, seq),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES pay.subscription
);
COMMENT ON TABLE pay.subscription_history IS 'Every move of a subscription. Personal: names of operators.';
SELECT pay.protect('pay.subscription_history');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pay.subscription_history
    FOR EACH STATEMENT EXECUTE FUNCTION pay.refuse_change();

GRANT SELECT, INSERT ON pay.credit_account, pay.credit_reservation, pay.credit_entry, pay.subscription_plan,
    pay.subscription, pay.subscription_history TO moalog_app;
GRANT UPDATE (balance, reserved, entry_seq) ON pay.credit_account TO moalog_app;
GRANT UPDATE (confirmed, cancelled, refunded) ON pay.credit_reservation TO moalog_app;
GRANT UPDATE (archived_at) ON pay.subscription_plan TO moalog_app;
GRANT UPDATE (plan_code, state, last_payment_id, period_start, period_end, cancel_at_end, renewal_attempts,
              next_renewal_at, event_seq, version, updated_at) ON pay.subscription TO moalog_app;
