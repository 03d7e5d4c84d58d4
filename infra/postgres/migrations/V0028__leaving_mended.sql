-- Leaving, mended: a key of a submission stands for that submission only and goes with it, a withdrawal does not tell
-- who had submitted where answers can be nameless, and withdrawals do not lock each other out.

-- What a claim of a submission keeps in place of the request's hash: method and path alone, as a hash of known texts
-- would tell whose they are.
CREATE FUNCTION retro.submit_sha256(p_retrospect_id bigint) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT sha256(convert_to('POST /retrospects/' || p_retrospect_id || '/submit', 'UTF8')) $$;

-- retro.prior as of now: for a statement that waited for a twin of its own and must see what that one committed.
CREATE FUNCTION retro.prior_by_now(member bigint, session bigint, endpoint text, key text, request_sha256 bytea)
    RETURNS TABLE (outcome text, result text)
    LANGUAGE sql VOLATILE
    AS $$
        SELECT p.outcome, p.result
          FROM retro.prior(prior_by_now.member, prior_by_now.session, prior_by_now.endpoint, prior_by_now.key,
                           prior_by_now.request_sha256) AS p
    $$;

-- Erases the claims of a submission that is taken back, so that its key submits anew; how many they were. A function
-- because it must see what the submission committed while the statement waited for the participant. The endpoint is
-- that of components/retro/submit.
CREATE FUNCTION retro.forget_submission(p_member_id bigint, p_retrospect_id bigint) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    forgotten bigint;
BEGIN
    DELETE FROM retro.idempotency AS i
     WHERE i.actor = p_member_id AND i.endpoint = 'retro-submit'
       AND i.request_sha256 = retro.submit_sha256(p_retrospect_id);
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END
    $$;

-- Claims of before stood for any submission. Without them a late retry is told that it had submitted already.
DELETE FROM retro.idempotency AS i WHERE i.endpoint = 'retro-submit';

-- As in V0005, with two differences. (1) Where answers can be nameless, the participant stays, unlinked, whether
-- something was submitted or not: erasing one and keeping the other would tell. Both counts stay as they were, since
-- lowering the submitted ones would tell as well, and named answers of AUTHOR_CHOOSES keep what they hang on. (2) The
-- retrospects are locked before participants and room_counter, in the order of V0003.
CREATE OR REPLACE FUNCTION retro.withdraw_from_rooms(member bigint) RETURNS text
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    left_room bigint;
BEGIN
    UPDATE retro.retrospect AS t SET creator_id = NULL WHERE t.creator_id = member;
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
        DELETE FROM retro.participant AS p USING retro.retrospect AS t
         WHERE p.member_id = member AND p.submitted_at IS NULL
           AND t.room_id = p.room_id AND t.retrospect_id = p.retrospect_id AND t.identity_mode = 'NAMED'
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
    UPDATE retro.action AS a SET owner_id = NULL WHERE a.owner_id = member;
    DELETE FROM retro.join_request AS j WHERE j.member_id = member;
    DELETE FROM retro.member_plan AS mp WHERE mp.member_id = member;
    RETURN NULL;
END
    $$;

COMMENT ON TABLE retro.participant IS
    'Who takes part. Withdrawal: unlinked where something was submitted or answers can be nameless, else erased.';

-- As in V0002, one withdrawal at a time: passing a room on locks its heir (by foreign key) after room_counter, against
-- the order of V0003, which only an heir who withdraws meanwhile would meet.
CREATE OR REPLACE FUNCTION retro.withdraw_member(member bigint) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    refusal text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('retro.withdraw_member', 0));
    PERFORM FROM retro.member AS m WHERE m.id = member AND m.withdrawn_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'GONE';
    END IF;
    refusal := retro.withdraw_from_rooms(member);
    IF refusal IS NOT NULL THEN
        RETURN refusal;
    END IF;
    DELETE FROM retro.identity AS i WHERE i.member_id = member;
    DELETE FROM retro.session AS s WHERE s.member_id = member;
    DELETE FROM retro.idempotency AS i WHERE i.actor = member;
    UPDATE retro.member AS m SET nickname = '', email = NULL, withdrawn_at = now() WHERE m.id = member;
    RETURN NULL;
END
    $$;
