-- Requests that no provider is asked about at once: the claim on the key, the change and its event in one statement.
-- The claim is made first, so that a twin waits for its end; what is refused takes its claim back.

CREATE TYPE pay.answer AS (outcome text, result jsonb);

-- Claims a key. No outcome: go on.
CREATE FUNCTION pay.claim_key(p_tenant bigint, p_endpoint text, p_key text, p_sha bytea) RETURNS pay.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    got pay.answer;
    k pay.idempotency;
BEGIN
    IF p_key IS NULL THEN
        RETURN got;
    END IF;
    FOR tries IN 1..2 LOOP
        INSERT INTO pay.idempotency (tenant_id, endpoint, key, request_sha256)
        VALUES (p_tenant, p_endpoint, p_key, p_sha) ON CONFLICT DO NOTHING;
        IF FOUND THEN
            RETURN got;
        END IF;
        DELETE FROM pay.idempotency AS i
         WHERE i.tenant_id = p_tenant AND i.endpoint = p_endpoint AND i.key = p_key AND i.expires_at <= now();
        CONTINUE WHEN FOUND;
        SELECT i.* INTO k FROM pay.idempotency AS i
         WHERE i.tenant_id = p_tenant AND i.endpoint = p_endpoint AND i.key = p_key;
        -- Gone: a twin was refused while we waited for it.
        CONTINUE WHEN NOT FOUND;
        got.outcome := CASE WHEN k.request_sha256 <> p_sha THEN 'MISMATCH'
                            WHEN k.answer_body IS NULL THEN 'IN_PROGRESS' ELSE 'REPLAY' END;
        got.result := CASE WHEN got.outcome = 'REPLAY' THEN k.answer_body::jsonb END;
        RETURN got;
    END LOOP;
    got.outcome := 'IN_PROGRESS';
    RETURN got;
END
    $$;

-- Stores the answer of a claimed key, or takes the claim back when there is no result.
CREATE FUNCTION pay.settle_key(p_tenant bigint, p_endpoint text, p_key text, p_got pay.answer) RETURNS pay.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    IF p_key IS NOT NULL AND p_got.result IS NOT NULL THEN
        UPDATE pay.idempotency AS i
           SET answer_status = 200, answer_body = p_got.result::text,
               payment_id = (p_got.result ->> 'paymentId')::bigint
         WHERE i.tenant_id = p_tenant AND i.endpoint = p_endpoint AND i.key = p_key;
    ELSIF p_key IS NOT NULL THEN
        DELETE FROM pay.idempotency AS i
         WHERE i.tenant_id = p_tenant AND i.endpoint = p_endpoint AND i.key = p_key;
    END IF;
    RETURN p_got;
END
    $$;

CREATE FUNCTION pay.payment_brief(p pay.payment) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('paymentId', p.payment_id, 'orderId', p.order_id, 'status', p.state,
               'amount', p.amount, 'currency', p.currency, 'approvalNumber', p.approval_number,
               'capturedAmount', p.captured, 'refundedAmount', p.refunded,
               'refundableAmount', p.captured - p.refunded - p.reserved - p.charged_back,
               'version', p.version, 'createdAt', p.created_at, 'updatedAt', p.updated_at);

CREATE FUNCTION pay.refund_brief(r pay.refund) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('refundId', r.refund_id, 'paymentId', r.payment_id, 'amount', r.amount,
               'currency', r.currency, 'reason', r.reason, 'status', r.state, 'providerCode', r.provider_code,
               'requestedAt', r.requested_at, 'finishedAt', r.finished_at);

-- Locks a payment for a change; the first word says why not.
CREATE FUNCTION pay.lock_payment(p_tenant bigint, p_payment bigint, OUT refusal text, OUT p pay.payment)
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    SELECT c.* INTO p FROM pay.payment AS c
     WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment FOR NO KEY UPDATE;
    refusal := CASE WHEN NOT FOUND THEN 'NOT_FOUND'
                    -- Somebody is asking the provider, or should: what comes of it is not known yet.
                    WHEN p.open_step IS NOT NULL OR p.claimed_until > clock_timestamp() THEN 'IN_PROGRESS' END;
END
    $$;

CREATE FUNCTION pay.request_capture(
    p_tenant bigint, p_endpoint text, p_key text, p_sha bytea, p_payment bigint, p_actor text, p_traceparent text)
    RETURNS pay.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    got pay.answer := pay.claim_key(p_tenant, p_endpoint, p_key, p_sha);
    locked record;
    p pay.payment;
    after pay.payment;
