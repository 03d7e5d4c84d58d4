-- $1 member, $2 session, $3 retrospect, $4 question number (null: all), $5 id of the last answer seen (null for the
-- first page), $6 rows.
-- Holds: one row only for members of the room. Before the reveal only the member's own named answers leave the
-- database (rules_retro::reading::Reveal::in_sight). Order is by random id; no author is joined but a named one; the
-- text of a hidden answer stays here.
SELECT json_build_object(
           'revealed', seen.all_answers,
           'questionKnown', $4::integer IS NULL OR EXISTS (
               SELECT FROM retro.retrospect_question AS q
                WHERE q.room_id = t.room_id AND q.retrospect_id = t.retrospect_id AND q.number = $4::integer),
           'responses', (
               SELECT coalesce(json_agg(json_build_object(
                          'responseId', page.response_id, 'questionNumber', page.number,
                          'author', json_build_object('name', page.name,
                              'kind', CASE WHEN page.participant_id IS NULL THEN 'NAMELESS' ELSE page.kind END),
                          'content', CASE WHEN page.hidden_at IS NULL THEN page.content END,
                          'hiddenReason', page.hidden_reason,
                          'likeCount', page.like_count, 'commentCount', page.comment_count)
                          ORDER BY page.response_id), '[]')
                 FROM (SELECT a.response_id, a.number, a.participant_id, a.content, a.hidden_at, a.hidden_reason,
                              a.like_count, a.comment_count, p.kind, coalesce(m.nickname, p.guest_name) AS name
                         FROM retro.response AS a
                         LEFT JOIN retro.participant AS p
                                ON p.room_id = a.room_id AND p.participant_id = a.participant_id
                         LEFT JOIN retro.member AS m ON m.id = p.member_id
                        WHERE a.room_id = t.room_id AND a.retrospect_id = t.retrospect_id
                          AND ($4::integer IS NULL OR a.number = $4::integer)
                          AND (seen.all_answers OR p.member_id = caller.member_id)
                          AND a.response_id > coalesce($5::bigint, 0)
                        ORDER BY a.response_id
                        LIMIT $6) AS page))::text AS result
  FROM retro.live_session($1, $2) AS caller
  JOIN retro.retrospect AS t ON t.retrospect_id = $3 AND t.deleted_at IS NULL
  JOIN retro.room_member AS own ON own.room_id = t.room_id AND own.member_id = caller.member_id
  JOIN retro.room AS r ON r.room_id = t.room_id AND r.deleted_at IS NULL
 CROSS JOIN LATERAL (SELECT t.reveal_at IS NULL OR t.reveal_at <= now() AS all_answers) AS seen;
