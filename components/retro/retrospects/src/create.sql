-- $1 member, $2 session, $3 endpoint, $4 idempotency key, $5 request hash,
-- $6 room, $7 name, $8 method, $9 start, $10 identity mode, $11 reveal or null, $12 references in order.
-- Holds: only members of the room create; the retrospect gets its own copy of the newest version of the questions;
-- the event is written by the same statement, in the room's order.
WITH prior AS MATERIALIZED (
    SELECT outcome, result FROM retro.prior($1, $2, $3, $4, $5)
), caller AS MATERIALIZED (
    SELECT m.id
      FROM retro.live_session($1, $2) AS s
      JOIN retro.member AS m ON m.id = s.member_id
     WHERE NOT EXISTS (SELECT FROM prior)
       FOR KEY SHARE OF m
), target AS MATERIALIZED (
    SELECT r.room_id, caller.id AS member_id, v.format_id, v.version
      FROM caller
      JOIN retro.room_member AS own ON own.member_id = caller.id AND own.room_id = $6
      JOIN retro.room AS r ON r.room_id = own.room_id AND r.deleted_at IS NULL
      JOIN retro.format AS f ON f.code = $8
      JOIN LATERAL (SELECT fv.format_id, fv.version
                      FROM retro.format_version AS fv
                     WHERE fv.format_id = f.format_id
                     ORDER BY fv.version DESC
                     LIMIT 1) AS v ON true
), gate AS (
    UPDATE retro.room_counter AS c
       SET event_seq = c.event_seq + 1
      FROM target
     WHERE c.room_id = target.room_id
    RETURNING c.event_seq, target.*
), made AS (
    INSERT INTO retro.retrospect
           (room_id, creator_id, title, format_id, format_version, identity_mode, starts_at, reveal_at)
    SELECT room_id, member_id, $7, format_id, version, $10,
           $9::timestamp AT TIME ZONE 'UTC', $11::timestamp AT TIME ZONE 'UTC'
      FROM gate
    RETURNING room_id, retrospect_id, title
), counter AS (
    INSERT INTO retro.retrospect_counter (room_id, retrospect_id)
    SELECT room_id, retrospect_id FROM made
), questions AS (
    INSERT INTO retro.retrospect_question (room_id, retrospect_id, number, text_ko, text_en)
    SELECT made.room_id, made.retrospect_id, q.number, q.text_ko, q.text_en
      FROM made
      CROSS JOIN target
      JOIN retro.format_question AS q ON q.format_id = target.format_id AND q.version = target.version
), refs AS (
    INSERT INTO retro.retrospect_reference (room_id, retrospect_id, place, url)
    SELECT made.room_id, made.retrospect_id, u.place, u.url
      FROM made CROSS JOIN unnest($12::text[]) WITH ORDINALITY AS u (url, place)
), event AS (
    INSERT INTO retro.room_event (room_id, seq, kind, member_id, retrospect_id)
    SELECT gate.room_id, gate.event_seq, 'RETROSPECT_CREATED', gate.member_id, made.retrospect_id
      FROM gate CROSS JOIN made
), answer AS (
    SELECT json_build_object('retrospectId', retrospect_id, 'retroRoomId', room_id, 'projectName', title)::text AS result
      FROM made
), kept AS (
    INSERT INTO retro.idempotency (actor, endpoint, key, request_sha256, result)
    SELECT $1, $3, $4, $5, result FROM answer WHERE $4 IS NOT NULL
)
SELECT outcome, result FROM prior
UNION ALL
SELECT 'DONE', result FROM answer;
