-- $1 tenant, set as app.tenant_id before. One row: what must be zero, then how many payments hold money, and of how
-- many nobody knows yet whether they do.
SELECT (SELECT count(*) FROM (SELECT sum(amount) FROM pay.ledger_line WHERE tenant_id = $1
                               GROUP BY currency HAVING sum(amount) <> 0) AS unequal) AS unequal_currencies,
       (SELECT count(*) FROM pay.payment AS p
         WHERE p.tenant_id = $1 AND p.state IN ('AUTHORIZED', 'CAPTURE_REQUESTED')
           AND NOT EXISTS (SELECT FROM pay.ledger_transaction AS t
                            WHERE t.tenant_id = p.tenant_id AND t.subject_id = p.payment_id)) AS without_posting,
       (SELECT count(*) FROM pay.payment AS p
         WHERE p.tenant_id = $1 AND p.state IN ('AUTHORIZED', 'CAPTURE_REQUESTED')
           AND NOT EXISTS (SELECT FROM pay.outbox_event AS e
                            WHERE e.tenant_id = p.tenant_id AND e.aggregate_id = p.payment_id
                              AND e.event_type = 'payment.authorized')) AS without_event,
       (SELECT count(*) FROM pay.payment WHERE tenant_id = $1 AND state IN ('AUTHORIZED', 'CAPTURE_REQUESTED'))
           AS holding,
       (SELECT count(*) FROM pay.payment WHERE tenant_id = $1 AND state IN ('REQUESTED', 'AUTH_UNKNOWN')) AS unknown
