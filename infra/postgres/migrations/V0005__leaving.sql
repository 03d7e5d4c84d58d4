-- What only functions of the owner may do: follow the link from a nameless answer to its author, to take answers back
-- and to withdraw. Neither hands the link out.

-- Takes all answers of a participant out of sight and puts their texts back into the drafts. The caller has locked the
-- participant and room_counter and has checked that it may be done; it takes what is returned off the retrospect's
-- counts. Likes and comments go with the answer they were about.
CREATE FUNCTION retro.take_back_answers(p_room_id bigint, p_retrospect_id bigint, p_participant_id bigint)
    RETURNS TABLE (likes integer, comments integer)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    ids bigint[];
BEGIN
    -- By id, as every statement that locks several answers does.
    SELECT array_agg(own.response_id) INTO ids
      FROM (SELECT r.response_id
              FROM retro.response AS r
             WHERE r.room_id = p_room_id AND r.retrospect_id = p_retrospect_id
               AND (r.participant_id = p_participant_id
                    OR EXISTS (SELECT FROM retro.response_author AS a
                                WHERE a.room_id = r.room_id AND a.response_id = r.response_id
                                  AND a.participant_id = p_participant_id))
             ORDER BY r.response_id
               FOR UPDATE) AS own;

    INSERT INTO retro.draft_answer (room_id, participant_id, retrospect_id, number, content)
    SELECT r.room_id, p_participant_id, r.retrospect_id, r.number, r.content
      FROM retro.response AS r
     WHERE r.room_id = p_room_id AND r.response_id = ANY (ids)
        ON CONFLICT (room_id, participant_id, number) DO UPDATE SET content = excluded.content;

    RETURN QUERY
    WITH gone AS (
        DELETE FROM retro.response AS r
         WHERE r.room_id = p_room_id AND r.response_id = ANY (ids)
        RETURNING r.like_count, r.comment_count
    )
    SELECT coalesce(sum(g.like_count), 0)::integer, coalesce(sum(g.comment_count), 0)::integer FROM gone AS g;
END
    $$;

-- Erases the drafts of a participant who submits, and the claims of their saves: a draft, or the hash of one, left
-- behind would tell whose a nameless answer is. A function because it must see what another save committed while the
-- submitting statement waited for the participant. The endpoint is that of components/retro/drafts.
CREATE FUNCTION retro.erase_drafts(p_room_id bigint, p_participant_id bigint, p_member_id bigint) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    erased bigint;
BEGIN
    DELETE FROM retro.draft_answer AS d WHERE d.room_id = p_room_id AND d.participant_id = p_participant_id;
    GET DIAGNOSTICS erased = ROW_COUNT;
    DELETE FROM retro.idempotency AS i WHERE i.actor = p_member_id AND i.endpoint = 'retro-drafts-save';
    RETURN erased;
END
    $$;

-- Writes the next event of a room. The caller holds room_counter or gets it here.
CREATE FUNCTION retro.append_event(p_room_id bigint, p_kind text, p_member_id bigint) RETURNS void
    LANGUAGE sql VOLATILE
    AS $$
        WITH gate AS (
            UPDATE retro.room_counter AS c SET event_seq = c.event_seq + 1
             WHERE c.room_id = p_room_id
            RETURNING c.event_seq
        )
        INSERT INTO retro.room_event (room_id, seq, kind, member_id)
        SELECT p_room_id, gate.event_seq, p_kind, p_member_id FROM gate
    $$;

