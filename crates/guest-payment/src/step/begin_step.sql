-- Opens a step of a payment that is there: claims key and payment together, or says why not.
SELECT outcome, payment_id, order_id, version, attempt, state, amount, currency, auto_capture, reference, provider,
       payment_key, approval_number, created_at AT TIME ZONE 'UTC', open_step, answer_status, answer_body,
       lease_left_ms, review
FROM pay.begin_step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
