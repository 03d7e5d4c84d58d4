-- $1 member, $2 session. Holds: nothing is read for a sign-in that has ended.
SELECT retro.member_view(caller.member_id)::text AS result
  FROM retro.live_session($1, $2) AS caller;
