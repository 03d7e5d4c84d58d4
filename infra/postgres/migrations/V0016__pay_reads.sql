-- Payments and refunds as they are read. Nothing here writes.

-- A payment with its whole life.
CREATE FUNCTION pay.payment(p_tenant bigint, p_payment bigint) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE -- sets the tenant
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    p pay.payment;
    timeline jsonb;
    ledger jsonb := '[]';
    refunds jsonb := '[]';
    calls jsonb := '[]';
BEGIN
    SELECT c.* INTO p FROM pay.payment AS c WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    timeline := jsonb_build_array(jsonb_build_object('seq', 0, 'from', NULL, 'to', 'REQUESTED', 'cause', 'create',
                                                     'actor', p.created_by, 'reason', NULL, 'at', p.created_at));
    IF p.moves > 0 THEN
        SELECT timeline || jsonb_agg(jsonb_build_object(
                   'seq', h.seq, 'from', h.from_state, 'to', h.to_state, 'cause', h.cause, 'actor', h.actor,
                   'reason', h.reason, 'at', h.at) ORDER BY h.seq) INTO timeline
          FROM pay.payment_history AS h WHERE h.tenant_id = p_tenant AND h.payment_id = p_payment;
        SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'entry', l.source_seq, 'kind', t.kind, 'account', l.account, 'amount', l.amount,
                   'currency', l.currency, 'postedAt', t.posted_at) ORDER BY l.source_seq, l.line_no), '[]') INTO ledger
          FROM pay.ledger_transaction AS t
          JOIN pay.ledger_line AS l
            ON l.tenant_id = t.tenant_id AND l.subject_id = t.subject_id AND l.source_seq = t.source_seq
         WHERE t.tenant_id = p_tenant AND t.subject_id = p_payment AND l.tenant_id = p_tenant
           AND l.subject_id = p_payment;
    END IF;
    -- A payment never captured has no refunds.
    IF p.captured > 0 THEN
        SELECT coalesce(jsonb_agg(pay.refund_brief(r) ORDER BY r.requested_at, r.refund_id), '[]') INTO refunds
          FROM pay.refund AS r WHERE r.tenant_id = p_tenant AND r.payment_id = p_payment;
    END IF;
    IF p.calls > 0 THEN
        SELECT jsonb_agg(jsonb_build_object(
                   'seq', c.seq, 'step', c.step, 'attempt', c.attempt, 'outcome', c.outcome, 'code', c.code,
                   'durationMs', c.duration_ms, 'at', c.at) ORDER BY c.seq) INTO calls
          FROM pay.provider_call AS c WHERE c.tenant_id = p_tenant AND c.payment_id = p_payment;
    END IF;
    RETURN pay.payment_brief(p) || jsonb_build_object(
        'autoCapture', p.auto_capture, 'provider', p.provider, 'providerReference',
        pay.reference(p.tenant_id, p.payment_id), 'paymentKey', p.payment_key, 'reservedAmount', p.reserved,
        'chargedBackAmount', p.charged_back, 'review', p.review, 'unknownSince', p.unknown_since,
        'capturedAt', p.captured_at, 'timeline', timeline, 'ledgerEntries', ledger, 'refunds', refunds,
        'providerCalls', calls);
END
    $$;

-- Newest first, of one state or of all.
CREATE FUNCTION pay.payments(
    p_tenant bigint, p_status text, p_from timestamptz, p_to timestamptz, p_after_sort bigint, p_after_id bigint,
    p_rows integer) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    since timestamptz := coalesce(p_from, '-infinity');
    until timestamptz := coalesce(p_to, 'infinity');
    before timestamptz := coalesce(pay.at_micros(p_after_sort), 'infinity');
    before_id bigint := coalesce(p_after_id, 9223372036854775807);
    rows integer := least(greatest(p_rows, 1), 101);
    result jsonb;
