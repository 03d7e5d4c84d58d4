-- Settlement files: stored in pieces, matched piece by piece, matched again when more is known.

CREATE FUNCTION pay.begin_settlement_file(
    p_tenant bigint, p_provider text, p_name text, p_sha bytea, p_bytes bigint, p_actor text,
    OUT outcome text, OUT file_id bigint, OUT rows_done bigint)
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    f pay.settlement_file;
BEGIN
    INSERT INTO pay.settlement_file (tenant_id, provider, name, sha256, bytes, uploaded_by)
    VALUES (p_tenant, p_provider, p_name, p_sha, p_bytes, p_actor) ON CONFLICT DO NOTHING
    RETURNING pay.settlement_file.file_id INTO file_id;
    IF FOUND THEN
        outcome := 'NEW';
        rows_done := 0;
        RETURN;
    END IF;
    SELECT s.* INTO f FROM pay.settlement_file AS s
     WHERE s.tenant_id = p_tenant AND s.provider = p_provider AND s.sha256 = p_sha;
    file_id := f.file_id;
    outcome := CASE f.state WHEN 'DONE' THEN 'DONE' ELSE 'RESUME' END;
    SELECT coalesce(max(r.line_no), 0) INTO rows_done FROM pay.settlement_row AS r
     WHERE r.tenant_id = p_tenant AND r.file_id = f.file_id;
END
    $$;

-- Matches rows of a file that match nothing yet; p_lines NULL: all of them. Two at once for one tenant wait for each
-- other, so that no row is settled by both.
CREATE FUNCTION pay.match_settlement_rows(p_tenant bigint, p_file bigint, p_lines bigint[]) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('pay.match_settlement_rows', p_tenant));
    WITH open_rows AS MATERIALIZED (
        SELECT r.line_no, r.kind, r.currency, r.amount::bigint AS amount,
               substring(r.reference FROM '^mo-' || p_tenant::text || '-([1-9][0-9]{0,15})$')::bigint AS wanted,
               row_number() OVER (PARTITION BY r.reference, r.kind, r.currency, r.amount ORDER BY r.line_no) AS nth
          FROM pay.settlement_row AS r
         WHERE r.tenant_id = p_tenant AND r.file_id = p_file AND r.status = 'UNMATCHED'
           AND (p_lines IS NULL OR r.line_no = ANY (p_lines))
    ), seen AS MATERIALIZED (
        SELECT o.line_no, o.kind, o.amount, o.nth, p.payment_id, p.captured, p.currency = o.currency AS same_currency,
               (SELECT count(*) FROM pay.refund AS f WHERE f.tenant_id = p_tenant AND f.payment_id = o.wanted
                   AND f.state = 'COMPLETED') AS refunds,
               (SELECT count(*) FROM pay.refund AS f WHERE f.tenant_id = p_tenant AND f.payment_id = o.wanted
                   AND f.state = 'COMPLETED' AND f.amount = o.amount) AS refunds_alike,
               (SELECT count(*) FROM pay.settlement_row AS m WHERE m.tenant_id = p_tenant AND m.payment_id = o.wanted
                   AND m.kind = o.kind AND m.amount = o.amount) AS settled_alike
          FROM open_rows AS o
          LEFT JOIN LATERAL (SELECT c.payment_id, c.captured, c.currency FROM pay.payment AS c
                              WHERE c.tenant_id = p_tenant AND c.payment_id = o.wanted LIMIT 1) AS p ON true
    ), judged AS (
        SELECT s.line_no, s.payment_id, CASE
            WHEN s.payment_id IS NULL THEN 'UNKNOWN_PAYMENT'
            WHEN NOT s.same_currency THEN 'CURRENCY_DIFFERS'
            WHEN s.kind = 'PAYMENT' AND s.captured = 0 THEN 'STATE_DIFFERS'
            WHEN s.kind = 'PAYMENT' AND s.captured <> s.amount THEN 'AMOUNT_DIFFERS'
            WHEN s.kind = 'PAYMENT' AND s.settled_alike + s.nth > 1 THEN 'DOUBLED'
            WHEN s.kind = 'CANCEL' AND s.refunds = 0 THEN 'STATE_DIFFERS'
            WHEN s.kind = 'CANCEL' AND s.refunds_alike = 0 THEN 'AMOUNT_DIFFERS'
            WHEN s.kind = 'CANCEL' AND s.settled_alike + s.nth > s.refunds_alike THEN 'DOUBLED' END AS reason
          FROM seen AS s
    )
    UPDATE pay.settlement_row AS r
       SET reason = j.reason,
           status = CASE WHEN j.reason IS NULL THEN 'MATCHED' ELSE 'UNMATCHED' END,
           payment_id = CASE WHEN j.reason IS NULL THEN j.payment_id END
      FROM judged AS j
     WHERE r.tenant_id = p_tenant AND r.file_id = p_file AND r.line_no = j.line_no;
END
    $$;

