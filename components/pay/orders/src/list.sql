-- One page, newest first, of one user and state or of all.
SELECT pay.orders($1, $2, $3, NULL, NULL, $4, $5, $6::bigint::integer)::text
