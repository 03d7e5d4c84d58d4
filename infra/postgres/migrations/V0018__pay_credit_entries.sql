-- Entries of credit accounts. The rule is rules_payment::credit's; the constraints hold it whatever comes at once.

CREATE FUNCTION pay.credit_balance_json(a pay.credit_account) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('userId', a.user_id, 'currency', a.currency, 'balance', a.balance,
               'reserved', a.reserved, 'available', a.balance - a.reserved);

CREATE FUNCTION pay.credit_entry_json(e pay.credit_entry) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('seq', e.seq, 'kind', e.kind, 'amount', e.amount, 'reservationId', e.reservation_id,
               'reference', e.reference, 'balanceAfter', e.balance_after, 'reservedAfter', e.reserved_after,
               'createdAt', e.created_at);

-- Why an entry is refused; 'DONE' when it is not. What is open of a reservation: amount − confirmed − cancelled.
CREATE FUNCTION pay.judge_credit(a pay.credit_account, r pay.credit_reservation, p_kind text, p_amount bigint)
    RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
        SELECT CASE
            WHEN p_amount IS NULL OR p_amount < 1 THEN 'NOT_POSITIVE'
            WHEN p_kind IN ('CHARGE', 'REFUND') AND a.balance + p_amount > 9007199254740991 THEN 'TOO_LARGE'
            WHEN p_kind IN ('RESERVE', 'EXPIRE') AND p_amount > a.balance - a.reserved THEN 'INSUFFICIENT'
            WHEN p_kind IN ('CONFIRM', 'CANCEL') AND p_amount > r.amount - r.confirmed - r.cancelled THEN 'CONFLICT'
            WHEN p_kind = 'REFUND' AND p_amount > r.confirmed - r.refunded THEN 'EXCEEDS_CONFIRMED'
            WHEN p_kind IN ('CHARGE', 'RESERVE', 'CONFIRM', 'CANCEL', 'REFUND', 'EXPIRE') THEN 'DONE'
            ELSE 'CONFLICT' END
    $$;

CREATE FUNCTION pay.change_credit(
    p_tenant bigint, p_endpoint text, p_key text, p_sha bytea, p_user text, p_currency text, p_kind text,
    p_amount bigint, p_reservation bigint, p_reference text, p_actor text, p_traceparent text) RETURNS pay.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    got pay.answer := pay.claim_key(p_tenant, p_endpoint, p_key, p_sha);
    a pay.credit_account;
    r pay.credit_reservation;
    e pay.credit_entry;
    wanted bigint := p_amount;
