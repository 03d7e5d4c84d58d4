-- Webhooks: those that come in, stored before anything is done about them, and those that go out to merchants.

CREATE TABLE pay.webhook_in (
    tenant_id    bigint NOT NULL,
    webhook_id   bigint NOT NULL DEFAULT pay.next_id(),
    provider     text NOT NULL CHECK (char_length(provider) BETWEEN 1 AND 32),
    dedupe       text NOT NULL CHECK (char_length(dedupe) BETWEEN 1 AND 200),
    event_type   text NOT NULL CHECK (char_length(event_type) BETWEEN 1 AND 64),
    payment_id   bigint NOT NULL,
    payload      jsonb NOT NULL CHECK (octet_length(payload::text) <= 131072),
    sent_at      timestamptz,
    received_at  timestamptz NOT NULL DEFAULT now(),
    times        integer NOT NULL DEFAULT 1 CHECK (times >= 1), -- how often it came
    attempts     smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    outcome      text CHECK (outcome IN ('APPLIED', 'NOTHING_TO_DO', 'REFUSED')), -- NULL: to be worked on
    detail       text CHECK (char_length(detail) <= 200),
    processed_at timestamptz,
    PRIMARY KEY (tenant_id, webhook_id),
    CONSTRAINT webhook_in_once UNIQUE (tenant_id, provider, dedupe),
    FOREIGN KEY (tenant_id, payment_id) REFERENCES pay.payment,
    CHECK ((outcome IS NULL) = (processed_at IS NULL))
);
COMMENT ON TABLE pay.webhook_in IS 'What providers told us, as it came. Personal: what their payloads hold.';
CREATE INDEX webhook_in_of_payment ON pay.webhook_in (tenant_id, payment_id);
CREATE INDEX webhook_in_open ON pay.webhook_in (tenant_id, received_at) WHERE outcome IS NULL;
SELECT pay.protect('pay.webhook_in');

CREATE TABLE pay.webhook_endpoint (
    tenant_id         bigint NOT NULL REFERENCES pay.tenant,
    endpoint_id       bigint NOT NULL DEFAULT pay.next_id(),
    url               text NOT NULL CHECK (octet_length(url) <= 2048 AND url ~ '^https?://'),
    event_types       text[] NOT NULL CHECK (cardinality(event_types) BETWEEN 1 AND 32),
    -- Secrets are derived from the application's master key and this number; two are valid while one replaces the other.
    secret_no         integer NOT NULL DEFAULT 1 CHECK (secret_no >= 1),
    former_secret_end timestamptz,
    disabled_at       timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, endpoint_id)
);
COMMENT ON TABLE pay.webhook_endpoint IS 'Where merchants want to be told. No personal data, no secrets.';
SELECT pay.protect('pay.webhook_endpoint');

CREATE TABLE pay.webhook_out (
    tenant_id       bigint NOT NULL,
    message_id      bigint NOT NULL DEFAULT pay.next_id(),
    endpoint_id     bigint NOT NULL,
    event_id        uuid NOT NULL,
    event_type      text NOT NULL CHECK (char_length(event_type) BETWEEN 3 AND 64),
    payload         jsonb NOT NULL,
    state           text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DELIVERED', 'DEAD')),
    attempts        smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    claim           uuid,
    claimed_until   timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, message_id),
    CONSTRAINT webhook_out_once UNIQUE (tenant_id, endpoint_id, event_id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES pay.webhook_endpoint
);
COMMENT ON TABLE pay.webhook_out IS 'What merchants are to be told. Personal: ids only.';
CREATE INDEX webhook_out_due ON pay.webhook_out (next_attempt_at) WHERE state = 'PENDING';
SELECT pay.protect('pay.webhook_out');

