-- The order with its lines, once per key. The function adds the lines up again and refuses another total.
SELECT outcome, result::text FROM pay.create_order($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
