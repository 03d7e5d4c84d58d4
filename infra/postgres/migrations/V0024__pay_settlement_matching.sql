-- Matching of settlement rows whose cost grows with the rows and not with their square: it took every pair of a row of
-- the file and a row of the piece in hand, since nothing is known about a file's size while it is being loaded.

DROP FUNCTION pay.match_settlement_rows(bigint, bigint, bigint[]);
DROP FUNCTION pay.add_settlement_rows(
    bigint, bigint, bigint[], text[], text[], text[], text[], bigint[], bigint[], text[]);

-- Matches rows of a file that match nothing yet, those of the lines p_first to p_last.
-- Two at once for one tenant wait for each other, so that no row is settled by both.
CREATE FUNCTION pay.match_settlement_rows(p_tenant bigint, p_file bigint, p_first bigint, p_last bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('pay.match_settlement_rows', p_tenant));
    WITH open_rows AS MATERIALIZED (
        SELECT r.ctid AS place, r.kind, r.currency, r.amount::bigint AS amount,
               substring(r.reference FROM '^mo-' || p_tenant::text || '-([1-9][0-9]{0,15})$')::bigint AS wanted,
               row_number() OVER (PARTITION BY r.reference, r.kind, r.currency, r.amount ORDER BY r.line_no) AS nth
          FROM pay.settlement_row AS r
         WHERE r.tenant_id = p_tenant AND r.file_id = p_file AND r.status = 'UNMATCHED'
           AND r.line_no BETWEEN p_first AND p_last
    ), seen AS MATERIALIZED (
        SELECT o.place, o.kind, o.amount, o.nth, p.payment_id, p.captured, p.currency = o.currency AS same_currency,
               (SELECT count(*) FROM pay.refund AS f WHERE f.tenant_id = p_tenant AND f.payment_id = o.wanted
                   AND f.state = 'COMPLETED') AS refunds,
               (SELECT count(*) FROM pay.refund AS f WHERE f.tenant_id = p_tenant AND f.payment_id = o.wanted
                   AND f.state = 'COMPLETED' AND f.amount = o.amount) AS refunds_alike,
               (SELECT count(*) FROM pay.settlement_row AS m WHERE m.tenant_id = p_tenant AND m.payment_id = o.wanted
                   AND m.kind = o.kind AND m.amount = o.amount) AS settled_alike
          FROM open_rows AS o
          LEFT JOIN LATERAL (SELECT c.payment_id, c.captured, c.currency FROM pay.payment AS c
                              WHERE c.tenant_id = p_tenant AND c.payment_id = o.wanted LIMIT 1) AS p ON true
    ), judged AS MATERIALIZED (
        SELECT s.place, s.payment_id, CASE
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
    -- Rows are found again by their place: nobody else writes them while the lock is held.
    UPDATE pay.settlement_row AS r
       SET reason = j.reason,
           status = CASE WHEN j.reason IS NULL THEN 'MATCHED' ELSE 'UNMATCHED' END,
           payment_id = CASE WHEN j.reason IS NULL THEN j.payment_id END
      FROM judged AS j
     WHERE r.ctid = j.place;
END
    $$;

CREATE FUNCTION pay.add_settlement_rows(
    p_tenant bigint, p_file bigint, p_lines bigint[], p_references text[], p_payment_keys text[], p_kinds text[],
    p_currencies text[], p_amounts bigint[], p_fees bigint[], p_settled_on text[],
    OUT outcome text)
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
    -- The lines of a piece follow each other, bad ones in between.
    PERFORM pay.match_settlement_rows(p_tenant, p_file, min(l.line_no), max(l.line_no)) FROM unnest(p_lines) AS l (line_no);
END
    $$;

-- Matches again what matched nothing: payments may have been captured since.
CREATE OR REPLACE FUNCTION pay.rematch_settlement_file(p_tenant bigint, p_file bigint) RETURNS pay.answer
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
        PERFORM pay.match_settlement_rows(p_tenant, p_file, 1, 10000000);
        got.result := pay.settlement_file_json(f);
    END IF;
    RETURN got;
END
    $$;
