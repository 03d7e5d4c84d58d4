-- $1 member, $2 session, $3 endpoint, $4 idempotency key, $5 request hash, $6 nickname.
-- Holds: member_nickname_key keeps nicknames unique without regard to case, also between two renames at once.
WITH prior AS MATERIALIZED (
    SELECT outcome, result FROM retro.prior($1, $2, $3, $4, $5)
), changed AS (
    UPDATE retro.member AS m
       SET nickname = $6
      FROM retro.live_session($1, $2) AS caller
     WHERE m.id = caller.member_id
       AND NOT EXISTS (SELECT FROM prior)
    RETURNING m.id, m.nickname
), answer AS (
    -- The view reads the row as it was before this statement; the new name goes on top.
    SELECT (retro.member_view(id)::jsonb || jsonb_build_object('nickname', nickname))::text AS result
      FROM changed
), kept AS (
    INSERT INTO retro.idempotency (actor, endpoint, key, request_sha256, result)
    SELECT $1, $3, $4, $5, result FROM answer WHERE $4 IS NOT NULL
)
SELECT outcome, result FROM prior
UNION ALL
SELECT 'DONE', result FROM answer;
