-- $1 session, $2 device, $3 hash of the refresh token, $4 lifetime in seconds, $5 ticket, $6 idempotency key,
-- $7 end of the ticket in seconds since 1970, $8 nickname, $9 provider, $10 subject, $11 e-mail.
-- Holds: signup_ticket_pkey lets a ticket be used once; identity_pkey makes one member per subject; all or nothing.
WITH fresh AS MATERIALIZED (
    SELECT retro.next_id() AS id
), made AS (
    INSERT INTO retro.member (id, nickname, email) SELECT id, $8, $11 FROM fresh
    RETURNING id
), ticket AS (
    INSERT INTO retro.signup_ticket (jti, member_id, key, expires_at)
    SELECT $5, id, $6, to_timestamp($7::bigint) FROM made
), linked AS (
    INSERT INTO retro.identity (provider, subject, member_id) SELECT $9, $10, id FROM made
)
INSERT INTO retro.session (id, member_id, device, current_sha256, expires_at)
SELECT $1, id, $2, $3, now() + $4::bigint * interval '1 second' FROM made
RETURNING member_id;
