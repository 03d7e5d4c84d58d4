-- Every column counts what must not be. $1: the tenant; its row-level security is set on the connection.
WITH events AS (
    SELECT aggregate_id, count(*) FILTER (WHERE event_type = 'payment.authorized') AS authorized,
           count(*) FILTER (WHERE event_type = 'payment.capture-requested') AS capture_requested,
           count(*) FILTER (WHERE event_type = 'payment.captured') AS captured,
           count(*) FILTER (WHERE event_type = 'payment.voided') AS voided,
           count(*) FILTER (WHERE event_type = 'payment.failed') AS failed,
           count(*) AS events
    FROM pay.outbox_event WHERE tenant_id = $1 AND aggregate_type = 'payment' GROUP BY aggregate_id
),
moves AS (
    SELECT payment_id, count(*) FILTER (WHERE to_state = 'AUTHORIZED') AS authorized,
           count(*) FILTER (WHERE to_state = 'CAPTURE_REQUESTED') AS capture_requested,
           count(*) FILTER (WHERE to_state = 'CAPTURED') AS captured,
           count(*) FILTER (WHERE to_state = 'VOIDED') AS voided,
           count(*) FILTER (WHERE to_state IN ('AUTH_FAILED', 'EXPIRED')) AS failed
    FROM pay.payment_history WHERE tenant_id = $1 GROUP BY payment_id
),
sums AS (
    SELECT subject_id, sum(amount) AS sum,
           sum(amount) FILTER (WHERE account = 'AUTHORIZED_HOLD') AS held
    FROM pay.ledger_line WHERE tenant_id = $1 GROUP BY subject_id
)
SELECT (count(*) = 0)::integer::bigint AS nothing_to_check,
       count(*) FILTER (WHERE sums.sum <> 0) AS ledgers_with_a_rest,
       count(*) FILTER (WHERE coalesce(sums.held, 0)
           <> CASE WHEN p.state IN ('AUTHORIZED', 'CAPTURE_REQUESTED') THEN p.amount ELSE 0 END) AS wrong_holds,
       count(*) FILTER (WHERE coalesce(events.authorized, 0) <> coalesce(moves.authorized, 0)) AS authorized_untold,
       count(*) FILTER (WHERE coalesce(events.capture_requested, 0) <> coalesce(moves.capture_requested, 0))
           AS capture_requests_untold,
       count(*) FILTER (WHERE coalesce(events.captured, 0) <> coalesce(moves.captured, 0)) AS captures_untold,
       count(*) FILTER (WHERE coalesce(events.voided, 0) <> coalesce(moves.voided, 0)) AS voids_untold,
       count(*) FILTER (WHERE coalesce(events.failed, 0) <> coalesce(moves.failed, 0)) AS failures_untold,
       count(*) FILTER (WHERE p.event_seq <> coalesce(events.events, 0)) AS gaps_in_the_outbox
FROM pay.payment AS p
LEFT JOIN events ON events.aggregate_id = p.payment_id
LEFT JOIN moves ON moves.payment_id = p.payment_id
LEFT JOIN sums ON sums.subject_id = p.payment_id
WHERE p.tenant_id = $1
