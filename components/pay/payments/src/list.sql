-- One page, newest first, of one state or of all, made in [from, to).
SELECT pay.payments($1, $2, $3::timestamp AT TIME ZONE 'UTC', $4::timestamp AT TIME ZONE 'UTC', $5, $6,
                    $7::bigint::integer)::text
