-- $1 member, $2 session, $3 room, $4 joining instant (microseconds since 1970) and $5 member id of the last member
-- seen (null for the first page), $6 rows.
-- Holds: one row only for members of the room; served by room_member_by_joining.
SELECT json_build_object(
           'timeZone', r.time_zone,
           'memberCount', c.member_count,
           'members', (
               SELECT coalesce(json_agg(json_build_object(
                          'memberId', page.member_id, 'nickname', page.nickname,
                          'role', CASE WHEN page.member_id = r.owner_id THEN 'OWNER' ELSE 'MEMBER' END,
                          'joinedAt', page.joined_at,
                          'joinedMicros', (extract(epoch FROM page.joined_at) * 1000000)::bigint)
                          ORDER BY page.joined_at, page.member_id), '[]')
                 FROM (SELECT rm.member_id, m.nickname, rm.joined_at
                         FROM retro.room_member AS rm
                         JOIN retro.member AS m ON m.id = rm.member_id
                        WHERE rm.room_id = r.room_id
                          AND ($4::bigint IS NULL
                               OR (rm.joined_at, rm.member_id)
                                  > (timestamptz 'epoch' + $4::bigint * interval '1 microsecond', $5::bigint))
                        ORDER BY rm.joined_at, rm.member_id
                        LIMIT $6) AS page))::text AS result
  FROM retro.live_session($1, $2) AS caller
  JOIN retro.room_member AS own ON own.member_id = caller.member_id AND own.room_id = $3
  JOIN retro.room AS r ON r.room_id = own.room_id AND r.deleted_at IS NULL
  JOIN retro.room_counter AS c ON c.room_id = r.room_id;
