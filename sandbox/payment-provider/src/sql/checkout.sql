SELECT
    c.charge_id, c.secret::text, c.order_id, c.order_name, c.merchant, c.method, c.currency, c.amount, c.balance, c.status,
    c.failure, c.told_order_id, c.told_currency, c.told_amount, c.created_ms, c.approved_ms, c.captured_ms,
    c.idempotency_key
FROM payment_provider_1.checkout($1, $2, $3, $4, $5, $6) AS c
