-- Stores a notice once per tenant, provider and $3; the time it was sent ($7) is UTC.
SELECT outcome, webhook_id
FROM pay.store_webhook($1, $2, $3, $4, $5, $6, $7::timestamp AT TIME ZONE 'UTC')
