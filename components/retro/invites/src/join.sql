-- $1 member, $2 session, $3 endpoint, $4 idempotency key, $5 request hash, $6 invite code.
-- Holds: the gate (room_counter, locked) lets joins of one room through one at a time, so that the plan of the owner is
-- never exceeded; room_member_pkey refuses the second of two joins of one member; the verdict is
-- rules_retro::room::JoinStanding's.
WITH prior AS MATERIALIZED (
    SELECT outcome, result FROM retro.prior($1, $2, $3, $4, $5)
), caller AS MATERIALIZED (
    SELECT m.id
      FROM retro.live_session($1, $2) AS s
      JOIN retro.member AS m ON m.id = s.member_id
     WHERE NOT EXISTS (SELECT FROM prior)
       FOR KEY SHARE OF m
), target AS MATERIALIZED (
    SELECT r.room_id, r.title, r.time_zone, caller.id AS member_id,
           retro.room_members_max(r.owner_id) AS members_max,
           i.superseded_at IS NULL AND i.expires_at > now() AS invite_live,
           EXISTS (SELECT FROM retro.room_member AS rm
                    WHERE rm.room_id = r.room_id AND rm.member_id = caller.id) AS is_member
      FROM caller
      JOIN retro.invite AS i ON i.code = $6
      JOIN retro.room AS r ON r.room_id = i.room_id AND r.deleted_at IS NULL
), gate AS MATERIALIZED (
    SELECT c.room_id, c.member_count
      FROM target
      JOIN retro.room_counter AS c ON c.room_id = target.room_id
       FOR NO KEY UPDATE OF c
), verdict AS MATERIALIZED (
    SELECT target.*,
           CASE WHEN is_member THEN 'ALREADY_MEMBER'
                WHEN NOT invite_live THEN 'EXPIRED'
                WHEN gate.member_count >= members_max THEN 'FULL'
                ELSE 'DONE' END AS outcome
      FROM target JOIN gate ON gate.room_id = target.room_id
), admitted AS (
    UPDATE retro.room_counter AS c
       SET member_count = c.member_count + 1, event_seq = c.event_seq + 1
      FROM verdict
     WHERE c.room_id = verdict.room_id AND verdict.outcome = 'DONE'
    RETURNING c.room_id, c.event_seq, verdict.member_id, verdict.title, verdict.time_zone
), inside AS (
    INSERT INTO retro.room_member (room_id, member_id, order_index)
    SELECT room_id, member_id,
           1 + coalesce((SELECT max(rm.order_index) FROM retro.room_member AS rm
                          WHERE rm.member_id = admitted.member_id), 0)
      FROM admitted
    RETURNING joined_at
), event AS (
    INSERT INTO retro.room_event (room_id, seq, kind, member_id)
    SELECT room_id, event_seq, 'MEMBER_JOINED', member_id FROM admitted
), answer AS (
    SELECT json_build_object('retroRoomId', admitted.room_id, 'title', admitted.title,
                             'timeZone', admitted.time_zone, 'joinedAt', inside.joined_at)::text AS result
      FROM admitted CROSS JOIN inside
), kept AS (
    INSERT INTO retro.idempotency (actor, endpoint, key, request_sha256, result)
    SELECT $1, $3, $4, $5, result FROM answer WHERE $4 IS NOT NULL
)
SELECT outcome, result FROM prior
UNION ALL
SELECT 'DONE', result FROM answer
UNION ALL
-- Any link, however old, leads a member inside: the refusal says where.
SELECT outcome,
       CASE WHEN is_member THEN json_build_object('retroRoomId', room_id, 'title', title)::text END
  FROM verdict WHERE outcome <> 'DONE';
