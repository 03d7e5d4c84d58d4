-- $1 member, $2 session.
UPDATE retro.session AS s
   SET ended_at = now(), ended_because = 'LOGOUT'
  FROM retro.live_session($1, $2) AS caller
 WHERE s.id = $2 AND s.member_id = caller.member_id AND s.ended_at IS NULL
RETURNING s.id;
