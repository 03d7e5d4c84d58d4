-- $1 session, $2 device, $3 hash of the refresh token, $4 lifetime in seconds, $5 address, $6 nickname, $7 another one.
-- Holds: one address is one member.
WITH known AS MATERIALIZED (
    SELECT member_id FROM retro.identity WHERE provider = 'SANDBOX' AND subject = $5
), made AS (
    INSERT INTO retro.member (nickname, email)
    SELECT CASE WHEN EXISTS (SELECT FROM retro.member WHERE lower(nickname) = lower($6) AND withdrawn_at IS NULL)
                THEN $7 ELSE $6 END, $5
     WHERE NOT EXISTS (SELECT FROM known)
    RETURNING id
), linked AS (
    INSERT INTO retro.identity (provider, subject, member_id) SELECT 'SANDBOX', $5, id FROM made
), who AS (
    SELECT member_id FROM known UNION ALL SELECT id FROM made
)
INSERT INTO retro.session (id, member_id, device, current_sha256, expires_at)
SELECT $1, member_id, $2, $3, now() + $4::bigint * interval '1 second' FROM who
RETURNING member_id;
