-- When the transaction of charge $1, number $2 was made.
SELECT coalesce(x.canceled_ms, CASE WHEN $2 = 0 THEN c.captured_ms END)
FROM payment_provider_1.charge AS c
LEFT JOIN payment_provider_1.cancel AS x ON x.charge_id = c.charge_id AND x.number = $2
WHERE c.charge_id = $1
