-- Steps, mended: an order is locked before its payment also where the payment pays it, a caller's payment key is
-- compared in every state and forgotten when it took nothing, a step never goes on as another one, and a payment that
-- the provider gave back before we knew of it is void.

CREATE OR REPLACE FUNCTION pay.moves_between(p_from text, p_to text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN pay.may_move(p_from, p_to) THEN 1
        -- Authorized and at once asked for.
        WHEN p_from IN ('REQUESTED', 'AUTH_UNKNOWN') AND p_to = 'CAPTURE_REQUESTED' THEN 2
        -- A provider that authorizes and captures in one.
        WHEN p_from IN ('REQUESTED', 'AUTH_UNKNOWN') AND p_to = 'CAPTURED' THEN 3
        -- Nobody knew, and when the provider is asked it has given all of it back.
        WHEN p_from = 'REQUESTED' AND p_to = 'VOIDED' THEN 2
    END;

-- Locks the order of a payment that is about to be captured, before the payment: the order of locks of every statement.
CREATE FUNCTION pay.lock_order_to_pay(p_tenant bigint, p_payment bigint, p_to text) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    IF p_to = 'CAPTURED' THEN
        PERFORM FROM pay.customer_order AS o
          WHERE o.tenant_id = p_tenant
            AND o.order_id = (SELECT c.order_id FROM pay.payment AS c
                               WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment)
            FOR NO KEY UPDATE;
    END IF;
END
    $$;

-- Takes a payment, which the caller of this function has locked, for a step.
CREATE OR REPLACE FUNCTION pay.claim_step(p pay.payment, p_step text, p_claim uuid, p_lease_ms integer, p_payment_key text)
    RETURNS pay.step_begin
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    pending boolean;
    resumes boolean;
BEGIN
    IF p_step = 'void' THEN
        IF p.state = 'VOIDED' THEN
            RETURN pay.told('DECIDED', p);
        END IF;
        pending := p.state IN ('AUTHORIZED', 'CAPTURE_FAILED');
    ELSE
        pending := p.state IN ('REQUESTED', 'AUTH_UNKNOWN');
        IF NOT pending THEN
            RETURN pay.told('DECIDED', p);
        END IF;
    END IF;
    IF NOT pending OR p.open_step <> p_step THEN
        -- Also when another step is open: it is gone on with by whoever asks for that one.
        RETURN pay.told('CONFLICT', p);
    ELSIF p.claimed_until > clock_timestamp() AND p.claim <> p_claim THEN
        RETURN pay.told('IN_PROGRESS', p);
    ELSIF p.claimed_until > clock_timestamp() THEN
        -- The same caller again, who has lost our first answer.
        RETURN pay.told(CASE WHEN p.claim_resumes THEN 'RESUME' ELSE 'BEGUN' END, p);
    ELSIF p.review IS NOT NULL THEN
        RETURN pay.told('IN_REVIEW', p);
    END IF;
    resumes := p.open_step IS NOT NULL OR p.state = 'AUTH_UNKNOWN';
    UPDATE pay.payment AS own
       SET open_step = coalesce(own.open_step, p_step), claim = p_claim, claim_resumes = resumes,
           claimed_until = clock_timestamp() + p_lease_ms * interval '1 millisecond', version = own.version + 1,
           payment_key = coalesce(own.payment_key, p_payment_key)
     WHERE own.tenant_id = p.tenant_id AND own.payment_id = p.payment_id
    RETURNING own.* INTO p;
    RETURN pay.told(CASE WHEN resumes THEN 'RESUME' ELSE 'BEGUN' END, p);
END
    $$;

-- Takes an existing payment for a step; a key that comes to nothing is free again at once.
CREATE OR REPLACE FUNCTION pay.begin_step(
    p_tenant bigint, p_endpoint text, p_key text, p_sha bytea, p_claim uuid, p_lease_ms integer, p_payment bigint,
    p_step text, p_amount bigint, p_payment_key text, p_actor text) RETURNS pay.step_begin
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    told pay.step_begin;
    p pay.payment;
BEGIN
    IF p_key IS NOT NULL THEN
        FOR tries IN 1..2 LOOP
            INSERT INTO pay.idempotency (tenant_id, endpoint, key, request_sha256, payment_id)
            VALUES (p_tenant, p_endpoint, p_key, p_sha, p_payment) ON CONFLICT DO NOTHING;
            EXIT WHEN FOUND;
            told := pay.begin_again(p_tenant, p_endpoint, p_key, p_sha, p_step, p_claim, p_lease_ms);
            IF told.outcome IS NOT NULL OR tries = 2 THEN
                told.outcome := coalesce(told.outcome, 'IN_PROGRESS');
                RETURN told;
            END IF;
        END LOOP;
    END IF;
    SELECT c.* INTO p FROM pay.payment AS c
     WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        told.outcome := 'NOT_FOUND';
    ELSIF p_amount <> p.amount THEN
        told := pay.told('AMOUNT_DIFFERS', p);
    ELSIF p_payment_key <> p.payment_key THEN
        told := pay.told('KEY_DIFFERS', p);
    ELSE
        told := pay.claim_step(p, p_step, p_claim, p_lease_ms, p_payment_key);
    END IF;
    IF told.outcome IN ('BEGUN', 'RESUME', 'DECIDED') THEN
        RETURN told;
    END IF;
    DELETE FROM pay.idempotency AS i WHERE i.tenant_id = p_tenant AND i.endpoint = p_endpoint AND i.key = p_key;
    RETURN told;
END
    $$;

CREATE OR REPLACE FUNCTION pay.finish_step(
    p_tenant bigint, p_payment bigint, p_claim uuid, p_version integer, p_path text[], p_end text, p_cause text,
    p_actor text, p_reason text, p_endpoint text, p_key text, p_answer_status integer, p_answer_body text,
    p_payment_key text, p_approval text, p_review text, p_call_step text, p_call_attempt integer, p_call_outcome text,
    p_call_code text, p_call_ms integer, p_post_kinds text[], p_post_accounts text[], p_post_amounts bigint[],
    p_traceparent text, OUT outcome text, OUT state text, OUT version integer)
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    passed integer := cardinality(p_path);
    events integer := 0;
    p pay.payment;
    written boolean;
BEGIN
    FOR i IN 1..passed LOOP
        events := events + (pay.event_of(p_path[i - 1], p_path[i]) IS NOT NULL)::integer;
    END LOOP;
    PERFORM pay.lock_order_to_pay(p_tenant, p_payment, p_path[passed]);
    UPDATE pay.payment AS c
       SET state = coalesce(p_path[passed], c.state), version = c.version + 1, moves = c.moves + passed,
           event_seq = c.event_seq + events,
           calls = c.calls + (p_call_step IS NOT NULL)::integer,
           attempt = c.attempt + (p_end = 'FAILED')::integer,
           open_step = CASE WHEN p_end = 'UNKNOWN' THEN c.open_step END,
           claimed_until = NULL,
           -- A key of the caller's that took nothing is not this payment's.
           payment_key = CASE WHEN p_end <> 'FAILED' OR c.open_step <> 'confirm'
                              THEN coalesce(p_payment_key, c.payment_key) END,
           approval_number = coalesce(p_approval, c.approval_number),
           review = CASE WHEN p_review IS NOT NULL THEN p_review::jsonb WHEN p_end = 'UNKNOWN' THEN c.review END,
           captured = CASE WHEN p_path[passed] = 'CAPTURED' THEN c.amount ELSE c.captured END,
           captured_at = CASE WHEN p_path[passed] = 'CAPTURED' THEN now() ELSE c.captured_at END,
           updated_at = now()
     WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment AND c.version = p_version AND c.claim = p_claim
       AND c.claimed_until IS NOT NULL AND pay.path_is_listed(c.state, p_path)
    RETURNING c.* INTO p;
    IF NOT FOUND THEN
        SELECT c.* INTO p FROM pay.payment AS c WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment;
        outcome := CASE WHEN NOT FOUND THEN 'NOT_FOUND'
                        WHEN p.claim IS DISTINCT FROM p_claim THEN 'STALE'
                        WHEN p.claimed_until IS NOT NULL AND p.version = p_version THEN 'ILLEGAL_MOVE'
                        -- The same caller again, whose first end stands.
                        WHEN p.claimed_until IS NULL AND p.version = p_version + 1 THEN 'DONE'
                        ELSE 'STALE' END;
        state := p.state;
        version := p.version;
        RETURN;
    END IF;
    outcome := 'DONE';
    state := p.state;
    version := p.version;
    IF passed > 0 OR p_post_kinds IS NOT NULL THEN
        written := pay.move(p, p_path, true, p_cause, p_actor, p_reason, '{}', p_post_kinds, p_post_accounts,
                            p_post_amounts, p_traceparent);
        IF state = 'CAPTURED' AND p.order_id IS NOT NULL THEN
            PERFORM pay.pay_order(p, p_traceparent);
        END IF;
    END IF;
    IF p_call_step IS NOT NULL THEN
        INSERT INTO pay.provider_call (tenant_id, payment_id, seq, step, attempt, outcome, code, duration_ms)
        VALUES (p_tenant, p_payment, p.calls, p_call_step, p_call_attempt, p_call_outcome, p_call_code, p_call_ms);
    END IF;
    IF p_answer_body IS NOT NULL AND p_key IS NOT NULL THEN
        UPDATE pay.idempotency AS i SET answer_status = p_answer_status, answer_body = p_answer_body
         WHERE i.tenant_id = p_tenant AND i.endpoint = p_endpoint AND i.key = p_key AND i.payment_id = p_payment
           AND i.answer_body IS NULL;
    END IF;
END
    $$;

-- Nothing was sent to the provider (its breaker is open): the payment is free at once, the attempt is not counted.
-- What an earlier caller left open stays open.
CREATE OR REPLACE FUNCTION pay.release_step(p_tenant bigint, p_payment bigint, p_claim uuid) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    UPDATE pay.payment AS c
       SET claim = NULL, claimed_until = NULL, version = c.version + 1,
           open_step = CASE WHEN c.claim_resumes THEN c.open_step END,
           payment_key = CASE WHEN c.claim_resumes OR c.open_step <> 'confirm' THEN c.payment_key END
     WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment AND c.claim = p_claim AND c.claimed_until IS NOT NULL;
    RETURN CASE WHEN FOUND THEN 'DONE' ELSE 'STALE' END;
END
    $$;

-- The end of a capture that was asked for.
CREATE OR REPLACE FUNCTION pay.finish_capture(
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
    PERFORM pay.lock_order_to_pay(p_tenant, p_payment, p_to);
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

DROP FUNCTION pay.begin_resolve(bigint, bigint, uuid, integer, text);

-- Takes a payment whose end is not known, for whoever asks the provider: a webhook, the reconciler, an operator. Not
-- sooner than p_pause_ms after it was last asked: notices are sent by anybody.
CREATE FUNCTION pay.begin_resolve(
    p_tenant bigint, p_payment bigint, p_claim uuid, p_lease_ms integer, p_actor text, p_pause_ms integer DEFAULT 0)
    RETURNS pay.step_begin
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
    ELSIF p.claim_resumes AND p.updated_at > clock_timestamp() - p_pause_ms * interval '1 millisecond' THEN
        -- The provider was asked just now.
        RETURN pay.told('IN_PROGRESS', p);
    END IF;
    UPDATE pay.payment AS c
       SET claim = p_claim, claim_resumes = true, version = c.version + 1,
           claimed_until = clock_timestamp() + p_lease_ms * interval '1 millisecond'
     WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment
    RETURNING c.* INTO p;
    RETURN pay.told('RESUME', p);
END
    $$;
