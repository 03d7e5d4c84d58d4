-- All charges in one row: how many, per currency, and the orders that were charged more than once.
WITH charged AS (
    SELECT * FROM payment_provider_1.charge
    WHERE approved_ms IS NOT NULL AND ($1::text IS NULL OR merchant = $1)
),
per_currency AS (
    SELECT currency, count(*) AS charges, sum(balance)::bigint AS balance,
        coalesce(sum(balance) FILTER (WHERE captured_ms IS NOT NULL), 0)::bigint AS taken
    FROM charged GROUP BY currency
),
doubled AS (
    SELECT order_id, count(*) AS charges FROM charged WHERE status <> 'CANCELED' GROUP BY order_id HAVING count(*) > 1
)
SELECT jsonb_build_object(
    'charges', (SELECT count(*) FROM charged),
    'currencies', coalesce((SELECT jsonb_agg(to_jsonb(p) ORDER BY p.currency) FROM per_currency AS p), '[]'),
    'doubledOrders', (SELECT count(*) FROM doubled),
    'doubled', coalesce((
        SELECT jsonb_agg(jsonb_build_object('orderId', d.order_id, 'charges', d.charges))
        FROM (SELECT * FROM doubled ORDER BY order_id LIMIT 100) AS d
    ), '[]')
)::text
