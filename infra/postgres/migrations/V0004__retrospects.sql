-- Retrospects: questions, participants, drafts, answers, likes, comments, actions.
--
-- Anonymity. An answer carries its author (response.participant_id) only when it is a named one. The author of a
-- nameless one stands in response_author alone: the application may insert there and nothing else; it is read by two
-- functions (taking back, withdrawal; next migration) that hand out no author. Ids of all answers are random, so that
-- neither an id nor a place in a list tells who or when; an answer has no time.

CREATE TABLE retro.retrospect (
    room_id        bigint NOT NULL REFERENCES retro.room ON DELETE CASCADE,
    retrospect_id  bigint NOT NULL DEFAULT retro.next_id(),
    creator_id     bigint REFERENCES retro.member ON DELETE SET NULL,
    title          text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 20),
    format_id      bigint NOT NULL,
    format_version integer NOT NULL,
    identity_mode  text NOT NULL DEFAULT 'NAMED' CHECK (identity_mode IN ('NAMED', 'ANONYMOUS', 'AUTHOR_CHOOSES')),
    starts_at      timestamptz NOT NULL,
    reveal_at      timestamptz, -- others' answers are in no payload before; NULL: in sight at once
    closed_at      timestamptz, -- NULL: open
    analysed_at    timestamptz, -- first analysis; from then on nothing is taken back
    follows_id     bigint,      -- the one before, of a series
    created_at     timestamptz NOT NULL DEFAULT now(),
    deleted_at     timestamptz,
    PRIMARY KEY (room_id, retrospect_id),
    FOREIGN KEY (format_id, format_version) REFERENCES retro.format_version ON DELETE RESTRICT,
    FOREIGN KEY (room_id, follows_id) REFERENCES retro.retrospect (room_id, retrospect_id)
        ON DELETE SET NULL (follows_id)
);
COMMENT ON TABLE retro.retrospect IS 'Retrospects. Withdrawal: creator unlinked, the rest is the team''s.';

-- Paths name a retrospect without its room. The id is unique by the way it is made.
CREATE INDEX retrospect_by_id ON retro.retrospect (retrospect_id);
CREATE INDEX retrospect_of_room ON retro.retrospect (room_id, starts_at DESC, retrospect_id DESC)
    WHERE deleted_at IS NULL;
CREATE INDEX retrospect_of_creator ON retro.retrospect (creator_id) WHERE creator_id IS NOT NULL;
CREATE INDEX retrospect_of_format ON retro.retrospect (format_id, format_version);
CREATE INDEX retrospect_of_series ON retro.retrospect (room_id, follows_id) WHERE follows_id IS NOT NULL;

ALTER TABLE retro.room_event
    ADD FOREIGN KEY (room_id, retrospect_id) REFERENCES retro.retrospect ON DELETE CASCADE;
CREATE INDEX room_event_of_retrospect ON retro.room_event (room_id, retrospect_id) WHERE retrospect_id IS NOT NULL;

CREATE TABLE retro.retrospect_counter (
    room_id       bigint NOT NULL,
    retrospect_id bigint NOT NULL,
    participants  integer NOT NULL DEFAULT 0 CHECK (participants >= 0),
    submitted     integer NOT NULL DEFAULT 0 CHECK (submitted BETWEEN 0 AND participants),
    likes         integer NOT NULL DEFAULT 0 CHECK (likes >= 0),
    comments      integer NOT NULL DEFAULT 0 CHECK (comments >= 0),
    PRIMARY KEY (room_id, retrospect_id),
    FOREIGN KEY (room_id, retrospect_id) REFERENCES retro.retrospect ON DELETE CASCADE
) WITH (fillfactor = 50);
COMMENT ON TABLE retro.retrospect_counter IS
    'Numbers that lists show, kept by the statements that change them. Withdrawal: likes go down.';

