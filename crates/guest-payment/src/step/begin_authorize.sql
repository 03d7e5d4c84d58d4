-- Makes the payment and claims the key, or says how far an earlier request of this key is. One transaction: a payment
-- without its claim, or a claim without its payment, cannot be.
SELECT outcome, payment_id, order_id, version, attempt, state, amount, currency, auto_capture, reference, provider,
       payment_key, approval_number, created_at AT TIME ZONE 'UTC', open_step, answer_status, answer_body,
       lease_left_ms, review
FROM pay.begin_authorize($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
