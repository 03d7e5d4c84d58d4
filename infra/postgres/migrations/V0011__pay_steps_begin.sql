-- Steps that call a provider, their beginnings: claims the idempotency key and the payment, so that one caller at a
-- time works on it, and tells what is to be done. Nothing is charged blindly: where an earlier caller's end is not
-- known, the answer is RESUME, which means to ask the provider first.

CREATE TYPE pay.step_begin AS (
    outcome text, payment_id bigint, order_id bigint, version integer, attempt integer, state text, amount bigint,
    currency text, auto_capture boolean, reference text, provider text, payment_key text, approval_number text,
    created_at timestamptz, open_step text, answer_status integer, answer_body text, lease_left_ms integer, review text);

-- Our name for a payment at a provider: it carries the tenant, as a provider's message names nobody else.
CREATE FUNCTION pay.reference(p_tenant bigint, p_payment bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 'mo-' || p_tenant::text || '-' || p_payment::text;

CREATE FUNCTION pay.told(p_outcome text, p pay.payment) RETURNS pay.step_begin
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN ROW (p_outcome, p.payment_id, p.order_id, p.version, p.attempt::integer, p.state, p.amount::bigint,
                p.currency::text, p.auto_capture, pay.reference(p.tenant_id, p.payment_id), p.provider, p.payment_key,
                p.approval_number, p.created_at, p.open_step, NULL::integer, NULL::text,
                greatest(0, ceil(extract(epoch FROM p.claimed_until - clock_timestamp()) * 1000))::integer,
                p.review::text)::pay.step_begin;
END
    $$;

-- Takes a payment, which the caller of this function has locked, for a step.
CREATE FUNCTION pay.claim_step(p pay.payment, p_step text, p_claim uuid, p_lease_ms integer, p_payment_key text)
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
    IF NOT pending THEN
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

-- What a key that was seen before leads to. No outcome: the key had run out and is gone, begin anew.
CREATE FUNCTION pay.begin_again(
    p_tenant bigint, p_endpoint text, p_key text, p_sha bytea, p_step text, p_claim uuid, p_lease_ms integer)
    RETURNS pay.step_begin
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    told pay.step_begin;
    k pay.idempotency;
    p pay.payment;
BEGIN
    SELECT i.* INTO k FROM pay.idempotency AS i
     WHERE i.tenant_id = p_tenant AND i.endpoint = p_endpoint AND i.key = p_key;
    IF NOT FOUND THEN
        -- A twin was refused and took its claim back while we waited for it.
        RETURN told;
    END IF;
    IF k.expires_at <= now() THEN
        DELETE FROM pay.idempotency AS i
         WHERE i.tenant_id = p_tenant AND i.endpoint = p_endpoint AND i.key = p_key AND i.expires_at <= now();
        RETURN told;
    END IF;
    IF k.request_sha256 <> p_sha THEN
        told.outcome := 'MISMATCH';
    ELSIF k.answer_body IS NOT NULL THEN
        told.outcome := 'REPLAY';
        told.payment_id := k.payment_id;
        told.answer_status := k.answer_status;
        told.answer_body := k.answer_body;
    ELSE
        SELECT own.* INTO p FROM pay.payment AS own
         WHERE own.tenant_id = p_tenant AND own.payment_id = k.payment_id FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'a key is claimed for no payment' USING ERRCODE = 'data_corrupted';
        END IF;
        -- The first caller may have ended while we waited for the payment.
        SELECT i.answer_status, i.answer_body INTO told.answer_status, told.answer_body FROM pay.idempotency AS i
         WHERE i.tenant_id = p_tenant AND i.endpoint = p_endpoint AND i.key = p_key;
        IF told.answer_body IS NOT NULL THEN
            told.outcome := 'REPLAY';
            told.payment_id := k.payment_id;
        ELSE
            told := pay.claim_step(p, p_step, p_claim, p_lease_ms, NULL);
        END IF;
    END IF;
    RETURN told;
END
    $$;

-- Makes a payment and takes it for its authorization.
CREATE FUNCTION pay.begin_authorize(
    p_tenant bigint, p_endpoint text, p_key text, p_sha bytea, p_claim uuid, p_lease_ms integer, p_order bigint,
    p_amount bigint, p_currency text, p_auto_capture boolean, p_provider text, p_actor text) RETURNS pay.step_begin
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    told pay.step_begin;
    id bigint := pay.next_id();
    o pay.customer_order;
    p pay.payment;
BEGIN
    IF p_key IS NOT NULL THEN
        FOR tries IN 1..2 LOOP
            INSERT INTO pay.idempotency (tenant_id, endpoint, key, request_sha256, payment_id)
            VALUES (p_tenant, p_endpoint, p_key, p_sha, id) ON CONFLICT DO NOTHING;
            EXIT WHEN FOUND;
            told := pay.begin_again(p_tenant, p_endpoint, p_key, p_sha, 'authorize', p_claim, p_lease_ms);
            IF told.outcome IS NOT NULL OR tries = 2 THEN
                told.outcome := coalesce(told.outcome, 'IN_PROGRESS');
                RETURN told;
            END IF;
        END LOOP;
    END IF;
    IF p_order IS NOT NULL THEN
        SELECT c.* INTO o FROM pay.customer_order AS c
         WHERE c.tenant_id = p_tenant AND c.order_id = p_order FOR NO KEY UPDATE;
        told.outcome := CASE
            WHEN NOT FOUND THEN 'NOT_FOUND'
            WHEN o.state <> 'PENDING' THEN 'ORDER_CLOSED'
            WHEN p_amount <> o.total_amount OR p_currency <> o.currency THEN 'AMOUNT_DIFFERS'
            WHEN EXISTS (SELECT FROM pay.payment AS live
                          WHERE live.tenant_id = p_tenant AND live.live_order_id = p_order) THEN 'PAYMENT_LIVE' END;
        IF told.outcome IS NOT NULL THEN
            told.amount := o.total_amount;
            told.currency := o.currency;
            DELETE FROM pay.idempotency AS i
             WHERE i.tenant_id = p_tenant AND i.endpoint = p_endpoint AND i.key = p_key;
            RETURN told;
        END IF;
    END IF;
    INSERT INTO pay.payment (tenant_id, payment_id, order_id, currency, amount, auto_capture, provider, created_by,
                             open_step, claim, claimed_until)
    VALUES (p_tenant, id, p_order, coalesce(o.currency, p_currency), coalesce(o.total_amount, p_amount),
            p_auto_capture, p_provider, p_actor, 'authorize', p_claim,
            clock_timestamp() + p_lease_ms * interval '1 millisecond')
    RETURNING * INTO p;
    RETURN pay.told('BEGUN', p);
END
    $$;

-- Takes an existing payment for a step; a key that comes to nothing is free again at once.
CREATE FUNCTION pay.begin_step(
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
    ELSIF p_amount <> p.amount OR (p_payment_key <> p.payment_key AND p.state IN ('REQUESTED', 'AUTH_UNKNOWN')) THEN
        told := pay.told('AMOUNT_DIFFERS', p);
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