-- Gives a room to its longest member, or closes it when nobody is left. Where the new owner has a room of that name,
-- the name gets a number.
CREATE FUNCTION retro.pass_on_room(p_room_id bigint, p_owner_id bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    heir   bigint;
    suffix text := '';
    number integer := 1;
BEGIN
    SELECT rm.member_id INTO heir
      FROM retro.room_member AS rm
     WHERE rm.room_id = p_room_id AND rm.member_id <> p_owner_id
     ORDER BY rm.joined_at, rm.member_id
     LIMIT 1;
    IF heir IS NULL THEN
        UPDATE retro.room AS r SET owner_id = NULL, deleted_at = coalesce(r.deleted_at, now())
         WHERE r.room_id = p_room_id;
        PERFORM retro.append_event(p_room_id, 'ROOM_CLOSED', NULL);
        RETURN;
    END IF;
    LOOP
        BEGIN
            UPDATE retro.room AS r SET owner_id = heir, title = left(r.title, 20 - char_length(suffix)) || suffix
             WHERE r.room_id = p_room_id;
            EXIT;
        EXCEPTION WHEN unique_violation THEN
            number := number + 1;
            suffix := ' ' || number;
        END;
    END LOOP;
    PERFORM retro.append_event(p_room_id, 'OWNER_CHANGED', heir);
END
    $$;

-- Takes back the likes of a member and keeps the counts true.
CREATE FUNCTION retro.erase_likes(p_member_id bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    PERFORM FROM retro.response AS r
      JOIN retro.response_like AS l ON l.room_id = r.room_id AND l.response_id = r.response_id
     WHERE l.member_id = p_member_id
     ORDER BY r.response_id
       FOR NO KEY UPDATE OF r;
    WITH gone AS (
        DELETE FROM retro.response_like AS l WHERE l.member_id = p_member_id RETURNING l.room_id, l.response_id
    ), lowered AS (
        UPDATE retro.response AS r SET like_count = r.like_count - 1
          FROM gone WHERE r.room_id = gone.room_id AND r.response_id = gone.response_id
        RETURNING r.room_id, r.retrospect_id
    )
    UPDATE retro.retrospect_counter AS c SET likes = c.likes - per.likes
      FROM (SELECT room_id, retrospect_id, count(*)::integer AS likes FROM lowered GROUP BY room_id, retrospect_id) AS per
     WHERE c.room_id = per.room_id AND c.retrospect_id = per.retrospect_id;
END
    $$;

-- The room side of a withdrawal. retro.withdraw_member has locked the member, so nothing new begins meanwhile.
-- What becomes of each table stands in its comment.
CREATE OR REPLACE FUNCTION retro.withdraw_from_rooms(member bigint) RETURNS text
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    left_room bigint;
BEGIN
    PERFORM FROM retro.participant AS p WHERE p.member_id = member
      ORDER BY p.room_id, p.participant_id FOR UPDATE;
    PERFORM FROM retro.room_counter AS c
      WHERE c.room_id IN (SELECT rm.room_id FROM retro.room_member AS rm WHERE rm.member_id = member
                          UNION SELECT p.room_id FROM retro.participant AS p WHERE p.member_id = member)
      ORDER BY c.room_id FOR NO KEY UPDATE;

    DELETE FROM retro.response_author AS a USING retro.participant AS p
     WHERE p.member_id = member AND a.room_id = p.room_id AND a.participant_id = p.participant_id;
    DELETE FROM retro.draft_answer AS d USING retro.participant AS p
     WHERE p.member_id = member AND d.room_id = p.room_id AND d.participant_id = p.participant_id;
    PERFORM retro.erase_likes(member);
    UPDATE retro.comment AS c SET member_id = NULL WHERE c.member_id = member;
    DELETE FROM retro.comment_author AS a WHERE a.member_id = member;

    WITH gone AS (
        DELETE FROM retro.participant AS p WHERE p.member_id = member AND p.submitted_at IS NULL
        RETURNING p.room_id, p.retrospect_id
    )
    UPDATE retro.retrospect_counter AS c SET participants = c.participants - 1
      FROM gone WHERE c.room_id = gone.room_id AND c.retrospect_id = gone.retrospect_id;
    UPDATE retro.participant AS p SET kind = 'WITHDRAWN', member_id = NULL WHERE p.member_id = member;

    FOR left_room IN SELECT r.room_id FROM retro.room AS r WHERE r.owner_id = member ORDER BY r.room_id LOOP
        PERFORM retro.pass_on_room(left_room, member);
    END LOOP;
    FOR left_room IN DELETE FROM retro.room_member AS rm WHERE rm.member_id = member RETURNING rm.room_id LOOP
        UPDATE retro.room_counter AS c SET member_count = c.member_count - 1 WHERE c.room_id = left_room;
        PERFORM retro.append_event(left_room, 'MEMBER_LEFT', NULL);
    END LOOP;

    UPDATE retro.room_event AS e SET member_id = NULL WHERE e.member_id = member;
    UPDATE retro.retrospect AS t SET creator_id = NULL WHERE t.creator_id = member;
    UPDATE retro.action AS a SET owner_id = NULL WHERE a.owner_id = member;
    DELETE FROM retro.join_request AS j WHERE j.member_id = member;
    DELETE FROM retro.member_plan AS mp WHERE mp.member_id = member;
    RETURN NULL;
END
    $$;

REVOKE EXECUTE ON FUNCTION
    retro.take_back_answers(bigint, bigint, bigint), retro.append_event(bigint, text, bigint),
    retro.pass_on_room(bigint, bigint), retro.erase_likes(bigint), retro.withdraw_from_rooms(bigint)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retro.take_back_answers(bigint, bigint, bigint), retro.withdraw_from_rooms(bigint)
    TO moalog_app;
