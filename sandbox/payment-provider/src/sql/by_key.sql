-- $1 and $2 are the payment key.
SELECT
    c.charge_id, c.secret::text, c.order_id, c.order_name, c.merchant, c.method, c.currency, c.amount, c.balance, c.status,
    c.failure, c.told_order_id, c.told_currency, c.told_amount, c.created_ms, c.approved_ms, c.captured_ms,
    c.idempotency_key
FROM payment_provider_1.charge AS c
WHERE c.charge_id = $1 AND c.secret = $2::text::uuid
