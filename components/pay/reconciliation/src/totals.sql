-- The sums of payments and ledger in [$2, $3), times in UTC.
SELECT pay.reconcile_totals($1, $2::timestamp AT TIME ZONE 'UTC', $3::timestamp AT TIME ZONE 'UTC')::text
