-- $1 member, $2 session, $3 endpoint, $4 idempotency key, $5 request hash: a stored answer alone.
SELECT outcome, result FROM retro.prior($1, $2, $3, $4, $5);
