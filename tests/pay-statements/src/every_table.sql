-- A row in every table of tenants, for the tenant that is set, after the scenes have made payments, refunds, orders
-- and credits. A table that is added later belongs here: the test of probes fails as long as it has no row.
DO $$
DECLARE
    t bigint := current_setting('app.tenant_id')::bigint;
    the_order bigint := (SELECT min(order_id) FROM pay.customer_order);
    the_payment bigint := (SELECT min(payment_id) FROM pay.payment WHERE captured > 0);
    the_refund bigint := (SELECT min(refund_id) FROM pay.refund);
    made bigint;
BEGIN
    PERFORM pay.make_key(t, 'MERCHANT');
    PERFORM pay.admit((SELECT key_id FROM pay.api_key), 'nonce-of-16-chars', extract(epoch FROM now())::bigint + 60);
    INSERT INTO pay.checkout_session (tenant_id, order_id, provider, expires_at) VALUES (t, the_order, 'toss', now());
    INSERT INTO pay.settlement_request (tenant_id, payment_id) VALUES (t, the_payment);
    INSERT INTO pay.inbox (tenant_id, consumer, event_id) VALUES (t, 'ledger', gen_random_uuid());
    INSERT INTO pay.dead_letter (tenant_id, original_topic, payload, error_type, error_message, attempts)
    VALUES (t, 'payment.captured', '{}', 'Poison', 'unreadable', 3);
    INSERT INTO pay.saga_instance (tenant_id, kind, order_id) VALUES (t, 'activate', the_order)
    RETURNING saga_id INTO made;
    INSERT INTO pay.saga_step (tenant_id, saga_id, step_no, name, state) VALUES (t, made, 1, 'authorize', 'STARTED');
    INSERT INTO pay.subscription_plan (tenant_id, plan_code, amount, currency, period) VALUES (t, 'PRO', 9900, 'KRW', 'MONTH');
    INSERT INTO pay.subscription (tenant_id, user_id, plan_code, state, period_start, period_end)
    VALUES (t, 'user-1', 'PRO', 'ACTIVE', now(), now() + interval '1 month') RETURNING subscription_id INTO made;
    INSERT INTO pay.subscription_history (tenant_id, subscription_id, seq, to_state, cause, actor)
    VALUES (t, made, 1, 'ACTIVE', 'paid', 'test');
    PERFORM pay.store_webhook(t, 'toss', 'first', 'PAYMENT_STATUS_CHANGED', the_payment, '{}', now());
    INSERT INTO pay.webhook_endpoint (tenant_id, url, event_types) VALUES (t, 'https://merchant.test/hook', '{payment.captured}')
    RETURNING endpoint_id INTO made;
    INSERT INTO pay.webhook_out (tenant_id, endpoint_id, event_id, event_type, payload)
    VALUES (t, made, gen_random_uuid(), 'payment.captured', '{}') RETURNING message_id INTO made;
    INSERT INTO pay.webhook_delivery (tenant_id, message_id, attempt, status, duration_ms) VALUES (t, made, 1, 200, 5);
    SELECT file_id INTO made FROM pay.begin_settlement_file(t, 'toss', 'a.csv', sha256('a'), 1, 'test');
    PERFORM pay.add_settlement_rows(t, made, '{1}', '{nothing}', '{pk}', '{PAYMENT}', '{KRW}', '{5}', '{0}', '{2026-01-01}');
    INSERT INTO pay.settlement_batch (tenant_id, day, currency, captures, refunds, captured, refunded, fees, created_by)
    VALUES (t, '2026-01-01', 'KRW', 1, 0, 15000, 0, 300, 'test') RETURNING batch_id INTO made;
    INSERT INTO pay.settlement_item (tenant_id, batch_id, item_id, kind, payment_id, refund_id, amount, fee, occurred_at)
    VALUES (t, made, 1, 'REFUND', the_payment, the_refund, 5, 0, now());
END
$$;
