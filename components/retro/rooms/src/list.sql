-- $1 member, $2 session, $3 order index and $4 room id of the last room seen (null for the first page), $5 rows.
-- Holds: only rooms the member is inside of, in the member's own order; served by room_member_own_rooms.
SELECT json_build_object('retroRooms', coalesce(json_agg(json_build_object(
           'retroRoomId', own.room_id, 'retroRoomName', own.title, 'orderIndex', own.order_index)
           ORDER BY own.order_index, own.room_id) FILTER (WHERE own.room_id IS NOT NULL), '[]'))::text AS result
  FROM retro.live_session($1, $2) AS caller
  LEFT JOIN LATERAL (
      SELECT rm.room_id, r.title, rm.order_index
        FROM retro.room_member AS rm
        JOIN retro.room AS r ON r.room_id = rm.room_id
       WHERE rm.member_id = caller.member_id
         AND r.deleted_at IS NULL
         AND (rm.order_index, rm.room_id) > (coalesce($3::bigint, 0), coalesce($4::bigint, 0))
       ORDER BY rm.order_index, rm.room_id
       LIMIT $5
  ) AS own ON true
 GROUP BY caller.member_id;
