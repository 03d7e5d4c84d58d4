-- $1 member, $2 session, $3 endpoint, $4 idempotency key, $5 request hash,
-- $6 retrospect, $7 version last seen or null, $8 question numbers, $9 their texts in the same order.
-- Holds: saves of one participant happen one after the other (the participant's row is locked and carries the
-- version); a stale save changes nothing and says so with DONE and "stale", as the caller then reads what is stored;
-- questions that are not named keep their text. No event: others never learn of drafts.
WITH prior AS MATERIALIZED (
    SELECT outcome, result FROM retro.prior($1, $2, $3, $4, $5)
), caller AS MATERIALIZED (
    SELECT m.id
      FROM retro.live_session($1, $2) AS s
      JOIN retro.member AS m ON m.id = s.member_id
     WHERE NOT EXISTS (SELECT FROM prior)
       FOR KEY SHARE OF m
), target AS MATERIALIZED (
    SELECT t.room_id, t.retrospect_id, t.closed_at, r.time_zone, caller.id AS member_id
      FROM caller
      JOIN retro.retrospect AS t ON t.retrospect_id = $6 AND t.deleted_at IS NULL
      JOIN retro.room_member AS own ON own.room_id = t.room_id AND own.member_id = caller.id
      JOIN retro.room AS r ON r.room_id = t.room_id AND r.deleted_at IS NULL
       FOR SHARE OF t
), me AS MATERIALIZED (
    SELECT p.participant_id, p.submitted_at, p.draft_version
      FROM target
      JOIN retro.participant AS p
        ON p.room_id = target.room_id AND p.retrospect_id = target.retrospect_id AND p.member_id = target.member_id
       FOR NO KEY UPDATE OF p
), sent AS MATERIALIZED (
    SELECT s.number, s.content FROM unnest($8::integer[], $9::text[]) AS s (number, content)
), verdict AS MATERIALIZED (
    SELECT target.*, me.participant_id, me.draft_version,
           CASE WHEN me.participant_id IS NULL THEN 'NOT_PARTICIPANT'
                WHEN me.submitted_at IS NOT NULL THEN 'ALREADY_SUBMITTED'
                WHEN target.closed_at IS NOT NULL THEN 'CLOSED'
                WHEN EXISTS (SELECT FROM sent
                              WHERE NOT EXISTS (SELECT FROM retro.retrospect_question AS q
                                                 WHERE q.room_id = target.room_id
                                                   AND q.retrospect_id = target.retrospect_id
                                                   AND q.number = sent.number)) THEN 'NO_SUCH_QUESTION'
                WHEN $7::integer <> me.draft_version THEN 'STALE'
                ELSE 'DONE' END AS outcome
      FROM target LEFT JOIN me ON true
), saved AS (
    UPDATE retro.participant AS p
       SET draft_version = p.draft_version + 1, draft_saved_at = now()
      FROM verdict
     WHERE p.room_id = verdict.room_id AND p.participant_id = verdict.participant_id AND verdict.outcome = 'DONE'
    RETURNING p.room_id, p.participant_id, p.retrospect_id, p.draft_version, p.draft_saved_at, verdict.time_zone
), written AS (
    INSERT INTO retro.draft_answer (room_id, participant_id, retrospect_id, number, content)
    SELECT saved.room_id, saved.participant_id, saved.retrospect_id, sent.number, sent.content
      FROM saved CROSS JOIN sent
        ON CONFLICT (room_id, participant_id, number) DO UPDATE SET content = excluded.content
), answer AS (
    SELECT json_build_object('retrospectId', retrospect_id, 'version', draft_version, 'savedAt', draft_saved_at,
                             'timeZone', time_zone, 'stale', false)::text AS result
      FROM saved
), kept AS (
    INSERT INTO retro.idempotency (actor, endpoint, key, request_sha256, result)
    SELECT $1, $3, $4, $5, result FROM answer WHERE $4 IS NOT NULL
)
SELECT outcome, result FROM prior
UNION ALL
SELECT 'DONE', result FROM answer
UNION ALL
SELECT 'DONE', json_build_object('retrospectId', retrospect_id, 'version', draft_version, 'savedAt', NULL,
                                 'timeZone', time_zone, 'stale', true)::text
  FROM verdict WHERE outcome = 'STALE'
UNION ALL
SELECT outcome, NULL FROM verdict WHERE outcome NOT IN ('DONE', 'STALE');
