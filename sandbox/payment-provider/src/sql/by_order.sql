-- The charge of an order that holds money, else the last attempt: with several live ones the first, which is the one
-- that the application knows.
SELECT
    c.charge_id, c.secret::text, c.order_id, c.order_name, c.merchant, c.method, c.currency, c.amount, c.balance, c.status,
    c.failure, c.told_order_id, c.told_currency, c.told_amount, c.created_ms, c.approved_ms, c.captured_ms,
    c.idempotency_key
FROM payment_provider_1.charge AS c
WHERE c.order_id = $1
ORDER BY c.approved_ms IS NULL, CASE WHEN c.approved_ms IS NULL THEN -c.charge_id ELSE c.charge_id END
LIMIT 1