CREATE TABLE retro.retrospect_question (
    room_id       bigint NOT NULL,
    retrospect_id bigint NOT NULL,
    number        smallint NOT NULL CHECK (number BETWEEN 1 AND 10),
    text_ko       text CHECK (char_length(text_ko) BETWEEN 1 AND 200),
    text_en       text CHECK (char_length(text_en) BETWEEN 1 AND 200),
    PRIMARY KEY (room_id, retrospect_id, number),
    FOREIGN KEY (room_id, retrospect_id) REFERENCES retro.retrospect ON DELETE CASCADE,
    CHECK (num_nonnulls(text_ko, text_en) >= 1)
);
COMMENT ON TABLE retro.retrospect_question IS
    'A retrospect''s own copy of its questions. No personal data. Withdrawal: untouched.';

CREATE TABLE retro.retrospect_reference (
    room_id       bigint NOT NULL,
    retrospect_id bigint NOT NULL,
    place         smallint NOT NULL CHECK (place BETWEEN 1 AND 10),
    url           text NOT NULL CHECK (octet_length(url) <= 2048 AND url ~ '^https?://'),
    PRIMARY KEY (room_id, retrospect_id, place),
    CONSTRAINT retrospect_reference_once UNIQUE (room_id, retrospect_id, url),
    FOREIGN KEY (room_id, retrospect_id) REFERENCES retro.retrospect ON DELETE CASCADE
);
COMMENT ON TABLE retro.retrospect_reference IS
    'Links a retrospect is about. Withdrawal: untouched, they are the team''s.';

-- Who takes part. Answers hang on the participant, not on the member: a guest has no account, a withdrawn member is
-- unlinked (kind WITHDRAWN) while named answers stay under a stand-in name.
CREATE TABLE retro.participant (
    room_id        bigint NOT NULL,
    participant_id bigint NOT NULL DEFAULT retro.next_id(),
    retrospect_id  bigint NOT NULL,
    kind           text NOT NULL DEFAULT 'MEMBER' CHECK (kind IN ('MEMBER', 'GUEST', 'WITHDRAWN')),
    member_id      bigint REFERENCES retro.member ON DELETE RESTRICT,
    guest_name     text CHECK (char_length(guest_name) BETWEEN 1 AND 20),
    joined_at      timestamptz NOT NULL DEFAULT now(),
    draft_version  integer NOT NULL DEFAULT 0 CHECK (draft_version >= 0), -- saves so far; never goes back
    draft_saved_at timestamptz,
    submitted_at   timestamptz, -- NULL: has not submitted, or took it back
    PRIMARY KEY (room_id, participant_id),
    CONSTRAINT participant_once UNIQUE (room_id, retrospect_id, member_id),
    CONSTRAINT participant_of_retrospect UNIQUE (room_id, retrospect_id, participant_id),
    FOREIGN KEY (room_id, retrospect_id) REFERENCES retro.retrospect ON DELETE CASCADE,
    CHECK ((kind = 'MEMBER') = (member_id IS NOT NULL)),
    CHECK ((kind = 'GUEST') = (guest_name IS NOT NULL))
);
COMMENT ON TABLE retro.participant IS
    'Who takes part. Withdrawal: unlinked where something was submitted, else erased.';

CREATE INDEX participant_of_member ON retro.participant (member_id) WHERE member_id IS NOT NULL;

-- Half-written answers, for their author alone; gone with the submission (as kept texts would tell whose answers
-- are), back when it is taken back. The version stands with the participant, whose row every save locks.
CREATE TABLE retro.draft_answer (
    room_id        bigint NOT NULL,
    participant_id bigint NOT NULL,
    retrospect_id  bigint NOT NULL,
    number         smallint NOT NULL,
    content        text NOT NULL CHECK (char_length(content) <= 1000),
    PRIMARY KEY (room_id, participant_id, number),
    FOREIGN KEY (room_id, retrospect_id, participant_id)
        REFERENCES retro.participant (room_id, retrospect_id, participant_id) ON DELETE CASCADE,
    CONSTRAINT draft_answer_question
        FOREIGN KEY (room_id, retrospect_id, number) REFERENCES retro.retrospect_question ON DELETE CASCADE
);
COMMENT ON TABLE retro.draft_answer IS 'Half-written answers. Withdrawal: erased.';

