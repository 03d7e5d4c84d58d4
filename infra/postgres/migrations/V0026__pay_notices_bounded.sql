-- Restates: 6421068326670705353
-- PostgreSQL 15.20 changes no column's type while a function with a parsed body takes the row: those go and come back.
--
-- Notices are sent by anybody who guesses an order id of ours: a payment keeps a bounded number of them, and what counts
-- how often something was tried can count on.

DROP FUNCTION pay.payment_event(pay.payment, text, jsonb), pay.payment_brief(pay.payment);
ALTER TABLE pay.payment ALTER COLUMN calls TYPE integer, ALTER COLUMN attempt TYPE integer;

-- As they were.
CREATE FUNCTION pay.payment_event(p pay.payment, p_state text, p_extra jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('paymentId', p.payment_id, 'orderId', p.order_id, 'status', p_state,
               'amount', p.amount, 'currency', p.currency, 'captured', p.captured, 'refunded', p.refunded,
               'provider', p.provider) || p_extra;
CREATE FUNCTION pay.payment_brief(p pay.payment) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('paymentId', p.payment_id, 'orderId', p.order_id, 'status', p.state,
               'amount', p.amount, 'currency', p.currency, 'approvalNumber', p.approval_number,
               'capturedAmount', p.captured, 'refundedAmount', p.refunded,
               'refundableAmount', p.captured - p.refunded - p.reserved - p.charged_back,
               'version', p.version, 'createdAt', p.created_at, 'updatedAt', p.updated_at);

ALTER TABLE pay.webhook_in ALTER COLUMN attempts TYPE integer;

-- Stores what came, once. A message about no payment of this tenant is not stored: whoever sends it has proved nothing.
-- Of one about a payment that has 64 already nothing is kept either; it is a hint all the same.
CREATE OR REPLACE FUNCTION pay.store_webhook(
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
    UPDATE pay.webhook_in AS i SET times = least(i.times, 2147483646) + 1
     WHERE i.tenant_id = p_tenant AND i.provider = p_provider AND i.dedupe = p_dedupe
    RETURNING i.* INTO w;
    IF NOT FOUND THEN
        IF (SELECT count(*) FROM pay.webhook_in AS i WHERE i.tenant_id = p_tenant AND i.payment_id = p_payment) >= 64 THEN
            outcome := 'NOT_KEPT';
            RETURN;
        END IF;
        INSERT INTO pay.webhook_in AS i (tenant_id, provider, dedupe, event_type, payment_id, payload, sent_at)
        VALUES (p_tenant, p_provider, p_dedupe, p_type, p_payment, p_payload::jsonb, p_sent_at)
            ON CONFLICT ON CONSTRAINT webhook_in_once DO UPDATE SET times = i.times + 1
        RETURNING i.* INTO w;
    END IF;
    webhook_id := w.webhook_id;
    outcome := CASE WHEN w.times = 1 THEN 'STORED' WHEN w.outcome IS NULL THEN 'OPEN' ELSE 'DUPLICATE' END;
END
    $$;