CREATE FUNCTION pay.add_settlement_rows(
    p_tenant bigint, p_file bigint, p_lines bigint[], p_references text[], p_payment_keys text[], p_kinds text[],
    p_currencies text[], p_amounts bigint[], p_fees bigint[], p_settled_on text[],
    OUT outcome text, OUT matched bigint, OUT unmatched bigint)
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    file_state text;
BEGIN
    SELECT f.state INTO file_state FROM pay.settlement_file AS f WHERE f.tenant_id = p_tenant AND f.file_id = p_file;
    outcome := CASE WHEN NOT FOUND THEN 'NOT_FOUND' WHEN file_state <> 'LOADING' THEN 'CLOSED' ELSE 'DONE' END;
    IF outcome <> 'DONE' THEN
        RETURN;
    END IF;
    INSERT INTO pay.settlement_row (tenant_id, file_id, line_no, reference, payment_key, kind, currency, amount, fee,
                                    settled_on, reason)
    SELECT p_tenant, p_file, s.line_no, s.reference, s.payment_key, s.kind, s.currency, s.amount, s.fee,
           s.settled_on::date, 'NOT_LOOKED_AT'
      FROM unnest(p_lines, p_references, p_payment_keys, p_kinds, p_currencies, p_amounts, p_fees, p_settled_on)
           AS s (line_no, reference, payment_key, kind, currency, amount, fee, settled_on)
        ON CONFLICT DO NOTHING;
    PERFORM pay.match_settlement_rows(p_tenant, p_file, p_lines);
    SELECT count(*) FILTER (WHERE r.status = 'MATCHED'), count(*) FILTER (WHERE r.status = 'UNMATCHED')
      INTO matched, unmatched
      FROM pay.settlement_row AS r
     WHERE r.tenant_id = p_tenant AND r.file_id = p_file AND r.line_no = ANY (p_lines);
END
    $$;

CREATE FUNCTION pay.add_bad_settlement_rows(
    p_tenant bigint, p_file bigint, p_lines bigint[], p_reasons text[], p_texts text[]) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    file_state text;
BEGIN
    SELECT f.state INTO file_state FROM pay.settlement_file AS f WHERE f.tenant_id = p_tenant AND f.file_id = p_file;
    IF NOT FOUND THEN
        RETURN 'NOT_FOUND';
    ELSIF file_state <> 'LOADING' THEN
        RETURN 'CLOSED';
    END IF;
    INSERT INTO pay.settlement_row (tenant_id, file_id, line_no, status, reason, bad_text)
    SELECT p_tenant, p_file, s.line_no, 'BAD', s.reason, left(s.bad_text, 400)
      FROM unnest(p_lines, p_reasons, p_texts) AS s (line_no, reason, bad_text)
        ON CONFLICT DO NOTHING;
    RETURN 'DONE';
END
    $$;

CREATE FUNCTION pay.settlement_file_json(f pay.settlement_file) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    counts jsonb;
    sums jsonb;
BEGIN
    SELECT jsonb_build_object('rows', count(*), 'matched', count(*) FILTER (WHERE r.status = 'MATCHED'),
                              'unmatched', count(*) FILTER (WHERE r.status = 'UNMATCHED'),
                              'bad', count(*) FILTER (WHERE r.status = 'BAD')) INTO counts
      FROM pay.settlement_row AS r WHERE r.tenant_id = f.tenant_id AND r.file_id = f.file_id;
    SELECT jsonb_agg(jsonb_build_object('currency', s.currency, 'kind', s.kind, 'amount', s.amount, 'fee', s.fee)
                     ORDER BY s.currency, s.kind) INTO sums
      FROM (SELECT r.currency, r.kind, sum(r.amount::bigint) AS amount, sum(r.fee::bigint) AS fee
              FROM pay.settlement_row AS r
             WHERE r.tenant_id = f.tenant_id AND r.file_id = f.file_id AND r.status <> 'BAD'
             GROUP BY r.currency, r.kind) AS s;
    RETURN jsonb_build_object('fileId', f.file_id, 'provider', f.provider, 'name', f.name, 'status', f.state,
               'uploadedBy', f.uploaded_by, 'uploadedAt', f.uploaded_at, 'sums', coalesce(sums, '[]')) || counts;
END
    $$;

CREATE FUNCTION pay.end_settlement_file(p_tenant bigint, p_file bigint) RETURNS pay.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    got pay.answer;
    f pay.settlement_file;
BEGIN
    UPDATE pay.settlement_file AS s SET state = 'DONE' WHERE s.tenant_id = p_tenant AND s.file_id = p_file
    RETURNING s.* INTO f;
    got.outcome := CASE WHEN FOUND THEN 'DONE' ELSE 'NOT_FOUND' END;
    got.result := CASE WHEN got.outcome = 'DONE' THEN pay.settlement_file_json(f) END;
    RETURN got;
END
    $$;

-- Matches again what matched nothing: payments may have been captured since.
CREATE FUNCTION pay.rematch_settlement_file(p_tenant bigint, p_file bigint) RETURNS pay.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    got pay.answer;
    f pay.settlement_file;
BEGIN
    SELECT s.* INTO f FROM pay.settlement_file AS s WHERE s.tenant_id = p_tenant AND s.file_id = p_file;
    got.outcome := CASE WHEN FOUND THEN 'DONE' ELSE 'NOT_FOUND' END;
    IF got.outcome = 'DONE' THEN
        PERFORM pay.match_settlement_rows(p_tenant, p_file, NULL);
        got.result := pay.settlement_file_json(f);
    END IF;
    RETURN got;
END
    $$;
