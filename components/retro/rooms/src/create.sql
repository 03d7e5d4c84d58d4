-- $1 member, $2 session, $3 endpoint, $4 idempotency key, $5 request hash,
-- $6 title, $7 description, $8 time zone, $9 invite code, $10 days the code lives.
-- Holds: room_title_per_owner keeps names of an owner's rooms apart, also between two creations at once; a room comes
-- with its counter, its owner as first member, an invite and its first event, or not at all.
WITH prior AS MATERIALIZED (
    SELECT outcome, result FROM retro.prior($1, $2, $3, $4, $5)
), caller AS MATERIALIZED (
    SELECT m.id
      FROM retro.live_session($1, $2) AS s
      JOIN retro.member AS m ON m.id = s.member_id
     WHERE NOT EXISTS (SELECT FROM prior)
       FOR KEY SHARE OF m
), made AS (
    INSERT INTO retro.room (owner_id, title, description, time_zone)
    SELECT caller.id, $6, $7, $8 FROM caller
    RETURNING room_id, owner_id, title
), counter AS (
    INSERT INTO retro.room_counter (room_id, member_count, event_seq)
    SELECT room_id, 1, 1 FROM made
), inside AS (
    INSERT INTO retro.room_member (room_id, member_id, order_index)
    SELECT made.room_id, made.owner_id,
           1 + coalesce((SELECT max(rm.order_index) FROM retro.room_member AS rm WHERE rm.member_id = made.owner_id), 0)
      FROM made
), invited AS (
    INSERT INTO retro.invite (code, room_id, expires_at)
    SELECT $9, room_id, now() + make_interval(days => $10) FROM made
), event AS (
    INSERT INTO retro.room_event (room_id, seq, kind, member_id)
    SELECT room_id, 1, 'ROOM_CREATED', owner_id FROM made
), answer AS (
    SELECT json_build_object('retroRoomId', room_id, 'title', title, 'inviteCode', $9::text)::text AS result FROM made
), kept AS (
    INSERT INTO retro.idempotency (actor, endpoint, key, request_sha256, result)
    SELECT $1, $3, $4, $5, result FROM answer WHERE $4 IS NOT NULL
)
SELECT outcome, result FROM prior
UNION ALL
SELECT 'DONE', result FROM answer;
