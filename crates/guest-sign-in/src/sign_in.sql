-- $1 provider, $2 subject, $3 session, $4 device, $5 hash of the refresh token, $6 lifetime in seconds.
-- Holds: a sign-in is opened for a known subject only; a member has at most 100 that are alive.
WITH known AS MATERIALIZED (
    SELECT member_id FROM retro.identity WHERE provider = $1 AND subject = $2
), surplus AS (
    UPDATE retro.session AS s
       SET ended_at = now(), ended_because = 'SURPLUS'
     WHERE s.id IN (SELECT old.id
                      FROM retro.session AS old
                      JOIN known ON known.member_id = old.member_id
                     WHERE old.ended_at IS NULL
                     ORDER BY old.rotated_at DESC, old.id
                    OFFSET 99)
)
INSERT INTO retro.session (id, member_id, device, current_sha256, expires_at)
SELECT $3, member_id, $4, $5, now() + $6::bigint * interval '1 second' FROM known
RETURNING member_id;
