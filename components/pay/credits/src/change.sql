-- One entry, once per key; refused when it takes more than there is.
SELECT outcome, result::text FROM pay.change_credit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
