-- Steps that call a provider, what else can become of them: given back unsent, resolved by somebody else, answered
-- late, ended by workers.

-- Takes a payment whose end is not known, for whoever asks the provider: a webhook, the reconciler, an operator.
CREATE FUNCTION pay.begin_resolve(
    p_tenant bigint, p_payment bigint, p_claim uuid, p_lease_ms integer, p_actor text) RETURNS pay.step_begin
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    told pay.step_begin;
    p pay.payment;
BEGIN
    SELECT c.* INTO p FROM pay.payment AS c
     WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        told.outcome := 'NOT_FOUND';
        RETURN told;
    ELSIF p.claimed_until > clock_timestamp() AND p.claim <> p_claim THEN
        RETURN pay.told('IN_PROGRESS', p);
    ELSIF p.open_step IS NULL AND p.state <> 'AUTH_UNKNOWN' THEN
        RETURN pay.told('DECIDED', p);
    ELSIF p.claimed_until > clock_timestamp() THEN
        RETURN pay.told('RESUME', p);
    END IF;
    UPDATE pay.payment AS c
       SET claim = p_claim, claim_resumes = true, version = c.version + 1,
           claimed_until = clock_timestamp() + p_lease_ms * interval '1 millisecond'
     WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment
    RETURNING c.* INTO p;
    RETURN pay.told('RESUME', p);
END
    $$;

-- Nothing was sent to the provider (its breaker is open): the payment is free at once, the attempt is not counted.
-- What an earlier caller left open stays open.
CREATE FUNCTION pay.release_step(p_tenant bigint, p_payment bigint, p_claim uuid) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    UPDATE pay.payment AS c
       SET claim = NULL, claimed_until = NULL, version = c.version + 1,
           open_step = CASE WHEN c.claim_resumes THEN c.open_step END
     WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment AND c.claim = p_claim AND c.claimed_until IS NOT NULL;
    RETURN CASE WHEN FOUND THEN 'DONE' ELSE 'STALE' END;
END
    $$;

-- Stores the answer of a key whose payment was decided elsewhere; the one stored first wins.
CREATE FUNCTION pay.keep_answer(
    p_tenant bigint, p_endpoint text, p_key text, p_sha bytea, p_status integer, p_body text,
    OUT answer_status integer, OUT answer_body text)
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    UPDATE pay.idempotency AS i
       SET answer_status = coalesce(i.answer_status, p_status), answer_body = coalesce(i.answer_body, p_body)
     WHERE i.tenant_id = p_tenant AND i.endpoint = p_endpoint AND i.key = p_key AND i.request_sha256 = p_sha
    RETURNING i.answer_status, i.answer_body INTO answer_status, answer_body;
    IF NOT FOUND THEN
        answer_status := p_status;
        answer_body := p_body;
    END IF;
END
    $$;

-- The end of a capture that was asked for.
CREATE FUNCTION pay.finish_capture(
    p_tenant bigint, p_payment bigint, p_version integer, p_to text, p_cause text, p_actor text,
    p_post_accounts text[], p_post_amounts bigint[], p_traceparent text,
    OUT outcome text, OUT state text, OUT version integer)
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    through integer := (p_to = 'CAPTURED')::integer;
    p pay.payment;
    after pay.payment;
BEGIN
    SELECT c.* INTO p FROM pay.payment AS c
     WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment FOR NO KEY UPDATE;
    state := p.state;
    version := p.version;
    outcome := CASE WHEN NOT FOUND THEN 'NOT_FOUND'
                    WHEN p.version <> p_version OR p.state <> 'CAPTURE_REQUESTED'
                         OR p_to NOT IN ('CAPTURED', 'CAPTURE_FAILED') THEN 'STALE'
                    ELSE 'DONE' END;
    IF outcome <> 'DONE' THEN
        RETURN;
    END IF;
    UPDATE pay.payment AS c
       SET state = p_to, version = c.version + 1, moves = c.moves + 1, event_seq = c.event_seq + through,
           captured = CASE WHEN through = 1 THEN c.amount ELSE c.captured END,
           captured_at = CASE WHEN through = 1 THEN now() ELSE c.captured_at END, updated_at = now()
     WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment
    RETURNING c.* INTO after;
    state := after.state;
    version := after.version;
    PERFORM pay.move(after, ARRAY[p_to], true, p_cause, p_actor, NULL, '{}',
                     CASE WHEN through = 1 THEN array_fill('CAPTURE'::text, ARRAY[cardinality(p_post_accounts)]) END,
                     p_post_accounts, p_post_amounts, p_traceparent);
    IF through = 1 AND p.order_id IS NOT NULL THEN
        PERFORM pay.pay_order(after, p_traceparent);
    END IF;
END
    $$;

-- The end of a refund that was asked for.
CREATE FUNCTION pay.finish_refund(
    p_tenant bigint, p_refund bigint, p_to text, p_cause text, p_actor text,
    p_post_accounts text[], p_post_amounts bigint[], p_traceparent text,
    OUT outcome text, OUT state text, OUT version integer)
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    through boolean := p_to = 'COMPLETED';
    p pay.payment;
    r pay.refund;
    next_state text;
BEGIN
    SELECT c.* INTO r FROM pay.refund AS c WHERE c.tenant_id = p_tenant AND c.refund_id = p_refund;
    IF NOT FOUND THEN
        outcome := 'NOT_FOUND';
        RETURN;
    END IF;
    -- The payment is locked before its refund, as everywhere.
    SELECT c.* INTO p FROM pay.payment AS c
     WHERE c.tenant_id = p_tenant AND c.payment_id = r.payment_id FOR NO KEY UPDATE;
    SELECT c.* INTO r FROM pay.refund AS c WHERE c.tenant_id = p_tenant AND c.refund_id = p_refund;
    IF r.state <> 'REQUESTED' OR p.state <> 'REFUND_REQUESTED' OR p_to NOT IN ('COMPLETED', 'FAILED') THEN
        outcome := 'STALE';
        state := p.state;
        version := p.version;
        RETURN;
    END IF;
    UPDATE pay.refund AS c SET state = p_to, finished_at = now()
     WHERE c.tenant_id = p_tenant AND c.refund_id = p_refund;
    outcome := 'DONE';
    next_state := CASE WHEN through AND p.refunded + r.amount = p.captured THEN 'REFUNDED'
                       WHEN through OR p.refunded > 0 THEN 'PARTIALLY_REFUNDED'
                       ELSE 'CAPTURED' END;
    UPDATE pay.payment AS c
       SET state = next_state, version = c.version + 1, moves = c.moves + 1,
           event_seq = c.event_seq + through::integer, reserved = c.reserved - r.amount,
           refunded = c.refunded + CASE WHEN through THEN r.amount::bigint ELSE 0 END,
           refund_count = c.refund_count - (NOT through)::integer, updated_at = now()
     WHERE c.tenant_id = p_tenant AND c.payment_id = r.payment_id
    RETURNING c.* INTO p;
    state := p.state;
    version := p.version;
    PERFORM pay.move(p, ARRAY[next_state], through, p_cause, p_actor, NULL,
                     jsonb_build_object('refundId', r.refund_id, 'refundAmount', r.amount),
                     CASE WHEN through THEN array_fill('REFUND'::text, ARRAY[cardinality(p_post_accounts)]) END,
                     p_post_accounts, p_post_amounts, p_traceparent);
END
    $$;
