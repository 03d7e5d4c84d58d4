-- $1 member, $2 session, $3 endpoint, $4 idempotency key, $5 request hash,
-- $6 retrospect, $7 question numbers, $8 their texts in the same order, $9 nameless or named as the author wishes
-- (null: no wish spoken), $10 kept from every analysis.
-- Holds: the verdict is rules_retro::standing::SubmitStanding's, the choice of a name
-- rules_retro::identity::IdentityMode::authorship's. A nameless answer carries no author; the link goes to
-- response_author, which this role cannot read. Neither answer nor event carries a fine time, no draft (nor the claim
-- of one) is left behind, and the own claim keeps a hash of method and path alone: a hash of known texts would tell
-- whose they are. So a key stands for its first texts in one retrospect, until they are taken back.
WITH prior AS MATERIALIZED (
    SELECT outcome, result FROM retro.prior($1, $2, $3, $4, retro.submit_sha256($6))
), caller AS MATERIALIZED (
    SELECT m.id
      FROM retro.live_session($1, $2) AS s
      JOIN retro.member AS m ON m.id = s.member_id
     WHERE NOT EXISTS (SELECT FROM prior)
       FOR KEY SHARE OF m
), target AS MATERIALIZED (
    SELECT t.room_id, t.retrospect_id, t.closed_at, t.identity_mode, r.time_zone, caller.id AS member_id
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
), sent AS MATERIALIZED (
    SELECT s.number, s.content FROM unnest($7::integer[], $8::text[]) AS s (number, content)
), fit AS MATERIALIZED (
    SELECT count(*) AS questions, count(sent.number) AS questions_answered
      FROM target
      JOIN retro.retrospect_question AS q ON q.room_id = target.room_id AND q.retrospect_id = target.retrospect_id
      LEFT JOIN sent ON sent.number = q.number
), verdict AS MATERIALIZED (
    SELECT target.*, me.participant_id,
           CASE identity_mode WHEN 'NAMED' THEN false WHEN 'ANONYMOUS' THEN true ELSE $9::boolean END AS nameless,
           CASE WHEN me.participant_id IS NULL THEN 'NOT_PARTICIPANT'
                WHEN me.submitted_at IS NOT NULL THEN 'ALREADY_SUBMITTED'
                WHEN target.closed_at IS NOT NULL THEN 'CLOSED'
                WHEN fit.questions_answered < (SELECT count(*) FROM sent) THEN 'NO_SUCH_QUESTION'
                WHEN fit.questions_answered < fit.questions THEN 'ANSWERS_MISSING'
                WHEN identity_mode = 'NAMED' AND $9::boolean THEN 'NO_SUCH_CHOICE'
                WHEN identity_mode = 'ANONYMOUS' AND NOT $9::boolean THEN 'NO_SUCH_CHOICE'
                WHEN identity_mode = 'AUTHOR_CHOOSES' AND $9::boolean IS NULL THEN 'NO_SUCH_CHOICE'
                ELSE 'DONE' END AS outcome
      FROM target CROSS JOIN fit LEFT JOIN me ON true
), twin AS MATERIALIZED (
    -- The same request sent twice at once: this one waited for the participant and its twin has the answer.
    SELECT p.outcome, p.result
      FROM verdict
     CROSS JOIN LATERAL retro.prior_by_now($1, $2, $3, $4, retro.submit_sha256($6)) AS p
     WHERE verdict.outcome = 'ALREADY_SUBMITTED'
), submitted AS (
    UPDATE retro.participant AS p
       SET submitted_at = now()
      FROM verdict
     WHERE p.room_id = verdict.room_id AND p.participant_id = verdict.participant_id AND verdict.outcome = 'DONE'
    RETURNING p.submitted_at, verdict.*
), undrafted AS MATERIALIZED (
    SELECT retro.erase_drafts(room_id, participant_id, member_id) AS drafts FROM submitted
), gate AS (
    UPDATE retro.room_counter AS c
       SET event_seq = c.event_seq + 1
      FROM submitted CROSS JOIN undrafted
     WHERE c.room_id = submitted.room_id
    RETURNING c.event_seq, submitted.*
), counted AS (
    UPDATE retro.retrospect_counter AS c
       SET submitted = c.submitted + 1
      FROM gate
     WHERE c.room_id = gate.room_id AND c.retrospect_id = gate.retrospect_id
), written AS (
    INSERT INTO retro.response (room_id, retrospect_id, number, content, participant_id, kept_from_ai)
    SELECT gate.room_id, gate.retrospect_id, sent.number, sent.content,
           CASE WHEN NOT gate.nameless THEN gate.participant_id END, $10
      FROM gate CROSS JOIN sent
    RETURNING room_id, response_id
), linked AS (
    INSERT INTO retro.response_author (room_id, response_id, participant_id)
    SELECT written.room_id, written.response_id, gate.participant_id
      FROM written CROSS JOIN gate
     WHERE gate.nameless
), event AS (
    INSERT INTO retro.room_event (room_id, seq, kind, retrospect_id, happened_at)
    SELECT room_id, event_seq, 'ANSWERS_SUBMITTED', retrospect_id,
           CASE WHEN identity_mode = 'NAMED' THEN now() ELSE date_trunc('day', now(), 'UTC') END
      FROM gate
), answer AS (
    SELECT json_build_object('retrospectId', retrospect_id, 'submittedAt', submitted_at, 'timeZone', time_zone)::text
               AS result
      FROM gate
), kept AS (
    INSERT INTO retro.idempotency (actor, endpoint, key, request_sha256, result)
    SELECT $1, $3, $4, retro.submit_sha256($6), result FROM answer WHERE $4 IS NOT NULL AND $5::bytea IS NOT NULL
)
SELECT outcome, result FROM prior
UNION ALL
SELECT outcome, result FROM twin
UNION ALL
SELECT 'DONE', result FROM answer
UNION ALL
SELECT outcome, NULL FROM verdict WHERE outcome <> 'DONE' AND NOT EXISTS (SELECT FROM twin);
