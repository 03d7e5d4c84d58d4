-- Steps that call a provider, their ends: moves, postings, events, what was asked, and the stored answer, all in one
-- statement, and only for the claim and the version that began.

-- The event that goes out with a move; NULL: nobody outside has to know. rules-payment holds the same.
CREATE FUNCTION pay.event_of(p_from text, p_to text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE p_to
        WHEN 'AUTHORIZED' THEN 'payment.authorized'
        WHEN 'AUTH_FAILED' THEN 'payment.failed'
        WHEN 'EXPIRED' THEN 'payment.failed'
        WHEN 'VOIDED' THEN 'payment.voided'
        WHEN 'CAPTURE_REQUESTED' THEN 'payment.capture-requested'
        WHEN 'CAPTURED' THEN CASE p_from WHEN 'CAPTURE_REQUESTED' THEN 'payment.captured' END
        WHEN 'REFUND_REQUESTED' THEN 'payment.refund-requested'
        WHEN 'PARTIALLY_REFUNDED' THEN 'payment.refunded'
        WHEN 'REFUNDED' THEN 'payment.refunded'
    END;

-- Which kind of posting a move takes; NULL: none.
CREATE FUNCTION pay.posting_of(p_to text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE p_to
        WHEN 'AUTHORIZED' THEN 'AUTHORIZE'
        WHEN 'CAPTURED' THEN 'CAPTURE'
        WHEN 'VOIDED' THEN 'RELEASE'
        WHEN 'EXPIRED' THEN 'RELEASE'
        WHEN 'PARTIALLY_REFUNDED' THEN 'REFUND'
        WHEN 'REFUNDED' THEN 'REFUND'
    END;

-- What every event about a payment says. p_extra: what one kind of event says more.
CREATE FUNCTION pay.payment_event(p pay.payment, p_state text, p_extra jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('paymentId', p.payment_id, 'orderId', p.order_id, 'status', p_state,
               'amount', p.amount, 'currency', p.currency, 'captured', p.captured, 'refunded', p.refunded,
               'provider', p.provider) || p_extra;

-- Writes what a payment's moves leave behind: history, events, postings. p is the payment as it is now, after them, with
-- all of them counted on its row. Returns a value, so that callers can have it in an expression.
CREATE FUNCTION pay.move(
    p pay.payment, p_path text[], p_events boolean, p_cause text, p_actor text, p_reason text, p_extra jsonb,
    p_post_kinds text[], p_post_accounts text[], p_post_amounts bigint[], p_traceparent text) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    passed integer := cardinality(p_path);
    from_states text[] := p.left_state::text || p_path[:passed - 1];
    types text[] := '{}';
    states text[] := '{}';
    kinds integer := coalesce(cardinality(p_post_kinds), 0);
    posted integer := 0;
    former_moves integer := p.moves - passed;
    former_events integer;
    event text;
    posting text;
    accounts text[] := p_post_accounts;
    amounts bigint[] := p_post_amounts;
BEGIN
    FOR i IN 1..passed LOOP
        event := CASE WHEN p_events THEN pay.event_of(from_states[i], p_path[i]) END;
        IF event IS NOT NULL THEN
            types := types || event;
            states := states || p_path[i];
        END IF;
    END LOOP;
    former_events := p.event_seq - cardinality(types);
    INSERT INTO pay.payment_history (tenant_id, payment_id, seq, from_state, to_state, cause, actor, reason)
    SELECT p.tenant_id, p.payment_id, former_moves + step.n, step.from_state, step.to_state, p_cause, p_actor, p_reason
      FROM unnest(from_states, p_path) WITH ORDINALITY AS step (from_state, to_state, n);
    INSERT INTO pay.outbox_event (tenant_id, aggregate_type, aggregate_id, aggregate_seq, event_type, payload,
                                  traceparent)
    SELECT p.tenant_id, 'payment', p.payment_id, former_events + e.n, e.type, pay.payment_event(p, e.state, p_extra),
           p_traceparent
      FROM unnest(types, states) WITH ORDINALITY AS e (type, state, n);
    FOR i IN 1..cardinality(states) LOOP
        EXIT WHEN posted = kinds;
        posting := pay.posting_of(states[i]);
        CONTINUE WHEN posting IS NULL OR posting <> ALL (p_post_kinds);
        IF p_post_kinds[1] <> p_post_kinds[kinds] THEN
            SELECT array_agg(l.account ORDER BY l.n), array_agg(l.amount ORDER BY l.n) INTO accounts, amounts
              FROM unnest(p_post_kinds, p_post_accounts, p_post_amounts)
                   WITH ORDINALITY AS l (kind, account, amount, n)
             WHERE l.kind = posting;
        END IF;
        IF pay.post_entry(p.tenant_id, p.payment_id, former_events + i, posting, p.currency, accounts, amounts,
                          former_moves > 0 OR posted > 0) THEN
            posted := posted + cardinality(accounts);
        END IF;
    END LOOP;
    IF posted <> kinds THEN
        RAISE EXCEPTION 'lines are to be posted that no move takes' USING ERRCODE = 'check_violation';
    END IF;
    RETURN true;
END
    $$;

-- The order follows its payment: captured means paid. A paid order is never undone by what comes later.
CREATE FUNCTION pay.pay_order(p pay.payment, p_traceparent text) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    o pay.customer_order;
BEGIN
    UPDATE pay.customer_order AS c SET state = 'PAID', event_seq = c.event_seq + 1, updated_at = now()
     WHERE c.tenant_id = p.tenant_id AND c.order_id = p.order_id AND c.state = 'PENDING'
    RETURNING c.* INTO o;
    IF FOUND THEN
        INSERT INTO pay.outbox_event (tenant_id, aggregate_type, aggregate_id, aggregate_seq, event_type, payload,
                                      traceparent)
        VALUES (o.tenant_id, 'order', o.order_id, o.event_seq, 'order.paid',
                jsonb_build_object('orderId', o.order_id, 'userId', o.user_id, 'status', o.state,
                                   'totalAmount', o.total_amount, 'currency', o.currency, 'paymentId', p.payment_id),
                p_traceparent);
        UPDATE pay.checkout_session AS s
           SET state = CASE WHEN s.payment_key = p.payment_key THEN 'PAID' ELSE 'EXPIRE_REQUESTED' END
         WHERE s.tenant_id = o.tenant_id AND s.order_id = o.order_id AND s.state = 'OPEN';
    END IF;
END
    $$;

-- Whether a path leads along listed moves from where the payment is.
CREATE FUNCTION pay.path_is_listed(p_from text, p_path text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $$
DECLARE
    at_state text := p_from;
    to_state text;
BEGIN
    FOREACH to_state IN ARRAY p_path LOOP
        IF pay.may_move(at_state, to_state) IS NOT TRUE THEN
            RETURN false;
        END IF;
        at_state := to_state;
    END LOOP;
    -- At once only where the table's own guard agrees.
    RETURN cardinality(p_path) = 0 OR pay.moves_between(p_from, at_state) = cardinality(p_path);
END
    $$;

CREATE FUNCTION pay.finish_step(
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
    UPDATE pay.payment AS c
       SET state = coalesce(p_path[passed], c.state), version = c.version + 1, moves = c.moves + passed,
           event_seq = c.event_seq + events,
           calls = c.calls + (p_call_step IS NOT NULL)::integer,
           attempt = c.attempt + (p_end = 'FAILED')::integer,
           open_step = CASE WHEN p_end = 'UNKNOWN' THEN c.open_step END,
           claimed_until = NULL,
           payment_key = coalesce(p_payment_key, c.payment_key),
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
