-- $1 member, $2 session, $3 endpoint, $4 idempotency key, $5 request hash (claims of the member go with the rest).
-- Holds: everything retro.withdraw_member does, or nothing.
WITH prior AS MATERIALIZED (
    SELECT outcome, result FROM retro.prior($1, $2, $3, $4, $5)
), verdict AS MATERIALIZED (
    SELECT retro.withdraw_member(caller.member_id) AS refusal
      FROM retro.live_session($1, $2) AS caller
     WHERE NOT EXISTS (SELECT FROM prior)
)
SELECT outcome, result FROM prior
UNION ALL
SELECT coalesce(refusal, 'DONE'), CASE WHEN refusal IS NULL THEN 'null' END FROM verdict;
