-- Every row about a payment once more for each copy, under ids of its own, until there are at least p_wanted payments;
-- returns how many there are. For the schema's owner in a database of the benchmark's: guards rest meanwhile, foreign
-- keys are checked.
CREATE FUNCTION pg_temp.multiply(p_wanted bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    tables regclass[] := ARRAY['pay.payment', 'pay.payment_history', 'pay.provider_call', 'pay.ledger_transaction',
                               'pay.ledger_line', 'pay.outbox_event', 'pay.idempotency'];
    one regclass;
    names text;
    sources text;
    payments bigint;
    copies bigint;
    span bigint;
BEGIN
    FOREACH one IN ARRAY tables LOOP
        EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', one);
    END LOOP;
    -- Ids that sessions have taken in advance lie between the copies, too.
    SELECT count(*), (p_wanted - 1) / count(*), ((max(p.payment_id) - min(p.payment_id)) / 1024 + 1000000) * 1024
      INTO payments, copies, span FROM pay.payment AS p;
    FOREACH one IN ARRAY tables LOOP
        SELECT string_agg(quote_ident(c.attname), ', ' ORDER BY c.attnum),
               string_agg(CASE WHEN c.attname IN ('payment_id', 'subject_id', 'aggregate_id')
                               THEN format('own.%I + copy.n::bigint * %s', c.attname, span)
                               WHEN c.attname = 'event_id' THEN 'gen_random_uuid()'
                               WHEN c.attname = 'key' THEN 'own.key || ''+'' || copy.n'
                               ELSE format('own.%I', c.attname) END, ', ' ORDER BY c.attnum)
          INTO names, sources
          FROM pg_attribute AS c WHERE c.attrelid = one AND c.attnum > 0 AND NOT c.attisdropped;
        EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s AS own, generate_series(1, %s) AS copy (n)', one, names,
                       sources, one, copies);
    END LOOP;
    FOREACH one IN ARRAY tables LOOP
        EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', one);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', one);
    END LOOP;
    PERFORM setval('pay.id_seq', (SELECT s.last_value + span * (copies + 1) FROM pay.id_seq AS s));
    RETURN payments * (copies + 1);
END
    $$
