-- Stores rows of a file and looks for what they match; a row that names no payment key has an empty one.
SELECT outcome
FROM pay.add_settlement_rows($1, $2, $3, $4, (SELECT array_agg(nullif(k, '') ORDER BY n)
    FROM unnest($5::text[]) WITH ORDINALITY AS given (k, n)), $6, $7, $8, $9, $10)
