-- A payment, its two ledger lines and its outbox row, all or none. $1 = order id, unique; $2 = amount > 0.
-- The two lines of a payment add up to zero.
WITH payment AS (
    INSERT INTO bench.payment (order_id, amount, currency)
    VALUES ($1, $2::bigint, 'KRW')
    RETURNING id, amount
), lines AS (
    INSERT INTO bench.ledger_line (payment_id, account, amount)
    SELECT id, 'merchant', amount FROM payment
    UNION ALL
    SELECT id, 'provider', -amount FROM payment
), announced AS (
    INSERT INTO bench.outbox (kind, payload)
    SELECT 'payment.captured', jsonb_build_object('paymentId', id, 'amount', amount) FROM payment
)
SELECT id FROM payment
