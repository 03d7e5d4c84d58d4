-- $1 session, $2 member, $3 hash of the presented token, $4 hash of its successor, $5 lifetime in seconds,
-- $6 grace in seconds, $7 idempotency key.
-- Holds: of two presentations at once one rotates; the other waits for the row and is judged by what it finds then.
UPDATE retro.session AS s
   SET previous_sha256 = CASE WHEN s.current_sha256 = $3 THEN s.current_sha256 ELSE s.previous_sha256 END,
       rotation_key = CASE WHEN s.current_sha256 = $3 THEN $7 ELSE s.rotation_key END,
       current_sha256 = CASE retro.refresh_verdict(s, $3, $7, $6) WHEN 'ROTATE' THEN $4 ELSE s.current_sha256 END,
       rotated_at = CASE WHEN s.current_sha256 = $3 THEN clock_timestamp() ELSE s.rotated_at END,
       expires_at = CASE retro.refresh_verdict(s, $3, $7, $6)
                        WHEN 'ROTATE' THEN now() + $5::bigint * interval '1 second' ELSE s.expires_at END,
       ended_at = CASE retro.refresh_verdict(s, $3, $7, $6) WHEN 'REUSED' THEN now() END,
       ended_because = CASE retro.refresh_verdict(s, $3, $7, $6) WHEN 'REUSED' THEN 'REUSE' END
 WHERE s.id = $1
   AND s.member_id = $2
   AND s.ended_at IS NULL
   AND s.expires_at > now()
RETURNING CASE WHEN s.ended_at IS NOT NULL THEN 'REUSED'
               WHEN s.current_sha256 = $4 THEN 'ROTATE'
               ELSE 'LATE' END AS verdict;
