-- $1 session, $2 device, $3 hash of the refresh token, $4 lifetime in seconds, $5 ticket, $6 idempotency key.
-- Holds: only who knows ticket and key of the first request gets a sign-in of its member.
INSERT INTO retro.session (id, member_id, device, current_sha256, expires_at)
SELECT $1, ticket.member_id, $2, $3, now() + $4::bigint * interval '1 second'
  FROM retro.signup_ticket AS ticket
  JOIN retro.member AS m ON m.id = ticket.member_id AND m.withdrawn_at IS NULL
 WHERE ticket.jti = $5 AND ticket.key = $6
RETURNING member_id;
