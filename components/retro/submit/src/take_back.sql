-- $1 member, $2 session, $3 endpoint, $4 idempotency key, $5 request hash, $6 retrospect.
-- Holds: the verdict is rules_retro::standing::TakeBackStanding's; the answers become drafts again, with a new version,
-- and their likes and comments go with them; the submission's key is free again. The link to nameless answers is
-- followed inside take_back_answers alone.
WITH prior AS MATERIALIZED (
    SELECT outcome, result FROM retro.prior($1, $2, $3, $4, $5)
), caller AS MATERIALIZED (
    SELECT m.id
      FROM retro.live_session($1, $2) AS s
      JOIN retro.member AS m ON m.id = s.member_id
     WHERE NOT EXISTS (SELECT FROM prior)
       FOR KEY SHARE OF m
), target AS MATERIALIZED (
    SELECT t.room_id, t.retrospect_id, t.closed_at, t.reveal_at, t.analysed_at, t.identity_mode,
           caller.id AS member_id
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
       FOR NO KEY UPDATE OF p
), verdict AS MATERIALIZED (
    SELECT target.*, me.participant_id,
           CASE WHEN me.participant_id IS NULL THEN 'NOT_PARTICIPANT'
                WHEN me.submitted_at IS NULL THEN 'NOTHING_SUBMITTED'
                WHEN target.closed_at IS NOT NULL THEN 'CLOSED'
                WHEN target.analysed_at IS NOT NULL THEN 'ANALYSED'
                WHEN target.reveal_at <= now() THEN 'REVEALED'
                ELSE 'DONE' END AS outcome
      FROM target LEFT JOIN me ON true
), reopened AS (
    UPDATE retro.participant AS p
       SET submitted_at = NULL, draft_version = p.draft_version + 1, draft_saved_at = now()
      FROM verdict
     WHERE p.room_id = verdict.room_id AND p.participant_id = verdict.participant_id AND verdict.outcome = 'DONE'
    RETURNING p.draft_version, verdict.*
), forgotten AS MATERIALIZED (
    SELECT retro.forget_submission(member_id, retrospect_id) AS claims FROM reopened
), gate AS (
    UPDATE retro.room_counter AS c
       SET event_seq = c.event_seq + 1
      FROM reopened CROSS JOIN forgotten
     WHERE c.room_id = reopened.room_id
    RETURNING c.event_seq, reopened.*
), moved AS MATERIALIZED (
    SELECT gate.room_id, gate.retrospect_id, back.likes, back.comments
      FROM gate
     CROSS JOIN LATERAL retro.take_back_answers(gate.room_id, gate.retrospect_id, gate.participant_id) AS back
), counted AS (
    UPDATE retro.retrospect_counter AS c
       SET submitted = c.submitted - 1, likes = c.likes - moved.likes, comments = c.comments - moved.comments
      FROM moved
     WHERE c.room_id = moved.room_id AND c.retrospect_id = moved.retrospect_id
), event AS (
    INSERT INTO retro.room_event (room_id, seq, kind, retrospect_id, happened_at)
    SELECT room_id, event_seq, 'ANSWERS_TAKEN_BACK', retrospect_id,
           CASE WHEN identity_mode = 'NAMED' THEN now() ELSE date_trunc('day', now(), 'UTC') END
      FROM gate
), answer AS (
    SELECT json_build_object('retrospectId', retrospect_id, 'status', 'JOINED',
                             'draftVersion', draft_version)::text AS result
      FROM gate
), kept AS (
    INSERT INTO retro.idempotency (actor, endpoint, key, request_sha256, result)
    SELECT $1, $3, $4, $5, result FROM answer WHERE $4 IS NOT NULL
)
SELECT outcome, result FROM prior
UNION ALL
SELECT 'DONE', result FROM answer
UNION ALL
SELECT outcome, NULL FROM verdict WHERE outcome <> 'DONE';
