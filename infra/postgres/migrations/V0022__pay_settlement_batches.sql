-- Daily batches, and the lists about settlement.

CREATE FUNCTION pay.settlement_batch_json(b pay.settlement_batch) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_build_object('batchId', b.batch_id, 'day', b.day, 'currency', b.currency, 'captures', b.captures,
               'refunds', b.refunds, 'captured', b.captured, 'refunded', b.refunded, 'fees', b.fees, 'net', b.net,
               'status', b.state, 'createdAt', b.created_at);

-- Makes the batches of a day that is over: what was captured or refunded until its end and is in no batch yet (up to a
-- week back: what committed late is not lost), one batch per currency.
CREATE FUNCTION pay.make_settlement_batch(p_tenant bigint, p_day date, p_actor text) RETURNS pay.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    day_end timestamptz := (p_day + 1)::timestamp AT TIME ZONE 'UTC';
    got pay.answer;
BEGIN
    IF day_end > now() THEN
        got.outcome := 'DAY_NOT_OVER';
        RETURN got;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('pay.make_settlement_batch', p_tenant));
    got.outcome := 'SAME';
    IF NOT EXISTS (SELECT FROM pay.settlement_batch AS b WHERE b.tenant_id = p_tenant AND b.day = p_day) THEN
        got.outcome := 'DONE';
        WITH due AS MATERIALIZED (
            SELECT 'CAPTURE' AS kind, p.payment_id, NULL::bigint AS refund_id, p.currency, p.captured::bigint AS amount,
                   coalesce((SELECT -sum(l.amount::bigint) FROM pay.ledger_line AS l
                              WHERE l.tenant_id = p_tenant AND l.subject_id = p.payment_id AND l.account = 'FEES'), 0)::bigint
                       AS fee, p.captured_at AS occurred_at
              FROM pay.payment AS p
             WHERE p.tenant_id = p_tenant AND p.captured_at >= day_end - interval '8 days' AND p.captured_at < day_end
               AND NOT EXISTS (SELECT FROM pay.settlement_item AS i WHERE i.tenant_id = p_tenant
                                  AND i.payment_id = p.payment_id AND i.kind = 'CAPTURE')
            UNION ALL
            SELECT 'REFUND', r.payment_id, r.refund_id, r.currency, r.amount::bigint, 0, r.finished_at
              FROM pay.refund AS r
             WHERE r.tenant_id = p_tenant AND r.state = 'COMPLETED' AND r.finished_at >= day_end - interval '8 days'
               AND r.finished_at < day_end
               AND NOT EXISTS (SELECT FROM pay.settlement_item AS i WHERE i.tenant_id = p_tenant
                                  AND i.refund_id = r.refund_id AND i.kind = 'REFUND')
        ), batch AS (
            INSERT INTO pay.settlement_batch (tenant_id, day, currency, captures, refunds, captured, refunded, fees,
                                              created_by)
            SELECT p_tenant, p_day, d.currency, count(*) FILTER (WHERE d.kind = 'CAPTURE'),
                   count(*) FILTER (WHERE d.kind = 'REFUND'),
                   coalesce(sum(d.amount) FILTER (WHERE d.kind = 'CAPTURE'), 0),
                   coalesce(sum(d.amount) FILTER (WHERE d.kind = 'REFUND'), 0), sum(d.fee), p_actor
              FROM due AS d GROUP BY d.currency
            RETURNING batch_id, currency
        )
        INSERT INTO pay.settlement_item (tenant_id, batch_id, item_id, kind, payment_id, refund_id, amount, fee,
                                         occurred_at)
        SELECT p_tenant, b.batch_id,
               row_number() OVER (PARTITION BY b.batch_id ORDER BY d.occurred_at, d.payment_id, d.refund_id), d.kind,
               d.payment_id, d.refund_id, d.amount, d.fee, d.occurred_at
          FROM due AS d JOIN batch AS b ON b.currency = d.currency;
    END IF;
    SELECT coalesce(jsonb_agg(pay.settlement_batch_json(b) ORDER BY b.currency), '[]') INTO got.result
      FROM pay.settlement_batch AS b WHERE b.tenant_id = p_tenant AND b.day = p_day;
    RETURN got;
END
    $$;

CREATE FUNCTION pay.settlement_batch(p_tenant bigint, p_batch bigint) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    b pay.settlement_batch;
BEGIN
    SELECT s.* INTO b FROM pay.settlement_batch AS s WHERE s.tenant_id = p_tenant AND s.batch_id = p_batch;
    RETURN CASE WHEN FOUND THEN pay.settlement_batch_json(b) END;
