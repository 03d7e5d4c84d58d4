-- Payments that were captured or refunded in [$2, $3), times in UTC, by id after $4.
SELECT pay.reconcile_page($1, $2::timestamp AT TIME ZONE 'UTC', $3::timestamp AT TIME ZONE 'UTC', $4,
                          $5::bigint::integer)::text