CREATE TABLE pay.webhook_delivery (
    tenant_id   bigint NOT NULL,
    message_id  bigint NOT NULL,
    attempt     smallint NOT NULL CHECK (attempt >= 1),
    status      smallint CHECK (status BETWEEN 100 AND 599), -- NULL: no answer
    error       text CHECK (char_length(error) <= 200),
    duration_ms integer NOT NULL CHECK (duration_ms >= 0),
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, message_id, attempt),
    FOREIGN KEY (tenant_id, message_id) REFERENCES pay.webhook_out
);
COMMENT ON TABLE pay.webhook_delivery IS 'Tries to tell merchants. No personal data.';
SELECT pay.protect('pay.webhook_delivery');

GRANT SELECT, INSERT ON pay.webhook_in, pay.webhook_endpoint, pay.webhook_out, pay.webhook_delivery TO moalog_app;
GRANT UPDATE (times, attempts, outcome, detail, processed_at) ON pay.webhook_in TO moalog_app;
GRANT UPDATE (url, event_types, secret_no, former_secret_end, disabled_at) ON pay.webhook_endpoint TO moalog_app;
GRANT UPDATE (state, attempts, next_attempt_at, claim, claimed_until) ON pay.webhook_out TO moalog_app;

-- Stores what came, once. A message about no payment of this tenant is not stored: whoever sends it has proved nothing.
CREATE FUNCTION pay.store_webhook(
    p_tenant bigint, p_provider text, p_dedupe text, p_type text, p_payment bigint, p_payload text,
    p_sent_at timestamptz, OUT outcome text, OUT webhook_id bigint)
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    w pay.webhook_in;
BEGIN
    PERFORM FROM pay.payment AS p WHERE p.tenant_id = p_tenant AND p.payment_id = p_payment;
    IF NOT FOUND THEN
        outcome := 'UNKNOWN_PAYMENT';
        RETURN;
    END IF;
    INSERT INTO pay.webhook_in AS i (tenant_id, provider, dedupe, event_type, payment_id, payload, sent_at)
    VALUES (p_tenant, p_provider, p_dedupe, p_type, p_payment, p_payload::jsonb, p_sent_at)
        ON CONFLICT ON CONSTRAINT webhook_in_once DO UPDATE SET times = i.times + 1
    RETURNING i.* INTO w;
    webhook_id := w.webhook_id;
    outcome := CASE WHEN w.times = 1 THEN 'STORED' WHEN w.outcome IS NULL THEN 'OPEN' ELSE 'DUPLICATE' END;
END
    $$;

CREATE FUNCTION pay.webhook_done(p_tenant bigint, p_webhook bigint, p_outcome text, p_detail text) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    UPDATE pay.webhook_in AS w
       SET attempts = w.attempts + 1, detail = left(p_detail, 200),
           outcome = CASE WHEN p_outcome <> 'RETRY' THEN p_outcome END,
           processed_at = CASE WHEN p_outcome <> 'RETRY' THEN now() END
     WHERE w.tenant_id = p_tenant AND w.webhook_id = p_webhook AND w.outcome IS NULL;
    IF FOUND THEN
        RETURN 'DONE';
    END IF;
    PERFORM FROM pay.webhook_in AS w WHERE w.tenant_id = p_tenant AND w.webhook_id = p_webhook;
    RETURN CASE WHEN FOUND THEN 'DONE' ELSE 'NOT_FOUND' END;
END
    $$;

-- What is still to be worked on, oldest first.
CREATE FUNCTION pay.open_webhooks(p_tenant bigint, p_rows integer) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    result jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('webhookId', w.webhook_id, 'provider', w.provider, 'type', w.event_type,
                                        'paymentId', w.payment_id, 'attempts', w.attempts,
                                        'receivedAt', w.received_at) ORDER BY w.received_at) INTO result
      FROM (SELECT * FROM pay.webhook_in AS i WHERE i.tenant_id = p_tenant AND i.outcome IS NULL
             ORDER BY i.received_at LIMIT least(greatest(p_rows, 1), 101)) AS w;
    RETURN coalesce(result, '[]');
END
    $$;