CREATE INDEX draft_answer_of_question ON retro.draft_answer (room_id, retrospect_id, number);

CREATE TABLE retro.response (
    room_id        bigint NOT NULL,
    response_id    bigint NOT NULL DEFAULT retro.random_id(),
    retrospect_id  bigint NOT NULL,
    number         smallint NOT NULL,
    content        text NOT NULL CHECK (char_length(content) BETWEEN 1 AND 1000),
    participant_id bigint, -- NULL: nameless
    kept_from_ai   boolean NOT NULL DEFAULT false,
    hidden_at      timestamptz,
    hidden_reason  text CHECK (char_length(hidden_reason) BETWEEN 1 AND 200),
    like_count     integer NOT NULL DEFAULT 0 CHECK (like_count >= 0),
    comment_count  integer NOT NULL DEFAULT 0 CHECK (comment_count >= 0),
    PRIMARY KEY (room_id, response_id),
    CONSTRAINT response_once UNIQUE (room_id, retrospect_id, number, participant_id),
    CONSTRAINT response_question
        FOREIGN KEY (room_id, retrospect_id, number) REFERENCES retro.retrospect_question ON DELETE CASCADE,
    FOREIGN KEY (room_id, retrospect_id, participant_id)
        REFERENCES retro.participant (room_id, retrospect_id, participant_id) ON DELETE CASCADE,
    CHECK ((hidden_at IS NULL) = (hidden_reason IS NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE retro.response IS
    'Submitted answers. Withdrawal: text kept; named ones belong to a WITHDRAWN participant, nameless ones lose their last link.';

-- Paths name an answer without its room.
CREATE UNIQUE INDEX response_by_id ON retro.response (response_id);
CREATE INDEX response_of_retrospect ON retro.response (room_id, retrospect_id, response_id);
CREATE INDEX response_of_question ON retro.response (room_id, retrospect_id, number, response_id);
CREATE INDEX response_of_participant ON retro.response (room_id, participant_id) WHERE participant_id IS NOT NULL;

-- The only link from a nameless answer to its author. No read path joins it: the application may insert, not select.
CREATE TABLE retro.response_author (
    room_id        bigint NOT NULL,
    response_id    bigint NOT NULL,
    participant_id bigint NOT NULL,
    PRIMARY KEY (room_id, response_id),
    FOREIGN KEY (room_id, response_id) REFERENCES retro.response ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (room_id, participant_id) REFERENCES retro.participant ON DELETE CASCADE
);
COMMENT ON TABLE retro.response_author IS 'Authors of nameless answers. Withdrawal: erased.';

CREATE INDEX response_author_of_participant ON retro.response_author (room_id, participant_id);

CREATE TABLE retro.response_like (
    room_id     bigint NOT NULL,
    response_id bigint NOT NULL,
    member_id   bigint NOT NULL REFERENCES retro.member ON DELETE CASCADE,
    PRIMARY KEY (room_id, response_id, member_id),
    FOREIGN KEY (room_id, response_id) REFERENCES retro.response ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE retro.response_like IS 'Likes. Withdrawal: erased, the counts go down.';

CREATE INDEX response_like_of_member ON retro.response_like (member_id);

-- member_id is NULL where comments are nameless; their link stands in comment_author, as with answers.
CREATE TABLE retro.comment (
    room_id     bigint NOT NULL,
    comment_id  bigint NOT NULL DEFAULT retro.random_id(),
    response_id bigint NOT NULL,
    member_id   bigint REFERENCES retro.member ON DELETE SET NULL,
    content     text NOT NULL CHECK (char_length(content) BETWEEN 1 AND 200),
    created_at  timestamptz NOT NULL DEFAULT now(), -- of the day only where comments are nameless
    edited_at   timestamptz,
    PRIMARY KEY (room_id, comment_id),
    FOREIGN KEY (room_id, response_id) REFERENCES retro.response ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE retro.comment IS 'Comments. Withdrawal: unlinked, text kept.';

CREATE UNIQUE INDEX comment_by_id ON retro.comment (comment_id);
CREATE INDEX comment_of_response ON retro.comment (room_id, response_id, created_at, comment_id);
CREATE INDEX comment_of_member ON retro.comment (member_id) WHERE member_id IS NOT NULL;

CREATE TABLE retro.comment_author (
    room_id    bigint NOT NULL,
    comment_id bigint NOT NULL,
    member_id  bigint NOT NULL REFERENCES retro.member ON DELETE CASCADE,
    PRIMARY KEY (room_id, comment_id),
    FOREIGN KEY (room_id, comment_id) REFERENCES retro.comment ON DELETE CASCADE
);
COMMENT ON TABLE retro.comment_author IS 'Authors of nameless comments. Withdrawal: erased.';

CREATE INDEX comment_author_of_member ON retro.comment_author (member_id);

CREATE TABLE retro.action (
    room_id            bigint NOT NULL REFERENCES retro.room ON DELETE CASCADE,
    action_id          bigint NOT NULL DEFAULT retro.next_id(),
    retrospect_id      bigint,
    source_response_id bigint,
    title              text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    owner_id           bigint REFERENCES retro.member ON DELETE SET NULL,
    due_on             date,
    status             text NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'DONE', 'DROPPED')),
    created_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (room_id, action_id),
    FOREIGN KEY (room_id, retrospect_id) REFERENCES retro.retrospect ON DELETE SET NULL (retrospect_id),
    FOREIGN KEY (room_id, source_response_id) REFERENCES retro.response
        ON UPDATE CASCADE ON DELETE SET NULL (source_response_id)
);
COMMENT ON TABLE retro.action IS
    'What a team resolved to do; open ones are listed by the next retrospect. Withdrawal: owner unlinked.';

CREATE INDEX action_open ON retro.action (room_id, due_on, action_id) WHERE status = 'OPEN';
CREATE INDEX action_of_retrospect ON retro.action (room_id, retrospect_id) WHERE retrospect_id IS NOT NULL;
CREATE INDEX action_of_response ON retro.action (room_id, source_response_id) WHERE source_response_id IS NOT NULL;
CREATE INDEX action_of_owner ON retro.action (owner_id) WHERE owner_id IS NOT NULL;

-- One line per change; the review of a later retrospect is a KEPT, DONE or DROPPED with that retrospect's id.
CREATE TABLE retro.action_history (
    room_id       bigint NOT NULL,
    action_id     bigint NOT NULL,
    seq           integer NOT NULL CHECK (seq >= 1),
    change        text NOT NULL CHECK (change IN ('CREATED', 'EDITED', 'KEPT', 'DONE', 'DROPPED', 'REOPENED')),
    retrospect_id bigint,
    happened_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (room_id, action_id, seq),
    FOREIGN KEY (room_id, action_id) REFERENCES retro.action ON DELETE CASCADE,
    FOREIGN KEY (room_id, retrospect_id) REFERENCES retro.retrospect ON DELETE SET NULL (retrospect_id)
);
COMMENT ON TABLE retro.action_history IS 'Changes of actions. No personal data. Withdrawal: untouched.';

CREATE INDEX action_history_of_retrospect ON retro.action_history (room_id, retrospect_id)
    WHERE retrospect_id IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON retro.retrospect, retro.retrospect_counter TO moalog_app;
GRANT SELECT, INSERT ON retro.retrospect_question, retro.retrospect_reference, retro.response TO moalog_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON retro.participant, retro.draft_answer TO moalog_app;
GRANT INSERT ON retro.response_author TO moalog_app;
