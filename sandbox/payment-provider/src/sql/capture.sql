-- $1 and $2 are the payment key.
SELECT a.refusal, a.happens, a.delay_ms, a.replayed, a.cancel_number,
    (a.charge).charge_id, (a.charge).secret::text, (a.charge).order_id, (a.charge).order_name, (a.charge).merchant,
    (a.charge).method, (a.charge).currency, (a.charge).amount, (a.charge).balance, (a.charge).status,
    (a.charge).failure, (a.charge).told_order_id, (a.charge).told_currency, (a.charge).told_amount,
    (a.charge).created_ms, (a.charge).approved_ms, (a.charge).captured_ms, (a.charge).idempotency_key
FROM payment_provider_1.capture($1, $2::text::uuid, $3, $4) AS a