END
    $$;

CREATE FUNCTION pay.settlement_batches(p_tenant bigint, p_after_sort bigint, p_after_id bigint, p_rows integer)
    RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    result jsonb;
BEGIN
    SELECT jsonb_agg(pay.settlement_batch_json(c::pay.settlement_batch)
                     || jsonb_build_object('cursorSort', pay.micros(c.created_at))
                     ORDER BY c.created_at DESC, c.batch_id DESC) INTO result
      FROM (SELECT * FROM pay.settlement_batch AS b
             WHERE b.tenant_id = p_tenant
               AND (b.created_at, b.batch_id) < (coalesce(pay.at_micros(p_after_sort), 'infinity'),
                                                 coalesce(p_after_id, 9223372036854775807))
             ORDER BY b.created_at DESC, b.batch_id DESC LIMIT least(greatest(p_rows, 1), 101)) AS c;
    RETURN coalesce(result, '[]');
END
    $$;

-- Items in the order of their happening, at most 1,001 at once: reports read them through.
CREATE FUNCTION pay.settlement_items(p_tenant bigint, p_batch bigint, p_after_id bigint, p_rows integer) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    result jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('itemId', i.item_id, 'paymentId', i.payment_id, 'refundId', i.refund_id,
                                        'kind', i.kind, 'amount', i.amount, 'fee', i.fee,
                                        'occurredAt', i.occurred_at) ORDER BY i.item_id) INTO result
      FROM (SELECT * FROM pay.settlement_item AS s
             WHERE s.tenant_id = p_tenant AND s.batch_id = p_batch AND s.item_id > coalesce(p_after_id, 0)
             ORDER BY s.item_id LIMIT least(greatest(p_rows, 1), 1001)) AS i;
    RETURN coalesce(result, '[]');
END
    $$;

CREATE FUNCTION pay.settlement_file(p_tenant bigint, p_file bigint) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    f pay.settlement_file;
BEGIN
    SELECT s.* INTO f FROM pay.settlement_file AS s WHERE s.tenant_id = p_tenant AND s.file_id = p_file;
    RETURN CASE WHEN FOUND THEN pay.settlement_file_json(f) END;
END
    $$;

CREATE FUNCTION pay.settlement_files(p_tenant bigint, p_after_sort bigint, p_after_id bigint, p_rows integer)
    RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    result jsonb;
BEGIN
    SELECT jsonb_agg(pay.settlement_file_json(c::pay.settlement_file)
                     || jsonb_build_object('cursorSort', pay.micros(c.uploaded_at))
                     ORDER BY c.uploaded_at DESC, c.file_id DESC) INTO result
      FROM (SELECT * FROM pay.settlement_file AS f
             WHERE f.tenant_id = p_tenant
               AND (f.uploaded_at, f.file_id) < (coalesce(pay.at_micros(p_after_sort), 'infinity'),
                                                 coalesce(p_after_id, 9223372036854775807))
             ORDER BY f.uploaded_at DESC, f.file_id DESC LIMIT least(greatest(p_rows, 1), 101)) AS c;
    RETURN coalesce(result, '[]');
END
    $$;

-- Rows of a file by line, of one status or of all; NULL when there is no such file.
CREATE FUNCTION pay.settlement_rows(
    p_tenant bigint, p_file bigint, p_status text, p_after_line bigint, p_rows integer) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    result jsonb;
BEGIN
    PERFORM FROM pay.settlement_file AS f WHERE f.tenant_id = p_tenant AND f.file_id = p_file;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_agg(jsonb_build_object(
               'line', r.line_no, 'reference', r.reference, 'paymentKey', r.payment_key, 'kind', r.kind,
               'amount', r.amount, 'fee', r.fee, 'currency', r.currency, 'settledOn', r.settled_on,
               'status', r.status, 'reason', r.reason, 'text', r.bad_text, 'paymentId', r.payment_id)
               ORDER BY r.line_no) INTO result
      FROM (SELECT * FROM pay.settlement_row AS s
             WHERE s.tenant_id = p_tenant AND s.file_id = p_file AND s.line_no > coalesce(p_after_line, 0)
               AND (p_status IS NULL OR s.status = p_status)
             ORDER BY s.line_no LIMIT least(greatest(p_rows, 1), 1001)) AS r;
    RETURN coalesce(result, '[]');
END
    $$;