BEGIN
    IF p_status IN ('REQUESTED', 'CAPTURE_REQUESTED') THEN
        -- Under way: listed under no state.
        SELECT jsonb_agg(pay.payment_brief(c::pay.payment) || jsonb_build_object('cursorSort', pay.micros(c.created_at))
                         ORDER BY c.created_at DESC, c.payment_id DESC) INTO result
          FROM (SELECT * FROM pay.payment AS p
                 WHERE p.tenant_id = p_tenant AND p.listed_state IS NULL AND p.state = p_status
                   AND p.created_at >= since AND p.created_at < until
                   AND (p.created_at, p.payment_id) < (before, before_id)
                 ORDER BY p.created_at DESC, p.payment_id DESC LIMIT rows) AS c;
    ELSIF p_status IS NOT NULL THEN
        SELECT jsonb_agg(pay.payment_brief(c::pay.payment) || jsonb_build_object('cursorSort', pay.micros(c.created_at))
                         ORDER BY c.created_at DESC, c.payment_id DESC) INTO result
          FROM (SELECT * FROM pay.payment AS p
                 WHERE p.tenant_id = p_tenant AND p.listed_state = p_status
                   AND p.created_at >= since AND p.created_at < until
                   AND (p.created_at, p.payment_id) < (before, before_id)
                 ORDER BY p.created_at DESC, p.payment_id DESC LIMIT rows) AS c;
    ELSE
        SELECT jsonb_agg(pay.payment_brief(c::pay.payment) || jsonb_build_object('cursorSort', pay.micros(c.created_at))
                         ORDER BY c.created_at DESC, c.payment_id DESC) INTO result
          FROM (SELECT * FROM pay.payment AS p
                 WHERE p.tenant_id = p_tenant AND p.created_at >= since AND p.created_at < until
                   AND (p.created_at, p.payment_id) < (before, before_id)
                 ORDER BY p.created_at DESC, p.payment_id DESC LIMIT rows) AS c;
    END IF;
    RETURN coalesce(result, '[]');
END
    $$;

CREATE FUNCTION pay.refund_of(p_tenant bigint, p_refund bigint) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    r pay.refund;
BEGIN
    SELECT c.* INTO r FROM pay.refund AS c WHERE c.tenant_id = p_tenant AND c.refund_id = p_refund;
    RETURN CASE WHEN FOUND THEN pay.refund_brief(r) END;
END
    $$;

-- Newest first, of one payment or of all.
CREATE FUNCTION pay.refunds(
    p_tenant bigint, p_payment bigint, p_after_sort bigint, p_after_id bigint, p_rows integer) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    before timestamptz := coalesce(pay.at_micros(p_after_sort), 'infinity');
    before_id bigint := coalesce(p_after_id, 9223372036854775807);
    rows integer := least(greatest(p_rows, 1), 101);
    result jsonb;
BEGIN
    IF p_payment IS NOT NULL THEN
        SELECT jsonb_agg(pay.refund_brief(c::pay.refund) || jsonb_build_object('cursorSort', pay.micros(c.requested_at))
                         ORDER BY c.requested_at DESC, c.refund_id DESC) INTO result
          FROM (SELECT * FROM pay.refund AS r
                 WHERE r.tenant_id = p_tenant AND r.payment_id = p_payment
                   AND (r.requested_at, r.refund_id) < (before, before_id)
                 ORDER BY r.requested_at DESC, r.refund_id DESC LIMIT rows) AS c;
    ELSE
        SELECT jsonb_agg(pay.refund_brief(c::pay.refund) || jsonb_build_object('cursorSort', pay.micros(c.requested_at))
                         ORDER BY c.requested_at DESC, c.refund_id DESC) INTO result
          FROM (SELECT * FROM pay.refund AS r
                 WHERE r.tenant_id = p_tenant AND (r.requested_at, r.refund_id) < (before, before_id)
                 ORDER BY r.requested_at DESC, r.refund_id DESC LIMIT rows) AS c;
    END IF;
    RETURN coalesce(result, '[]');
END
    $$;
