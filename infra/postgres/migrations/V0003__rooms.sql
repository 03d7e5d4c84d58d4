-- Rooms, who is in them, invites, events.
--
-- Distribution: everything a room holds begins its key with room_id and can be sharded by it. plan, member_plan, room
-- and invite are small, rarely written and looked up by other keys (owner, code): they are the directory that every
-- node keeps whole, which is why their unique indexes need not begin with room_id.
--
-- Lock order of every statement that takes more than one row: member (KEY SHARE of whoever acts), retrospect,
-- participant, room_counter (several: by room_id), response (several: by id), retrospect_counter. The room counter is
-- the gate that puts joins and events of one room in order.
--
-- COMMENT ON TABLE is the data map: what a withdrawal erases, unlinks or keeps.

CREATE TABLE retro.plan (
    plan_code        text PRIMARY KEY,
    price_krw_month  integer NOT NULL CHECK (price_krw_month >= 0),
    room_members_max integer CHECK (room_members_max > 0), -- NULL: without limit
    CONSTRAINT plan_code_known CHECK (plan_code IN ('FREE', 'PRO', 'TEAM'))
);

INSERT INTO retro.plan (plan_code, price_krw_month, room_members_max)
VALUES ('FREE', 0, 10), ('PRO', 9900, 10), ('TEAM', 29900, NULL);
COMMENT ON TABLE retro.plan IS 'What plans allow. No personal data. Withdrawal: untouched.';

-- Who is not here, or past the end, is on FREE.
CREATE TABLE retro.member_plan (
    member_id   bigint PRIMARY KEY REFERENCES retro.member ON DELETE CASCADE,
    plan_code   text NOT NULL REFERENCES retro.plan,
    valid_until timestamptz NOT NULL
);
COMMENT ON TABLE retro.member_plan IS 'What a member pays for now. Withdrawal: erased (the payment side keeps its own records).';

-- Members a room of this owner may hold; NULL is without limit.
CREATE FUNCTION retro.room_members_max(p_owner_id bigint) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT p.room_members_max
    FROM retro.plan p
    WHERE p.plan_code = coalesce(
        (SELECT mp.plan_code FROM retro.member_plan mp WHERE mp.member_id = p_owner_id AND mp.valid_until > now()),
        'FREE')
);

-- A deleted room can be restored for 30 days, then it is purged.
CREATE TABLE retro.room (
    room_id          bigint PRIMARY KEY DEFAULT retro.next_id(),
    owner_id         bigint REFERENCES retro.member ON DELETE RESTRICT,
    title            text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 20),
    description      text CHECK (char_length(description) BETWEEN 1 AND 50),
    time_zone        text NOT NULL DEFAULT 'Asia/Seoul' CHECK (char_length(time_zone) BETWEEN 1 AND 64),
    retention_months smallint CHECK (retention_months BETWEEN 1 AND 120), -- NULL: kept until deleted
    ai_consent_at    timestamptz, -- NULL: no answer of this room goes to a model
    missions_seen_by text NOT NULL DEFAULT 'TEAM' CHECK (missions_seen_by IN ('TEAM', 'ADDRESSEE')),
    created_at       timestamptz NOT NULL DEFAULT now(),
    deleted_at       timestamptz,
    CONSTRAINT room_live_has_owner CHECK (owner_id IS NOT NULL OR deleted_at IS NOT NULL)
);
COMMENT ON TABLE retro.room IS
    'Rooms. Withdrawal of the owner: handed over to the longest member, or closed and unlinked when nobody is left.';

CREATE UNIQUE INDEX room_title_per_owner ON retro.room (owner_id, lower(title)) WHERE deleted_at IS NULL;
CREATE INDEX room_purge ON retro.room (deleted_at) WHERE deleted_at IS NOT NULL;

