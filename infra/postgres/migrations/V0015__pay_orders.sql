-- Orders: made, given up, read.

CREATE FUNCTION pay.order_json(o pay.customer_order) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN jsonb_build_object(
        'orderId', o.order_id, 'userId', o.user_id, 'status', o.state, 'currency', o.currency,
        'totalAmount', o.total_amount, 'metadata', o.metadata, 'createdAt', o.created_at, 'updatedAt', o.updated_at,
        'paymentId', (SELECT p.payment_id FROM pay.payment AS p
                       WHERE p.tenant_id = o.tenant_id AND p.live_order_id = o.order_id),
        'lineItems', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                 'productId', l.product_id, 'productName', l.product_name, 'quantity', l.quantity,
                                 'unitPrice', l.unit_price) ORDER BY l.line_no), '[]')
                        FROM pay.order_line AS l
                       WHERE l.tenant_id = o.tenant_id AND l.order_id = o.order_id));
END
    $$;

CREATE FUNCTION pay.order_event(o pay.customer_order, p_type text, p_traceparent text) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
BEGIN
    INSERT INTO pay.outbox_event (tenant_id, aggregate_type, aggregate_id, aggregate_seq, event_type, payload,
                                  traceparent)
    VALUES (o.tenant_id, 'order', o.order_id, o.event_seq, p_type,
            jsonb_build_object('orderId', o.order_id, 'userId', o.user_id, 'status', o.state,
                               'totalAmount', o.total_amount, 'currency', o.currency),
            p_traceparent);
END
    $$;

CREATE FUNCTION pay.create_order(
    p_tenant bigint, p_endpoint text, p_key text, p_sha bytea, p_user text, p_currency text, p_total bigint,
    p_metadata text, p_product_ids text[], p_product_names text[], p_quantities bigint[], p_unit_prices bigint[],
    p_actor text, p_traceparent text) RETURNS pay.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    got pay.answer := pay.claim_key(p_tenant, p_endpoint, p_key, p_sha);
    o pay.customer_order;
    total numeric;
BEGIN
    IF got.outcome IS NOT NULL THEN
        RETURN got;
    END IF;
    SELECT sum(l.quantity::numeric * l.unit_price::numeric) INTO total
      FROM unnest(p_quantities, p_unit_prices) AS l (quantity, unit_price);
    IF total IS DISTINCT FROM p_total::numeric THEN
        got.outcome := 'TOTAL_DIFFERS';
        RETURN pay.settle_key(p_tenant, p_endpoint, p_key, got);
    END IF;
    INSERT INTO pay.customer_order (tenant_id, user_id, currency, total_amount, metadata, event_seq, created_by)
    VALUES (p_tenant, p_user, p_currency, p_total, p_metadata::jsonb, 1, p_actor) RETURNING * INTO o;
    INSERT INTO pay.order_line (tenant_id, order_id, line_no, product_id, product_name, quantity, unit_price)
    SELECT p_tenant, o.order_id, l.n, l.product_id, l.product_name, l.quantity, l.unit_price
      FROM unnest(p_product_ids, p_product_names, p_quantities, p_unit_prices)
           WITH ORDINALITY AS l (product_id, product_name, quantity, unit_price, n);
    PERFORM pay.order_event(o, 'order.created', p_traceparent);
    got.outcome := 'DONE';
    got.result := pay.order_json(o);
    RETURN pay.settle_key(p_tenant, p_endpoint, p_key, got);
END
    $$;

-- Gives an order up. A payment that was made and never begun goes with it; one that may hold money does not.
CREATE FUNCTION pay.cancel_order(
    p_tenant bigint, p_endpoint text, p_key text, p_sha bytea, p_order bigint, p_actor text, p_traceparent text)
    RETURNS pay.answer
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    got pay.answer := pay.claim_key(p_tenant, p_endpoint, p_key, p_sha);
    o pay.customer_order;
    p pay.payment;
