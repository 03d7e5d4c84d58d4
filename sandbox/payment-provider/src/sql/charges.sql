-- What was really charged ($4: attempts that failed too), after $1; of one merchant ($2) or order ($3).
SELECT
    c.charge_id, c.secret::text, c.order_id, c.order_name, c.merchant, c.method, c.currency, c.amount, c.balance, c.status,
    c.failure, c.told_order_id, c.told_currency, c.told_amount, c.created_ms, c.approved_ms, c.captured_ms,
    c.idempotency_key
FROM payment_provider_1.charge AS c
WHERE c.charge_id > $1
    AND ($2::text IS NULL OR c.merchant = $2)
    AND ($3::text IS NULL OR c.order_id = $3)
    AND ($4::boolean OR c.approved_ms IS NOT NULL)
ORDER BY c.charge_id
LIMIT $5
