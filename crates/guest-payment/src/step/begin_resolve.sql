-- Takes over a payment's open step, if its owner is gone: the provider is to be asked what became of it.
SELECT outcome, payment_id, order_id, version, attempt, state, amount, currency, auto_capture, reference, provider,
       payment_key, approval_number, created_at AT TIME ZONE 'UTC', open_step, answer_status, answer_body,
       lease_left_ms, review
FROM pay.begin_resolve($1, $2, $3, $4, $5, $6)
