-- Reconciliation: what payments say against what the ledger says. The provider's own report is laid beside it by the
-- caller.

-- One row per payment: captured and refunded in a span of time, by the payment and its refunds, and by the ledger.
CREATE FUNCTION pay.reconcile_rows(p_tenant bigint, p_from timestamptz, p_to timestamptz, p_ids bigint[]) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    result jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object(
               'paymentId', s.id, 'providerReference', pay.reference(p_tenant, s.id), 'paymentKey', s.payment_key,
               'currency', s.currency, 'status', s.state, 'captured', s.captured, 'refunded', s.refunded,
               'ledgerCaptured', s.ledger_captured, 'ledgerRefunded', s.ledger_refunded, 'capturedAt', s.captured_at,
               'difference', CASE
                   WHEN s.captured > 0 AND s.ledger_captured = 0 THEN 'CAPTURE_NOT_IN_LEDGER'
                   WHEN s.captured = 0 AND s.ledger_captured <> 0 THEN 'LEDGER_WITHOUT_CAPTURE'
                   WHEN s.captured <> s.ledger_captured THEN 'CAPTURE_DIFFERS'
                   WHEN s.refunded <> s.ledger_refunded THEN 'REFUND_DIFFERS' END) ORDER BY s.id) INTO result
      FROM (SELECT ids.id, p.payment_key, p.currency, p.state, p.captured_at,
                   CASE WHEN p.captured_at >= p_from AND p.captured_at < p_to THEN p.captured::bigint ELSE 0 END
                       AS captured,
                   (SELECT coalesce(sum(r.amount::bigint), 0) FROM pay.refund AS r
                     WHERE r.tenant_id = p_tenant AND r.payment_id = ids.id AND r.state = 'COMPLETED'
                       AND r.finished_at >= p_from AND r.finished_at < p_to) AS refunded,
                   posted.captured AS ledger_captured, posted.refunded AS ledger_refunded
              FROM unnest(p_ids) AS ids (id)
              JOIN pay.payment AS p ON p.tenant_id = p_tenant AND p.payment_id = ids.id
             CROSS JOIN LATERAL (
                 SELECT coalesce(sum(l.amount::bigint) FILTER (WHERE t.kind = 'CAPTURE'), 0) AS captured,
                        coalesce(-sum(l.amount::bigint) FILTER (WHERE t.kind = 'REFUND'), 0) AS refunded
                   FROM pay.ledger_transaction AS t
                   JOIN pay.ledger_line AS l
                     ON l.tenant_id = t.tenant_id AND l.subject_id = t.subject_id AND l.source_seq = t.source_seq
                    AND l.account = 'PROVIDER_RECEIVABLE'
                  WHERE t.tenant_id = p_tenant AND t.subject_id = ids.id AND t.posted_at >= p_from
                    AND t.posted_at < p_to) AS posted) AS s;
    RETURN coalesce(result, '[]');
END
    $$;

-- A page of payments that were captured or refunded in a span of time by any of the books, by id.
CREATE FUNCTION pay.reconcile_page(
    p_tenant bigint, p_from timestamptz, p_to timestamptz, p_after bigint, p_rows integer) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    since timestamptz := coalesce(p_from, '-infinity');
    until timestamptz := coalesce(p_to, 'infinity');
    ids bigint[];
BEGIN
    SELECT array_agg(page.id) INTO ids
      FROM (SELECT id FROM (
                SELECT p.payment_id AS id FROM pay.payment AS p
                 WHERE p.tenant_id = p_tenant AND p.captured_at >= since AND p.captured_at < until
                UNION
                SELECT r.payment_id FROM pay.refund AS r
                 WHERE r.tenant_id = p_tenant AND r.state = 'COMPLETED' AND r.finished_at >= since
                   AND r.finished_at < until
                UNION
                SELECT t.subject_id FROM pay.ledger_transaction AS t
                 WHERE t.tenant_id = p_tenant AND t.kind IN ('CAPTURE', 'REFUND') AND t.posted_at >= since
                   AND t.posted_at < until) AS touched
             WHERE id > coalesce(p_after, 0) ORDER BY id LIMIT least(greatest(p_rows, 1), 1001)) AS page;
    RETURN CASE WHEN ids IS NULL THEN '[]' ELSE pay.reconcile_rows(p_tenant, since, until, ids) END;
END
    $$;

-- The same rows, of all time, for payments that somebody else names; those of other tenants are not there.
CREATE FUNCTION pay.reconcile_of(p_tenant bigint, p_payments bigint[]) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
BEGIN
    RETURN pay.reconcile_rows(p_tenant, '-infinity', 'infinity', p_payments);
END
    $$;

CREATE FUNCTION pay.reconcile_totals(p_tenant bigint, p_from timestamptz, p_to timestamptz) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    since timestamptz := coalesce(p_from, '-infinity');
    until timestamptz := coalesce(p_to, 'infinity');
    result jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object(
               'currency', s.currency, 'payments', s.payments, 'captured', s.captured, 'refunded', s.refunded,
               'ledgerCaptured', s.ledger_captured, 'ledgerRefunded', s.ledger_refunded) ORDER BY s.currency) INTO result
      FROM (SELECT b.currency, sum(b.payments) AS payments, sum(b.captured) AS captured, sum(b.refunded) AS refunded,
                   sum(b.ledger_captured) AS ledger_captured, sum(b.ledger_refunded) AS ledger_refunded
              FROM (SELECT p.currency, count(*) AS payments, sum(p.captured::bigint) AS captured, 0 AS refunded,
                           0 AS ledger_captured, 0 AS ledger_refunded
                      FROM pay.payment AS p
                     WHERE p.tenant_id = p_tenant AND p.captured_at >= since AND p.captured_at < until
                     GROUP BY p.currency
                    UNION ALL
                    SELECT r.currency, 0, 0, sum(r.amount::bigint), 0, 0
                      FROM pay.refund AS r
                     WHERE r.tenant_id = p_tenant AND r.state = 'COMPLETED' AND r.finished_at >= since
                       AND r.finished_at < until
                     GROUP BY r.currency
                    UNION ALL
                    SELECT l.currency, 0, 0, 0, coalesce(sum(l.amount::bigint) FILTER (WHERE t.kind = 'CAPTURE'), 0),
                           coalesce(-sum(l.amount::bigint) FILTER (WHERE t.kind = 'REFUND'), 0)
                      FROM pay.ledger_transaction AS t
                      JOIN pay.ledger_line AS l
                        ON l.tenant_id = t.tenant_id AND l.subject_id = t.subject_id AND l.source_seq = t.source_seq
                     WHERE t.tenant_id = p_tenant AND t.kind IN ('CAPTURE', 'REFUND') AND t.posted_at >= since
                       AND t.posted_at < until AND l.tenant_id = p_tenant AND l.account = 'PROVIDER_RECEIVABLE'
                     GROUP BY l.currency) AS b
             GROUP BY b.currency) AS s;
    RETURN jsonb_build_object('rows', coalesce(result, '[]'));
END
    $$;
