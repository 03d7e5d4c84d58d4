-- $1 member, $2 session, $3 retrospect, $4 participant id of the last one seen (null for the first page), $5 rows.
-- Holds: one row only for members of the room; who submitted leaves the database only where every answer is named.
SELECT json_build_object(
           'participantCount', c.participants,
           'participants', (
               SELECT coalesce(json_agg(json_build_object(
                          'participantId', page.participant_id,
                          'author', json_build_object(
                              'kind', page.kind, 'memberId', page.member_id, 'name', page.name),
                          'submitted', CASE WHEN t.identity_mode = 'NAMED' THEN page.submitted END)
                          ORDER BY page.participant_id), '[]')
                 FROM (SELECT p.participant_id, p.kind, p.member_id, coalesce(m.nickname, p.guest_name) AS name,
                              p.submitted_at IS NOT NULL AS submitted
                         FROM retro.participant AS p
                         LEFT JOIN retro.member AS m ON m.id = p.member_id
                        WHERE p.room_id = t.room_id AND p.retrospect_id = t.retrospect_id
                          AND p.participant_id > coalesce($4::bigint, 0)
                        ORDER BY p.participant_id
                        LIMIT $5) AS page))::text AS result
  FROM retro.live_session($1, $2) AS caller
  JOIN retro.retrospect AS t ON t.retrospect_id = $3 AND t.deleted_at IS NULL
  JOIN retro.room_member AS own ON own.room_id = t.room_id AND own.member_id = caller.member_id
  JOIN retro.room AS r ON r.room_id = t.room_id AND r.deleted_at IS NULL
  JOIN retro.retrospect_counter AS c ON c.room_id = t.room_id AND c.retrospect_id = t.retrospect_id;
