-- $1 member, $2 session: whether the sign-in is alive.
SELECT EXISTS (SELECT FROM retro.live_session($1, $2));
