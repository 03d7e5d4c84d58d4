-- $1 member, $2 session, $3 room. Holds: one row only for members of the room.
SELECT json_build_object('timeZone', r.time_zone)::text AS result
  FROM retro.live_session($1, $2) AS caller
  JOIN retro.room_member AS own ON own.member_id = caller.member_id AND own.room_id = $3
  JOIN retro.room AS r ON r.room_id = own.room_id AND r.deleted_at IS NULL;
