-- What the payment provider does, one function per call. One statement, after tables.sql, under the same lock.
DO $make$
BEGIN
PERFORM pg_advisory_xact_lock(6148914691236517);

CREATE OR REPLACE FUNCTION payment_provider_1.now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';

-- What happens to one operation, and how long it takes: a script, else what the merchant's name asks for, else chance
-- under the seed. A fault whose name begins with once- happens to an order's operation once.
CREATE OR REPLACE FUNCTION payment_provider_1.decide(
    p_order text, p_merchant text, p_operation text, p_case text, OUT happens text, OUT delay_ms integer
) LANGUAGE plpgsql AS $body$
DECLARE
    v_setting payment_provider_1.setting;
    v_roll bigint;
    v_first boolean := p_operation IN ('authorize', 'confirm');
    v_min integer;
    v_max integer;
    v_errors integer;
BEGIN
    SELECT * INTO v_setting FROM payment_provider_1.setting;
    v_roll := hashtextextended(p_operation || ':' || p_order, v_setting.seed);
    IF v_first THEN
        v_min := v_setting.delay_ms_min;
        v_max := v_setting.delay_ms_max;
        v_errors := v_setting.errors_per_million;
    ELSE
        v_min := v_setting.settle_ms_min;
        v_max := v_setting.settle_ms_max;
        v_errors := v_setting.settle_errors_per_million;
    END IF;
    delay_ms := v_min + (v_roll & 1048575) % (v_max - v_min + 1);
    happens := p_case;
    IF v_setting.scripts <> '{}' THEN
        happens := coalesce(
            v_setting.scripts ->> (p_order || '/' || p_operation),
            v_setting.scripts ->> (p_merchant || '/' || p_operation),
            CASE WHEN v_first THEN coalesce(v_setting.scripts ->> p_order, v_setting.scripts ->> p_merchant) END,
            p_case);
    END IF;
    IF happens IS NULL AND v_errors > 0 AND ((v_roll >> 20) & 2147483647) % 1000000 < v_errors THEN
        happens := (ARRAY['decline', 'once-500-before', 'once-500-after', 'once-drop-after'])
            [1 + ((v_roll >> 52) & 3)::integer];
    END IF;
    IF happens LIKE 'once-%' THEN
        INSERT INTO payment_provider_1.fault VALUES (p_order, p_operation, happens) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            happens := NULL;
        END IF;
    END IF;
END
$body$;