BEGIN
    IF got.outcome IS NOT NULL THEN
        RETURN got;
    END IF;
    SELECT c.* INTO o FROM pay.customer_order AS c
     WHERE c.tenant_id = p_tenant AND c.order_id = p_order FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        got.outcome := 'NOT_FOUND';
        RETURN pay.settle_key(p_tenant, p_endpoint, p_key, got);
    END IF;
    SELECT c.* INTO p FROM pay.payment AS c
     WHERE c.tenant_id = p_tenant AND c.live_order_id = p_order FOR NO KEY UPDATE;
    got.outcome := CASE WHEN NOT pay.may_move_order(o.state, 'CANCELLED') THEN 'CONFLICT'
                        WHEN p.state <> 'REQUESTED' OR p.open_step IS NOT NULL THEN 'PAYMENT_LIVE'
                        ELSE 'DONE' END;
    IF got.outcome = 'DONE' THEN
        IF p.payment_id IS NOT NULL THEN
            UPDATE pay.payment AS c
               SET state = 'EXPIRED', version = c.version + 1, moves = c.moves + 1, event_seq = c.event_seq + 1,
                   updated_at = now()
             WHERE c.tenant_id = p_tenant AND c.payment_id = p.payment_id
            RETURNING c.* INTO p;
            PERFORM pay.move(p, ARRAY['EXPIRED'], true, 'order-cancelled', p_actor, NULL, '{}', NULL, NULL, NULL,
                             p_traceparent);
        END IF;
        UPDATE pay.customer_order AS c SET state = 'CANCELLED', event_seq = c.event_seq + 1, updated_at = now()
         WHERE c.tenant_id = p_tenant AND c.order_id = p_order RETURNING c.* INTO o;
        UPDATE pay.checkout_session AS s SET state = 'EXPIRE_REQUESTED'
         WHERE s.tenant_id = p_tenant AND s.order_id = p_order AND s.state = 'OPEN';
        PERFORM pay.order_event(o, 'order.cancelled', p_traceparent);
        got.result := pay.order_json(o);
    END IF;
    RETURN pay.settle_key(p_tenant, p_endpoint, p_key, got);
END
    $$;

CREATE FUNCTION pay.order_of(p_tenant bigint, p_order bigint) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    o pay.customer_order;
BEGIN
    SELECT c.* INTO o FROM pay.customer_order AS c WHERE c.tenant_id = p_tenant AND c.order_id = p_order;
    RETURN CASE WHEN FOUND THEN pay.order_json(o) END;
END
    $$;

-- Newest first; of a user, or of all. p_status narrows what is read in that order.
CREATE FUNCTION pay.orders(
    p_tenant bigint, p_user text, p_status text, p_from timestamptz, p_to timestamptz, p_after_sort bigint,
    p_after_id bigint, p_rows integer) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
    since timestamptz := coalesce(p_from, '-infinity');
    until timestamptz := coalesce(p_to, 'infinity');
    before timestamptz := coalesce(pay.at_micros(p_after_sort), 'infinity');
    before_id bigint := coalesce(p_after_id, 9223372036854775807);
    rows integer := least(greatest(p_rows, 1), 101);
    result jsonb;
BEGIN
    IF p_user IS NOT NULL THEN
        SELECT jsonb_agg(pay.order_json(c::pay.customer_order) || jsonb_build_object('cursorSort', pay.micros(c.created_at))
                         ORDER BY c.created_at DESC, c.order_id DESC) INTO result
          FROM (SELECT * FROM pay.customer_order AS o
                 WHERE o.tenant_id = p_tenant AND o.user_id = p_user AND o.created_at >= since
                   AND o.created_at < until AND (o.created_at, o.order_id) < (before, before_id)
                   AND (p_status IS NULL OR o.state = p_status)
                 ORDER BY o.created_at DESC, o.order_id DESC LIMIT rows) AS c;
    ELSE
        SELECT jsonb_agg(pay.order_json(c::pay.customer_order) || jsonb_build_object('cursorSort', pay.micros(c.created_at))
                         ORDER BY c.created_at DESC, c.order_id DESC) INTO result
          FROM (SELECT * FROM pay.customer_order AS o
                 WHERE o.tenant_id = p_tenant AND o.created_at >= since AND o.created_at < until
                   AND (o.created_at, o.order_id) < (before, before_id)
                   AND (p_status IS NULL OR o.state = p_status)
                 ORDER BY o.created_at DESC, o.order_id DESC LIMIT rows) AS c;
    END IF;
    RETURN coalesce(result, '[]');
END
    $$;
