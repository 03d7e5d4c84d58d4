-- $1 member, $2 session, $3 retrospect. Holds: the drafts are the asking member's own.
SELECT json_build_object(
           'version', me.draft_version,
           'drafts', (SELECT coalesce(json_agg(json_build_object('questionNumber', d.number, 'content', d.content)
                                 ORDER BY d.number), '[]')
                        FROM retro.draft_answer AS d
                       WHERE d.room_id = me.room_id AND d.participant_id = me.participant_id))::text AS result
  FROM retro.live_session($1, $2) AS caller
  JOIN retro.retrospect AS t ON t.retrospect_id = $3 AND t.deleted_at IS NULL
  JOIN retro.room_member AS own ON own.room_id = t.room_id AND own.member_id = caller.member_id
  JOIN retro.participant AS me
    ON me.room_id = t.room_id AND me.retrospect_id = t.retrospect_id AND me.member_id = caller.member_id;
