-- Accounts: members, the identities they sign in with, their sign-ins (refresh-token families), one-use sign-up tickets.

CREATE TABLE retro.member (
    id           bigint      PRIMARY KEY DEFAULT retro.next_id(),
    nickname     text        NOT NULL,
    email        text        CHECK (char_length(email) <= 254),
    created_at   timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz,
    CONSTRAINT member_nickname_check
        CHECK (nickname ~ '^[0-9A-Za-z가-힣ㄱ-ㅣ]{1,20}$' OR (withdrawn_at IS NOT NULL AND nickname = '')),
    CONSTRAINT member_withdrawn_check
        CHECK (withdrawn_at IS NULL OR (nickname = '' AND email IS NULL))
);
COMMENT ON TABLE retro.member IS
    'People. Withdrawal: row kept so that others'' history holds together; nickname and email erased.';
-- Names are free again after withdrawal.
CREATE UNIQUE INDEX member_nickname_key ON retro.member (lower(nickname)) WHERE withdrawn_at IS NULL;

CREATE TABLE retro.identity (
    provider  text        NOT NULL CHECK (provider IN ('GOOGLE', 'KAKAO', 'SANDBOX')),
    subject   text        NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 255),
    member_id bigint      NOT NULL REFERENCES retro.member (id) ON DELETE CASCADE,
    linked_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT identity_pkey PRIMARY KEY (provider, subject)
);
COMMENT ON TABLE retro.identity IS 'Who a member is at a provider. Withdrawal: erased.';
CREATE INDEX identity_member_id_idx ON retro.identity (member_id);

-- One row per sign-in (device) = one family of refresh tokens. Tokens are JWTs signed by us; only hashes are kept.
-- A signed token of this sign-in that is neither the current one nor, for a moment, the one before it was rotated away
-- long ago: someone else has a copy, and the sign-in ends.
CREATE TABLE retro.session (
    id              bigint      PRIMARY KEY,
    member_id       bigint      NOT NULL REFERENCES retro.member (id) ON DELETE CASCADE,
    device          text        NOT NULL CHECK (char_length(device) <= 200),
    current_sha256  bytea       NOT NULL CHECK (octet_length(current_sha256) = 32),
    previous_sha256 bytea       CHECK (octet_length(previous_sha256) = 32),
    rotation_key    text        CHECK (char_length(rotation_key) <= 255),
    created_at      timestamptz NOT NULL DEFAULT now(),
    rotated_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    ended_because   text        CHECK (ended_because IN ('LOGOUT', 'LOGOUT_ALL', 'REUSE', 'SURPLUS')),
    CONSTRAINT session_ended_check CHECK ((ended_at IS NULL) = (ended_because IS NULL))
);
COMMENT ON TABLE retro.session IS 'Sign-ins by device. Withdrawal: erased.';
CREATE INDEX session_member_id_idx ON retro.session (member_id) WHERE ended_at IS NULL;
CREATE INDEX session_expires_at_idx ON retro.session (expires_at);

-- Sign-up tickets that were used. The ticket itself is a signed token of ten minutes.
CREATE TABLE retro.signup_ticket (
    jti        uuid        NOT NULL,
    member_id  bigint      NOT NULL REFERENCES retro.member (id) ON DELETE CASCADE,
    key        text        CHECK (char_length(key) <= 255),
    used_at    timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT signup_ticket_pkey PRIMARY KEY (jti)
);
COMMENT ON TABLE retro.signup_ticket IS 'Used tickets, for minutes. Withdrawal: kept, they name nobody, swept by age.';
CREATE INDEX signup_ticket_member_id_idx ON retro.signup_ticket (member_id);
CREATE INDEX signup_ticket_expires_at_idx ON retro.signup_ticket (expires_at);

-- The member of a sign-in that is alive; no row otherwise. Every statement of a member joins it, so that a logout or a
-- withdrawal is in force with its commit.
CREATE FUNCTION retro.live_session(member bigint, session bigint) RETURNS TABLE (member_id bigint)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT s.member_id FROM retro.session AS s
         WHERE s.id = session AND s.member_id = member AND s.ended_at IS NULL
    $$;

-- The stored answer to an earlier request with this key: REPLAY, or MISMATCH when that was another request.
CREATE FUNCTION retro.prior(member bigint, session bigint, endpoint text, key text, request_sha256 bytea)
    RETURNS TABLE (outcome text, result text)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT CASE WHEN i.request_sha256 = prior.request_sha256 THEN 'REPLAY' ELSE 'MISMATCH' END, i.result
          FROM retro.live_session(prior.member, prior.session) AS caller
          JOIN retro.idempotency AS i ON i.actor = caller.member_id
         WHERE i.endpoint = prior.endpoint AND i.key = prior.key
    $$;

-- What a presented refresh token does to its sign-in: ROTATE buys the next one, LATE gets nothing and does no harm (two
-- tabs sent the same token at once), REUSED ends the sign-in. A repeated request with the same idempotency key counts as
-- the first one: its answer was lost.
CREATE FUNCTION retro.refresh_verdict(s retro.session, presented_sha256 bytea, key text, grace_s bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT CASE
            WHEN s.current_sha256 = presented_sha256 THEN 'ROTATE'
            WHEN s.previous_sha256 IS DISTINCT FROM presented_sha256
              OR s.rotated_at < clock_timestamp() - grace_s * interval '1 second' THEN 'REUSED'
            WHEN s.rotation_key = key THEN 'ROTATE'
            ELSE 'LATE' END
    $$;

-- How many analyses a member took part in. Replaced by the migration that brings analyses.
CREATE FUNCTION retro.insight_count(member bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT 0::bigint $$;

-- What a member sees of the own account.
CREATE FUNCTION retro.member_view(member bigint) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT json_build_object(
                   'memberId', m.id,
                   'nickname', m.nickname,
                   'email', m.email,
                   'providers', (SELECT coalesce(json_agg(i.provider ORDER BY i.linked_at, i.provider), '[]')
                                   FROM retro.identity AS i WHERE i.member_id = m.id),
                   'insightCount', retro.insight_count(m.id),
                   'createdAt', m.created_at)
          FROM retro.member AS m WHERE m.id = member
    $$;

-- Withdrawal, whole: the caller sends one statement. A later migration that brings more personal data replaces
-- retro.withdraw_from_rooms (same signature), never this function.
CREATE FUNCTION retro.withdraw_from_rooms(member bigint) RETURNS text
    LANGUAGE sql VOLATILE
    AS $$ SELECT NULL::text $$;

-- Returns null when done, or why not: the word of retro.withdraw_from_rooms (nothing is changed then).
CREATE FUNCTION retro.withdraw_member(member bigint) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    refusal text;
BEGIN
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

GRANT SELECT, INSERT, UPDATE ON retro.member TO moalog_app;
GRANT SELECT, INSERT, DELETE ON retro.identity TO moalog_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON retro.session TO moalog_app;
GRANT SELECT, INSERT ON retro.signup_ticket TO moalog_app;
