-- $1 member, $2 session, $3 endpoint, $4 idempotency key, $5 request hash, $6 retrospect.
-- Holds: only before the start and with nothing handed in; drafts go with the participant; the verdict is
-- rules_retro::standing::leave's.
WITH prior AS MATERIALIZED (
    SELECT outcome, result FROM retro.prior($1, $2, $3, $4, $5)
), caller AS MATERIALIZED (
    SELECT m.id
      FROM retro.live_session($1, $2) AS s
      JOIN retro.member AS m ON m.id = s.member_id
     WHERE NOT EXISTS (SELECT FROM prior)
       FOR KEY SHARE OF m
), target AS MATERIALIZED (
    SELECT t.room_id, t.retrospect_id, t.closed_at, t.starts_at, caller.id AS member_id
      FROM caller
      JOIN retro.retrospect AS t ON t.retrospect_id = $6 AND t.deleted_at IS NULL
      JOIN retro.room_member AS own ON own.room_id = t.room_id AND own.member_id = caller.id
      JOIN retro.room AS r ON r.room_id = t.room_id AND r.deleted_at IS NULL
       FOR SHARE OF t
), me AS MATERIALIZED (
    SELECT p.participant_id, p.submitted_at
      FROM target
      JOIN retro.participant AS p
        ON p.room_id = target.room_id AND p.retrospect_id = target.retrospect_id AND p.member_id = target.member_id
       FOR UPDATE OF p
), verdict AS MATERIALIZED (
    SELECT target.room_id, target.retrospect_id, target.member_id, me.participant_id,
           CASE WHEN me.participant_id IS NULL THEN 'NOT_PARTICIPANT'
                WHEN me.submitted_at IS NOT NULL THEN 'ALREADY_SUBMITTED'
                WHEN target.closed_at IS NOT NULL THEN 'CLOSED'
                WHEN target.starts_at <= now() THEN 'STARTED'
                ELSE 'DONE' END AS outcome
      FROM target LEFT JOIN me ON true
), gate AS (
    UPDATE retro.room_counter AS c
       SET event_seq = c.event_seq + 1
      FROM verdict
     WHERE c.room_id = verdict.room_id AND verdict.outcome = 'DONE'
    RETURNING c.event_seq, verdict.room_id, verdict.retrospect_id, verdict.member_id, verdict.participant_id
), gone AS (
    DELETE FROM retro.participant AS p
     USING gate
     WHERE p.room_id = gate.room_id AND p.participant_id = gate.participant_id
    RETURNING gate.room_id, gate.retrospect_id
), counted AS (
    UPDATE retro.retrospect_counter AS c
       SET participants = c.participants - 1
      FROM gone
     WHERE c.room_id = gone.room_id AND c.retrospect_id = gone.retrospect_id
), event AS (
    INSERT INTO retro.room_event (room_id, seq, kind, member_id, retrospect_id)
    SELECT room_id, event_seq, 'PARTICIPANT_LEFT', member_id, retrospect_id FROM gate
), answer AS (
    SELECT json_build_object('retrospectId', retrospect_id)::text AS result FROM gate
), kept AS (
    INSERT INTO retro.idempotency (actor, endpoint, key, request_sha256, result)
    SELECT $1, $3, $4, $5, result FROM answer WHERE $4 IS NOT NULL
)
SELECT outcome, result FROM prior
UNION ALL
SELECT 'DONE', result FROM answer
UNION ALL
SELECT outcome, NULL FROM verdict WHERE outcome <> 'DONE';