-- Whether a case ends an operation before it has an effect.
CREATE OR REPLACE FUNCTION payment_provider_1.is_before(p_case text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
    $body$SELECT coalesce(p_case LIKE '%-before' OR p_case IN ('down', 'once-retry-later', 'once-late'), false)$body$;

-- Two-step authorization: the money is held, not taken. The hot path: one insert, nothing looked up.
CREATE OR REPLACE FUNCTION payment_provider_1.authorize(
    p_order text, p_key text, p_amount bigint, p_currency text, p_method text, p_merchant text, p_name text,
    p_case text
) RETURNS payment_provider_1.answer LANGUAGE plpgsql AS $body$
DECLARE
    v_answer payment_provider_1.answer;
    v_charge payment_provider_1.charge;
    v_now bigint := payment_provider_1.now_ms();
    v_declined boolean;
BEGIN
    -- What was answered survives a kill of the server, whatever the server's own setting is.
    PERFORM set_config('synchronous_commit', 'on', true);
    SELECT d.happens, d.delay_ms INTO v_answer.happens, v_answer.delay_ms
        FROM payment_provider_1.decide(p_order, p_merchant, 'authorize', p_case) AS d;
    v_answer.replayed := false;
    IF payment_provider_1.is_before(v_answer.happens) THEN
        RETURN v_answer;
    END IF;
    v_declined := coalesce(v_answer.happens LIKE 'decline%', false);
    INSERT INTO payment_provider_1.charge (
        order_id, idempotency_key, order_name, merchant, method, currency, amount, balance, status, failure,
        told_order_id, told_currency, told_amount, created_ms, approved_ms
    ) VALUES (
        p_order, p_key, p_name, p_merchant, p_method, p_currency, p_amount,
        CASE WHEN v_declined THEN 0 ELSE p_amount END,
        CASE WHEN v_declined THEN 'ABORTED' ELSE 'DONE' END,
        CASE WHEN v_declined THEN v_answer.happens END,
        CASE WHEN v_answer.happens = 'echo-order' THEN p_order || '-other' END,
        CASE WHEN v_answer.happens = 'echo-currency' THEN CASE p_currency WHEN 'USD' THEN 'KRW' ELSE 'USD' END END,
        CASE WHEN v_answer.happens = 'echo-amount' THEN p_amount + 1 END,
        v_now, CASE WHEN NOT v_declined THEN v_now END
    )
    ON CONFLICT (order_id, idempotency_key) DO NOTHING
    RETURNING * INTO v_charge;
    IF NOT FOUND THEN
        SELECT * INTO v_charge FROM payment_provider_1.charge
            WHERE order_id = p_order AND idempotency_key = p_key;
        v_answer.replayed := true;
        v_answer.happens := NULL;
        IF v_charge.amount <> p_amount OR v_charge.currency <> p_currency THEN
            v_answer.refusal := 'INVALID_REQUEST';
        END IF;
    END IF;
    v_answer.charge := v_charge;
    RETURN v_answer;
END
$body$;

-- Stands for the customer in the provider's window: leaves a payment that can be confirmed once.
CREATE OR REPLACE FUNCTION payment_provider_1.checkout(
    p_order text, p_amount bigint, p_currency text, p_method text, p_merchant text, p_name text
) RETURNS payment_provider_1.charge LANGUAGE sql AS $body$
    INSERT INTO payment_provider_1.charge (
        order_id, order_name, merchant, method, currency, amount, balance, status, created_ms
    ) VALUES (
        p_order, p_name, p_merchant, p_method, p_currency, p_amount, p_amount, 'IN_PROGRESS',
        payment_provider_1.now_ms()
    )
    RETURNING *
$body$;

-- Approves and takes the money of a checkout in one step.
CREATE OR REPLACE FUNCTION payment_provider_1.confirm(
    p_charge bigint, p_secret uuid, p_key text, p_order text, p_amount bigint, p_case text
) RETURNS payment_provider_1.answer LANGUAGE plpgsql AS $body$
DECLARE
    v_answer payment_provider_1.answer;
    v_charge payment_provider_1.charge;
    v_now bigint := payment_provider_1.now_ms();
BEGIN
    PERFORM set_config('synchronous_commit', 'on', true);
    v_answer.replayed := false;
    v_answer.delay_ms := 0;
    SELECT * INTO v_charge FROM payment_provider_1.charge
        WHERE charge_id = p_charge AND secret = p_secret FOR UPDATE;
    IF NOT FOUND THEN
        v_answer.refusal := 'NOT_FOUND_PAYMENT_SESSION';
        RETURN v_answer;
    END IF;
    v_answer.charge := v_charge;
    IF v_charge.status <> 'IN_PROGRESS' THEN
        IF v_charge.idempotency_key = p_key THEN
            v_answer.replayed := true;
        ELSE
            v_answer.refusal := 'ALREADY_PROCESSED_PAYMENT';
        END IF;
        RETURN v_answer;
    END IF;
    IF v_charge.order_id <> p_order OR v_charge.amount <> p_amount THEN
        v_answer.refusal := 'INVALID_REQUEST';
        RETURN v_answer;
    END IF;
    SELECT d.happens, d.delay_ms INTO v_answer.happens, v_answer.delay_ms
        FROM payment_provider_1.decide(p_order, v_charge.merchant, 'confirm', p_case) AS d;
    IF payment_provider_1.is_before(v_answer.happens) THEN
        RETURN v_answer;
    END IF;
    UPDATE payment_provider_1.charge SET
        idempotency_key = p_key,
        status = CASE WHEN v_answer.happens LIKE 'decline%' THEN 'ABORTED' ELSE 'DONE' END,
        failure = CASE WHEN v_answer.happens LIKE 'decline%' THEN v_answer.happens END,
        balance = CASE WHEN v_answer.happens LIKE 'decline%' THEN 0 ELSE amount END,
        told_order_id = CASE WHEN v_answer.happens = 'echo-order' THEN p_order || '-other' END,
        told_currency = CASE WHEN v_answer.happens = 'echo-currency'
            THEN CASE currency WHEN 'USD' THEN 'KRW' ELSE 'USD' END END,
        told_amount = CASE WHEN v_answer.happens = 'echo-amount' THEN amount + 1 END,
        approved_ms = CASE WHEN v_answer.happens LIKE 'decline%' THEN NULL ELSE v_now END,
        captured_ms = CASE WHEN v_answer.happens LIKE 'decline%' THEN NULL ELSE v_now END
        WHERE charge_id = p_charge
        RETURNING * INTO v_charge;
    v_answer.charge := v_charge;
    RETURN v_answer;
END
$body$;

-- Takes the money of an authorization.
CREATE OR REPLACE FUNCTION payment_provider_1.capture(p_charge bigint, p_secret uuid, p_key text, p_case text)
RETURNS payment_provider_1.answer LANGUAGE plpgsql AS $body$
DECLARE
    v_answer payment_provider_1.answer;
    v_charge payment_provider_1.charge;
BEGIN
    PERFORM set_config('synchronous_commit', 'on', true);
    v_answer.replayed := false;
    v_answer.delay_ms := 0;
    SELECT * INTO v_charge FROM payment_provider_1.charge
        WHERE charge_id = p_charge AND secret = p_secret FOR UPDATE;
    IF NOT FOUND THEN
        v_answer.refusal := 'NOT_FOUND_PAYMENT';
        RETURN v_answer;
    END IF;
    v_answer.charge := v_charge;
    IF v_charge.captured_ms IS NOT NULL AND v_charge.capture_key = p_key THEN
        v_answer.replayed := true;
        RETURN v_answer;
    END IF;
    IF v_charge.captured_ms IS NOT NULL OR v_charge.status <> 'DONE' THEN
        v_answer.refusal := 'ALREADY_PROCESSED_PAYMENT';
        RETURN v_answer;
    END IF;
    SELECT d.happens, d.delay_ms INTO v_answer.happens, v_answer.delay_ms
        FROM payment_provider_1.decide(v_charge.order_id, v_charge.merchant, 'capture', p_case) AS d;
    IF payment_provider_1.is_before(v_answer.happens) OR v_answer.happens LIKE 'decline%' THEN
        RETURN v_answer;
    END IF;
    UPDATE payment_provider_1.charge SET captured_ms = payment_provider_1.now_ms(), capture_key = p_key
        WHERE charge_id = p_charge
        RETURNING * INTO v_charge;
    v_answer.charge := v_charge;
    RETURN v_answer;
END
$body$;

-- Gives back all of the balance, or a part of what was taken.
CREATE OR REPLACE FUNCTION payment_provider_1.cancel(
    p_charge bigint, p_secret uuid, p_key text, p_amount bigint, p_reason text, p_case text
) RETURNS payment_provider_1.answer LANGUAGE plpgsql AS $body$
DECLARE
    v_answer payment_provider_1.answer;
    v_charge payment_provider_1.charge;
    v_amount bigint;
BEGIN
    PERFORM set_config('synchronous_commit', 'on', true);
    v_answer.replayed := false;
    v_answer.delay_ms := 0;
    SELECT * INTO v_charge FROM payment_provider_1.charge
        WHERE charge_id = p_charge AND secret = p_secret FOR UPDATE;
    IF NOT FOUND THEN
        v_answer.refusal := 'NOT_FOUND_PAYMENT';
        RETURN v_answer;
    END IF;
    v_answer.charge := v_charge;
    SELECT number INTO v_answer.cancel_number FROM payment_provider_1.cancel
        WHERE charge_id = p_charge AND idempotency_key = p_key;
    IF FOUND THEN
        v_answer.replayed := true;
        RETURN v_answer;
    END IF;
    v_amount := coalesce(p_amount, v_charge.balance);
    v_answer.refusal := CASE
        WHEN v_charge.status = 'CANCELED' THEN 'ALREADY_CANCELED_PAYMENT'
        WHEN v_charge.status NOT IN ('DONE', 'PARTIAL_CANCELED') THEN 'NOT_CANCELABLE_PAYMENT'
        WHEN v_amount > v_charge.balance THEN 'NOT_CANCELABLE_AMOUNT'
        WHEN v_charge.captured_ms IS NULL AND v_amount < v_charge.amount THEN 'NOT_ALLOWED_PARTIAL_REFUND'
    END;
    IF v_answer.refusal IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    SELECT d.happens, d.delay_ms INTO v_answer.happens, v_answer.delay_ms
        FROM payment_provider_1.decide(v_charge.order_id, v_charge.merchant, 'cancel', p_case) AS d;
    IF payment_provider_1.is_before(v_answer.happens) OR v_answer.happens LIKE 'decline%' THEN
        RETURN v_answer;
    END IF;
    INSERT INTO payment_provider_1.cancel
        SELECT p_charge, coalesce(max(number), 0) + 1, p_key, v_amount, v_charge.balance - v_amount, p_reason,
            payment_provider_1.now_ms()
        FROM payment_provider_1.cancel WHERE charge_id = p_charge
        RETURNING number INTO v_answer.cancel_number;
    UPDATE payment_provider_1.charge SET
        balance = balance - v_amount,
        status = CASE WHEN balance = v_amount THEN 'CANCELED' ELSE 'PARTIAL_CANCELED' END
        WHERE charge_id = p_charge
        RETURNING * INTO v_charge;
    v_answer.charge := v_charge;
    RETURN v_answer;
END
$body$;
END
$make$