-- The two numbers of a room that change all the time; locking this row puts joins and events in order.
CREATE TABLE retro.room_counter (
    room_id      bigint PRIMARY KEY REFERENCES retro.room ON DELETE CASCADE,
    member_count integer NOT NULL CHECK (member_count >= 0),
    event_seq    bigint NOT NULL CHECK (event_seq >= 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE retro.room_counter IS 'Counts of a room. No personal data. Withdrawal: the member count goes down.';

CREATE TABLE retro.room_member (
    room_id     bigint NOT NULL REFERENCES retro.room ON DELETE CASCADE,
    member_id   bigint NOT NULL REFERENCES retro.member ON DELETE RESTRICT,
    order_index integer NOT NULL CHECK (order_index >= 1), -- the member's own order of rooms
    joined_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (room_id, member_id)
);
COMMENT ON TABLE retro.room_member IS 'Who is in a room now. Leaving, removal and withdrawal: erased.';

CREATE INDEX room_member_own_rooms ON retro.room_member (member_id, order_index, room_id);
CREATE INDEX room_member_by_joining ON retro.room_member (room_id, joined_at, member_id);

-- Invites, old ones too: a member with any old link lands inside, an expired one can be answered with a request.
CREATE TABLE retro.invite (
    code          text PRIMARY KEY CHECK (code ~ '^INV(-[0-9A-HJKMNP-TV-Z]{4}){3}$'), -- 60 random bits
    room_id       bigint NOT NULL REFERENCES retro.room ON DELETE CASCADE,
    issued_at     timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    superseded_at timestamptz, -- a newer one took its place
    CHECK (expires_at > issued_at)
);
COMMENT ON TABLE retro.invite IS 'Codes that open rooms. No personal data. Withdrawal: untouched.';

CREATE UNIQUE INDEX invite_one_in_force ON retro.invite (room_id) WHERE superseded_at IS NULL;

CREATE TABLE retro.join_request (
    room_id      bigint NOT NULL REFERENCES retro.room ON DELETE CASCADE,
    member_id    bigint NOT NULL REFERENCES retro.member ON DELETE CASCADE,
    requested_at timestamptz NOT NULL DEFAULT now(),
    decided_at   timestamptz,
    decision     text CHECK (decision IN ('APPROVED', 'DECLINED')),
    PRIMARY KEY (room_id, member_id),
    CHECK ((decision IS NULL) = (decided_at IS NULL))
);
COMMENT ON TABLE retro.join_request IS
    'Wishes to come in through an expired link, for the owner to decide. Withdrawal: erased.';

CREATE INDEX join_request_of_member ON retro.join_request (member_id);
CREATE INDEX join_request_open ON retro.join_request (room_id, requested_at) WHERE decided_at IS NULL;

-- What happened in a room, numbered without gaps by the statement that made it happen.
-- No event about answers names a member: a CHECK, not a habit.
CREATE TABLE retro.room_event (
    room_id       bigint NOT NULL REFERENCES retro.room ON DELETE CASCADE,
    seq           bigint NOT NULL CHECK (seq >= 1),
    kind          text NOT NULL,
    member_id     bigint REFERENCES retro.member ON DELETE SET NULL,
    retrospect_id bigint,
    happened_at   timestamptz NOT NULL DEFAULT now(), -- of the day only where answers can be nameless
    PRIMARY KEY (room_id, seq),
    CONSTRAINT room_event_kind_known CHECK (kind IN (
        'ROOM_CREATED', 'ROOM_CLOSED', 'OWNER_CHANGED', 'MEMBER_JOINED', 'MEMBER_LEFT',
        'RETROSPECT_CREATED', 'PARTICIPANT_JOINED', 'PARTICIPANT_LEFT', 'ANSWERS_SUBMITTED', 'ANSWERS_TAKEN_BACK')),
    CONSTRAINT room_event_answers_name_nobody
        CHECK (member_id IS NULL OR kind NOT IN ('ANSWERS_SUBMITTED', 'ANSWERS_TAKEN_BACK'))
);
COMMENT ON TABLE retro.room_event IS 'History of a room. Withdrawal: unlinked (member_id becomes null).';

CREATE INDEX room_event_of_member ON retro.room_event (member_id) WHERE member_id IS NOT NULL;

GRANT SELECT ON retro.plan, retro.member_plan TO moalog_app;
GRANT SELECT, INSERT, UPDATE ON retro.room, retro.room_counter TO moalog_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON retro.room_member TO moalog_app;
GRANT SELECT, INSERT ON retro.invite, retro.room_event TO moalog_app;
GRANT UPDATE (superseded_at) ON retro.invite TO moalog_app;
GRANT EXECUTE ON FUNCTION retro.room_members_max(bigint) TO moalog_app;

-- Formats of retrospects and their questions.
--
-- Versioned and never edited: a changed format is a new version, and a retrospect keeps a copy of the questions it
-- was made with, so that no edit ever touches an answer. Five formats are built in; a room may define its own.

CREATE TABLE retro.format (
    format_id   bigint PRIMARY KEY DEFAULT retro.next_id(),
    room_id     bigint REFERENCES retro.room ON DELETE CASCADE, -- NULL: built in
    code        text UNIQUE CHECK (char_length(code) BETWEEN 1 AND 20),
    created_at  timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz,
    CONSTRAINT format_built_in_has_code CHECK ((room_id IS NULL) = (code IS NOT NULL))
);
COMMENT ON TABLE retro.format IS 'Formats. No personal data. Withdrawal: untouched.';

CREATE INDEX format_of_room ON retro.format (room_id, format_id) WHERE room_id IS NOT NULL;

CREATE TABLE retro.format_version (
    format_id  bigint NOT NULL REFERENCES retro.format ON DELETE CASCADE,
    version    integer NOT NULL CHECK (version >= 1),
    title_ko   text CHECK (char_length(title_ko) BETWEEN 1 AND 40),
    title_en   text CHECK (char_length(title_en) BETWEEN 1 AND 40),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (format_id, version),
    CHECK (num_nonnulls(title_ko, title_en) >= 1)
);
COMMENT ON TABLE retro.format_version IS 'Versions of formats. No personal data. Withdrawal: untouched.';

CREATE TABLE retro.format_question (
    format_id bigint NOT NULL,
    version   integer NOT NULL,
    number    smallint NOT NULL CHECK (number BETWEEN 1 AND 10),
    text_ko   text CHECK (char_length(text_ko) BETWEEN 1 AND 200),
    text_en   text CHECK (char_length(text_en) BETWEEN 1 AND 200),
    PRIMARY KEY (format_id, version, number),
    FOREIGN KEY (format_id, version) REFERENCES retro.format_version ON DELETE CASCADE,
    CHECK (num_nonnulls(text_ko, text_en) >= 1)
);
COMMENT ON TABLE retro.format_question IS 'Questions of formats. No personal data. Withdrawal: untouched.';

-- Ids below 1,000 are never handed out by next_id().
INSERT INTO retro.format (format_id, code)
VALUES (1, 'KPT'), (2, 'FOUR_L'), (3, 'FIVE_F'), (4, 'PMI'), (5, 'FREE');

INSERT INTO retro.format_version (format_id, version, title_ko, title_en)
VALUES
    (1, 1, 'KPT', 'KPT'),
    (2, 1, '4L', '4L'),
    (3, 1, '5F', '5F'),
    (4, 1, 'PMI', 'PMI'),
    (5, 1, '자유 회고', 'Free form');

INSERT INTO retro.format_question (format_id, version, number, text_ko, text_en)
VALUES
    (1, 1, 1, '앞으로도 이어 가고 싶은 점은 무엇인가요?', 'What went well and should be kept?'),
    (1, 1, 2, '아쉬웠거나 문제라고 느낀 점은 무엇인가요?', 'What was a problem?'),
    (1, 1, 3, '다음에는 무엇을 시도해 보고 싶나요?', 'What should we try next?'),
    (1, 1, 4, '함께하면서 어떤 감정을 느꼈나요?', 'How did it feel along the way?'),
    (1, 1, 5, '더 나누고 싶은 이야기가 있나요?', 'Is there anything else to share?'),
    (2, 1, 1, '이번에 좋았던 점은 무엇인가요?', 'What did you like?'),
    (2, 1, 2, '새롭게 배운 점은 무엇인가요?', 'What did you learn?'),
    (2, 1, 3, '부족하다고 느낀 점은 무엇인가요?', 'What was lacking?'),
    (2, 1, 4, '있었으면 하고 바란 점은 무엇인가요?', 'What did you long for?'),
    (2, 1, 5, '더 나누고 싶은 이야기가 있나요?', 'Is there anything else to share?'),
    (3, 1, 1, '어떤 일이 있었나요? 사실만 적어 주세요.', 'What happened? Facts only.'),
    (3, 1, 2, '그때 어떤 감정을 느꼈나요?', 'How did you feel about it?'),
    (3, 1, 3, '그 일에서 무엇을 알게 되었나요?', 'What did you find out?'),
    (3, 1, 4, '앞으로 무엇을 다르게 해 보고 싶나요?', 'What will you do in the future?'),
    (3, 1, 5, '동료에게 전하고 싶은 피드백이 있나요?', 'What feedback do you have for the team?'),
    (4, 1, 1, '긍정적이었던 점은 무엇인가요?', 'What was a plus?'),
    (4, 1, 2, '부정적이었던 점은 무엇인가요?', 'What was a minus?'),
    (4, 1, 3, '흥미로웠던 점은 무엇인가요?', 'What was interesting?'),
    (4, 1, 4, '함께하면서 어떤 감정을 느꼈나요?', 'How did it feel along the way?'),
    (4, 1, 5, '더 나누고 싶은 이야기가 있나요?', 'Is there anything else to share?'),
    (5, 1, 1, '가장 기억에 남는 순간은 언제인가요?', 'Which moment do you remember most?'),
    (5, 1, 2, '이번 일을 하며 어떤 생각을 했나요?', 'What thoughts did this work bring up?'),
    (5, 1, 3, '더 좋아질 수 있는 점은 무엇인가요?', 'What could be better?'),
    (5, 1, 4, '팀에 전하고 싶은 말은 무엇인가요?', 'What would you like to tell the team?'),
    (5, 1, 5, '더 나누고 싶은 이야기가 있나요?', 'Is there anything else to share?');

GRANT SELECT ON retro.format, retro.format_version, retro.format_question TO moalog_app;
