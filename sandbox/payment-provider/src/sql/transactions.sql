-- Money taken and given back in [$1, $2) milliseconds, by time; after the transaction of charge $4, number $5 at $3.
SELECT t.at_ms, t.charge_id, t.number, c.secret::text, c.order_id, c.method, c.merchant, c.currency, t.amount, t.status
FROM (
    SELECT captured_ms AS at_ms, charge_id, 0 AS number, coalesce(told_amount, amount) AS amount, 'DONE' AS status
    FROM payment_provider_1.charge
    WHERE captured_ms >= $1 AND captured_ms < $2
    UNION ALL
    SELECT x.canceled_ms, x.charge_id, x.number, x.amount,
        CASE WHEN x.balance_after = 0 THEN 'CANCELED' ELSE 'PARTIAL_CANCELED' END
    FROM payment_provider_1.cancel AS x
    JOIN payment_provider_1.charge AS taken ON taken.charge_id = x.charge_id AND taken.captured_ms IS NOT NULL
    WHERE x.canceled_ms >= $1 AND x.canceled_ms < $2
) AS t
JOIN payment_provider_1.charge AS c ON c.charge_id = t.charge_id
WHERE $4::bigint IS NULL OR (t.at_ms, t.charge_id, t.number) > ($3, $4, $5::integer)
ORDER BY t.at_ms, t.charge_id, t.number
LIMIT $6
