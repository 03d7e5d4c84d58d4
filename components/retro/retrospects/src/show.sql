-- $1 member, $2 session, $3 retrospect, $4 language, $5 participants shown at most.
-- Holds: one row only for members of the room; drafts are the asking member's own; no like or comment count leaves
-- before the reveal; nothing here says who submitted but the member's own status.
SELECT json_build_object(
           'retrospectId', t.retrospect_id, 'retroRoomId', t.room_id, 'title', t.title, 'timeZone', r.time_zone,
           'startsAt', t.starts_at, 'retroCategory', f.code, 'identityMode', t.identity_mode,
           'revealAt', t.reveal_at, 'closed', t.closed_at IS NOT NULL,
           'participantCount', c.participants, 'submittedCount', c.submitted,
           'totalLikeCount', CASE WHEN seen.all_answers THEN c.likes END,
           'totalCommentCount', CASE WHEN seen.all_answers THEN c.comments END,
           'questions', (
               SELECT json_agg(json_build_object('index', q.number, 'content',
                          CASE $4 WHEN 'en' THEN coalesce(q.text_en, q.text_ko) ELSE coalesce(q.text_ko, q.text_en) END)
                          ORDER BY q.number)
                 FROM retro.retrospect_question AS q
                WHERE q.room_id = t.room_id AND q.retrospect_id = t.retrospect_id),
           'members', (
               SELECT coalesce(json_agg(json_build_object('kind', first.kind, 'memberId', first.member_id,
                          'name', first.name) ORDER BY first.participant_id), '[]')
                 FROM (SELECT p.participant_id, p.kind, p.member_id, coalesce(m.nickname, p.guest_name) AS name
                         FROM retro.participant AS p
                         LEFT JOIN retro.member AS m ON m.id = p.member_id
                        WHERE p.room_id = t.room_id AND p.retrospect_id = t.retrospect_id
                        ORDER BY p.participant_id
                        LIMIT $5) AS first),
           'own', json_build_object(
               'status', CASE WHEN me.participant_id IS NULL THEN 'NONE'
                              WHEN me.submitted_at IS NULL THEN 'JOINED' ELSE 'SUBMITTED' END,
               'participantId', me.participant_id,
               'draftVersion', coalesce(me.draft_version, 0),
               'drafts', (
                   SELECT coalesce(json_agg(json_build_object('questionNumber', d.number, 'content', d.content)
                              ORDER BY d.number), '[]')
                     FROM retro.draft_answer AS d
                    WHERE d.room_id = me.room_id AND d.participant_id = me.participant_id)))::text AS result
  FROM retro.live_session($1, $2) AS caller
  JOIN retro.retrospect AS t ON t.retrospect_id = $3 AND t.deleted_at IS NULL
  JOIN retro.room_member AS own ON own.room_id = t.room_id AND own.member_id = caller.member_id
  JOIN retro.room AS r ON r.room_id = t.room_id AND r.deleted_at IS NULL
  JOIN retro.retrospect_counter AS c ON c.room_id = t.room_id AND c.retrospect_id = t.retrospect_id
  JOIN retro.format AS f ON f.format_id = t.format_id
 CROSS JOIN LATERAL (SELECT t.reveal_at IS NULL OR t.reveal_at <= now() AS all_answers) AS seen
  LEFT JOIN retro.participant AS me
         ON me.room_id = t.room_id AND me.retrospect_id = t.retrospect_id AND me.member_id = caller.member_id;