BEGIN
    IF got.outcome IS NOT NULL THEN
        RETURN got;
    END IF;
    SELECT * INTO locked FROM pay.lock_payment(p_tenant, p_payment);
    p := locked.p;
    got.outcome := CASE WHEN locked.refusal IS NOT NULL THEN locked.refusal
                        WHEN p.state IN ('CAPTURE_REQUESTED', 'CAPTURED') THEN 'ALREADY'
                        WHEN pay.may_move(p.state, 'CAPTURE_REQUESTED') THEN 'DONE'
                        ELSE 'CONFLICT' END;
    IF got.outcome = 'DONE' THEN
        UPDATE pay.payment AS c
           SET state = 'CAPTURE_REQUESTED', version = c.version + 1, moves = c.moves + 1,
               event_seq = c.event_seq + 1, updated_at = now()
         WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment
        RETURNING c.* INTO after;
        PERFORM pay.move(after, ARRAY['CAPTURE_REQUESTED'], true, 'capture', p_actor, NULL, '{}', NULL, NULL, NULL,
                         p_traceparent);
        got.result := pay.payment_brief(after);
    ELSIF got.outcome = 'ALREADY' THEN
        got.result := pay.payment_brief(p);
    END IF;
    RETURN pay.settle_key(p_tenant, p_endpoint, p_key, got);
END
    $$;

-- The rule is rules_payment::refund's; the payment's own constraint holds it whatever is asked at once.
CREATE FUNCTION pay.request_refund(
    p_tenant bigint, p_endpoint text, p_key text, p_sha bytea, p_payment bigint, p_amount bigint, p_reason text,
    p_actor text, p_traceparent text) RETURNS pay.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    got pay.answer := pay.claim_key(p_tenant, p_endpoint, p_key, p_sha);
    locked record;
    p pay.payment;
    after pay.payment;
    r pay.refund;
    remaining bigint;
    asked bigint;
BEGIN
    IF got.outcome IS NOT NULL THEN
        RETURN got;
    END IF;
    SELECT * INTO locked FROM pay.lock_payment(p_tenant, p_payment);
    p := locked.p;
    remaining := p.captured - p.refunded - p.reserved - p.charged_back;
    asked := coalesce(p_amount, remaining);
    got.outcome := CASE WHEN locked.refusal IS NOT NULL THEN locked.refusal
                        WHEN NOT pay.may_move(p.state, 'REFUND_REQUESTED') THEN 'CONFLICT'
                        WHEN now() - p.captured_at > interval '7 days' THEN 'WINDOW_OVER'
                        WHEN p.refund_count >= 10 THEN 'TOO_MANY'
                        WHEN remaining = 0 THEN 'EXCEEDS_REMAINING'
                        WHEN asked < 1 THEN 'NOT_POSITIVE'
                        WHEN asked > remaining THEN 'EXCEEDS_REMAINING'
                        ELSE 'DONE' END;
    IF got.outcome = 'DONE' THEN
        INSERT INTO pay.refund (tenant_id, payment_id, amount, currency, reason, requested_by)
        VALUES (p_tenant, p_payment, asked, p.currency, p_reason, p_actor) RETURNING * INTO r;
        UPDATE pay.payment AS c
           SET state = 'REFUND_REQUESTED', version = c.version + 1, moves = c.moves + 1,
               event_seq = c.event_seq + 1, reserved = c.reserved + asked, refund_count = c.refund_count + 1,
               updated_at = now()
         WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment
        RETURNING c.* INTO after;
        PERFORM pay.move(after, ARRAY['REFUND_REQUESTED'], true, 'refund', p_actor, p_reason,
                         jsonb_build_object('refundId', r.refund_id, 'refundAmount', r.amount), NULL, NULL, NULL,
                         p_traceparent);
        got.result := pay.payment_brief(after) || jsonb_build_object('refund', pay.refund_brief(r));
    END IF;
    RETURN pay.settle_key(p_tenant, p_endpoint, p_key, got);
END
    $$;

-- Makes the payment of an order; amount and currency are the order's. The provider is asked later.
CREATE FUNCTION pay.create_payment(
    p_tenant bigint, p_endpoint text, p_key text, p_sha bytea, p_order bigint, p_auto_capture boolean,
    p_provider text, p_actor text) RETURNS pay.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    got pay.answer := pay.claim_key(p_tenant, p_endpoint, p_key, p_sha);
    o pay.customer_order;
    p pay.payment;
BEGIN
    IF got.outcome IS NOT NULL THEN
        RETURN got;
    END IF;
    SELECT c.* INTO o FROM pay.customer_order AS c
     WHERE c.tenant_id = p_tenant AND c.order_id = p_order FOR NO KEY UPDATE;
    got.outcome := CASE
        WHEN NOT FOUND THEN 'NOT_FOUND'
        WHEN o.state <> 'PENDING' THEN 'ORDER_CLOSED'
        WHEN EXISTS (SELECT FROM pay.payment AS live
                      WHERE live.tenant_id = p_tenant AND live.live_order_id = p_order) THEN 'PAYMENT_LIVE'
        ELSE 'DONE' END;
    IF got.outcome = 'DONE' THEN
        INSERT INTO pay.payment (tenant_id, order_id, currency, amount, auto_capture, provider, created_by)
        VALUES (p_tenant, p_order, o.currency, o.total_amount, p_auto_capture, p_provider, p_actor)
        RETURNING * INTO p;
        got.result := pay.payment_brief(p);
    END IF;
    RETURN pay.settle_key(p_tenant, p_endpoint, p_key, got);
END
    $$;
