-- The cancels of a charge, in order; with $2 only those up to that one.
SELECT number, amount, balance_after, reason, canceled_ms
FROM payment_provider_1.cancel
WHERE charge_id = $1 AND ($2::integer IS NULL OR number <= $2)
ORDER BY number
