-- $1 member, $2 session. Holds: only a sign-in that is alive can end the others.
UPDATE retro.session AS s
   SET ended_at = now(), ended_because = 'LOGOUT_ALL'
  FROM retro.live_session($1, $2) AS caller
 WHERE s.member_id = caller.member_id AND s.ended_at IS NULL
RETURNING s.id;