BEGIN
    IF got.outcome IS NOT NULL THEN
        RETURN got;
    END IF;
    IF p_kind = 'CHARGE' AND p_amount >= 1 THEN
        INSERT INTO pay.credit_account (tenant_id, user_id, currency) VALUES (p_tenant, p_user, p_currency)
            ON CONFLICT DO NOTHING;
    END IF;
    SELECT c.* INTO a FROM pay.credit_account AS c
     WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.currency = p_currency FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        got.outcome := 'NO_ACCOUNT';
    ELSIF p_kind IN ('CONFIRM', 'CANCEL') OR (p_kind = 'REFUND' AND p_reservation IS NOT NULL) THEN
        SELECT c.* INTO r FROM pay.credit_reservation AS c
         WHERE c.tenant_id = p_tenant AND c.reservation_id = p_reservation AND c.account_id = a.account_id
           FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            got.outcome := 'NO_RESERVATION';
        ELSIF p_amount IS NULL AND p_kind = 'REFUND' THEN
            wanted := r.confirmed - r.refunded;
        ELSIF p_amount IS NULL THEN
            wanted := r.amount - r.confirmed - r.cancelled;
        END IF;
        IF got.outcome IS NULL AND p_amount IS NULL AND wanted = 0 THEN
            got.outcome := CASE p_kind WHEN 'REFUND' THEN 'EXCEEDS_CONFIRMED' ELSE 'CONFLICT' END;
        END IF;
    END IF;
    got.outcome := coalesce(got.outcome, pay.judge_credit(a, r, p_kind, wanted));
    IF got.outcome <> 'DONE' THEN
        RETURN pay.settle_key(p_tenant, p_endpoint, p_key, got);
    END IF;
    IF p_kind = 'RESERVE' THEN
        INSERT INTO pay.credit_reservation (tenant_id, account_id, amount, reference)
        VALUES (p_tenant, a.account_id, wanted, p_reference) RETURNING * INTO r;
    ELSIF r.reservation_id IS NOT NULL THEN
        UPDATE pay.credit_reservation AS c
           SET confirmed = c.confirmed + CASE p_kind WHEN 'CONFIRM' THEN wanted ELSE 0 END,
               cancelled = c.cancelled + CASE p_kind WHEN 'CANCEL' THEN wanted ELSE 0 END,
               refunded = c.refunded + CASE p_kind WHEN 'REFUND' THEN wanted ELSE 0 END
         WHERE c.tenant_id = p_tenant AND c.reservation_id = r.reservation_id;
    END IF;
    UPDATE pay.credit_account AS c
       SET balance = c.balance + CASE WHEN p_kind IN ('CHARGE', 'REFUND') THEN wanted
                                      WHEN p_kind IN ('CONFIRM', 'EXPIRE') THEN -wanted ELSE 0 END,
           reserved = c.reserved + CASE WHEN p_kind = 'RESERVE' THEN wanted
                                        WHEN p_kind IN ('CONFIRM', 'CANCEL') THEN -wanted ELSE 0 END,
           entry_seq = c.entry_seq + 1
     WHERE c.tenant_id = p_tenant AND c.account_id = a.account_id
    RETURNING c.* INTO a;
    INSERT INTO pay.credit_entry (tenant_id, account_id, seq, kind, amount, reservation_id, reference, balance_after,
                                  reserved_after, actor)
    VALUES (p_tenant, a.account_id, a.entry_seq, p_kind, wanted, r.reservation_id, p_reference, a.balance, a.reserved,
            p_actor) RETURNING * INTO e;
    got.result := pay.credit_balance_json(a) || jsonb_build_object('entry', pay.credit_entry_json(e));
    INSERT INTO pay.outbox_event (tenant_id, aggregate_type, aggregate_id, aggregate_seq, event_type, payload,
                                  traceparent)
    VALUES (p_tenant, 'credit', a.account_id, a.entry_seq,
            CASE p_kind WHEN 'CHARGE' THEN 'credit.charged' WHEN 'RESERVE' THEN 'credit.reserved'
                        WHEN 'CONFIRM' THEN 'credit.confirmed' WHEN 'CANCEL' THEN 'credit.cancelled'
                        WHEN 'REFUND' THEN 'credit.refunded' WHEN 'EXPIRE' THEN 'credit.expired' END,
            got.result, p_traceparent);
    RETURN pay.settle_key(p_tenant, p_endpoint, p_key, got);
END
    $$;

CREATE FUNCTION pay.credit_balance(p_tenant bigint, p_user text, p_currency text) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    a pay.credit_account;
BEGIN
    SELECT c.* INTO a FROM pay.credit_account AS c
     WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.currency = p_currency;
    RETURN CASE WHEN FOUND THEN pay.credit_balance_json(a) END;
END
    $$;

-- Newest first; NULL when there is no such account.
CREATE FUNCTION pay.credit_entries(
    p_tenant bigint, p_user text, p_currency text, p_before_seq bigint, p_rows integer) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    account bigint;
    result jsonb;
BEGIN
    SELECT c.account_id INTO account FROM pay.credit_account AS c
     WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.currency = p_currency;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_agg(pay.credit_entry_json(e::pay.credit_entry) ORDER BY e.seq DESC) INTO result
      FROM (SELECT * FROM pay.credit_entry AS c
             WHERE c.tenant_id = p_tenant AND c.account_id = account
               AND c.seq < coalesce(p_before_seq, 2147483647)
             ORDER BY c.seq DESC LIMIT least(greatest(p_rows, 1), 101)) AS e;
    RETURN coalesce(result, '[]');
END
    $$;
