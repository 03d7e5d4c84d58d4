-- The ledger: double entry, zero in sum, never changed, chained by hashes.
--
-- A transaction belongs to a subject (a payment, a settlement batch) and to that subject's event with number
-- source_seq: the primary key is the unique source event. The chain of hashes runs per subject, so that no chain
-- puts a tenant's writers in a row. Lines are guarded at commit: at least two, numbered without gap, of one currency, zero
-- in sum; a transaction that has committed takes no further line.

-- What accounts there are. A tenant's account is (tenant_id, account, currency); no row of it is locked by writers,
-- balances are sums of lines. The domain pay.account holds the same codes, a test holds them equal.
CREATE TABLE pay.ledger_account (
    account text PRIMARY KEY,
    kind    text NOT NULL CHECK (kind IN ('ASSET', 'LIABILITY', 'INCOME', 'CONTRA_LIABILITY', 'MEMO')),
    meaning text NOT NULL
);
COMMENT ON TABLE pay.ledger_account IS 'Chart of accounts of every tenant. No personal data.';
INSERT INTO pay.ledger_account (account, kind, meaning)
VALUES ('CASH', 'ASSET', 'Money on our bank account'),
       ('PROVIDER_RECEIVABLE', 'ASSET', 'Captured money that the provider still holds'),
       ('MERCHANT_PAYABLE', 'LIABILITY', 'What we owe the merchant'),
       ('FEES', 'INCOME', 'What we earned'),
       ('REFUNDS', 'CONTRA_LIABILITY', 'Refunds, set against what we owe the merchant'),
       ('AUTHORIZED_HOLD', 'MEMO', 'Authorized and not yet captured'),
       ('AUTHORIZED_CONTRA', 'MEMO', 'The other side of it');

CREATE DOMAIN pay.account AS text CHECK (VALUE = ANY (ARRAY[
    'CASH', 'PROVIDER_RECEIVABLE', 'MERCHANT_PAYABLE', 'FEES', 'REFUNDS', 'AUTHORIZED_HOLD', 'AUTHORIZED_CONTRA']));
CREATE DOMAIN pay.posting AS text
    CHECK (VALUE IN ('AUTHORIZE', 'CAPTURE', 'REFUND', 'RELEASE', 'FEE', 'SETTLEMENT', 'PAYOUT'));
CREATE DOMAIN pay.signed_amount AS bigint
    CHECK (VALUE BETWEEN -9007199254740991 AND 9007199254740991 AND VALUE <> 0);

CREATE TABLE pay.ledger_transaction (
    tenant_id  bigint NOT NULL,
    subject_id bigint NOT NULL,
    source_seq pay.seq NOT NULL,
    payment_id bigint, -- the subject, where that is a payment; NULL: of a settlement batch
    kind       pay.posting NOT NULL,
    posted_at  timestamptz NOT NULL DEFAULT now(),
    posted_in  xid8 NOT NULL DEFAULT pg_current_xact_id(),
    hash       pay.hash_256 NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, source_seq), -- serves the foreign key, too
    FOREIGN KEY (tenant_id, payment_id) REFERENCES pay.payment
);
COMMENT ON TABLE pay.ledger_transaction IS 'Journal entries. Kept as the law asks. No personal data.';
SELECT pay.protect('pay.ledger_transaction');

CREATE TABLE pay.ledger_line (
    tenant_id  bigint NOT NULL,
    subject_id bigint NOT NULL,
    source_seq pay.seq NOT NULL,
    line_no    pay.seq NOT NULL,
    account    pay.account NOT NULL,
    amount     pay.signed_amount NOT NULL, -- debit positive, credit negative
    currency   pay.currency NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, source_seq, line_no),
    FOREIGN KEY (tenant_id, subject_id, source_seq) REFERENCES pay.ledger_transaction
);
COMMENT ON TABLE pay.ledger_line IS 'Lines of journal entries. Kept as the law asks. No personal data.';
SELECT pay.protect('pay.ledger_line');

-- Holds at commit for the transaction that a new row belongs to. Reads under the tenant that is set at commit: under
-- another one it finds nothing, which is refused too.
CREATE FUNCTION pay.ledger_balanced() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    sound boolean;
BEGIN
    SELECT bool_and(t.posted_in = pg_current_xact_id() AND coalesce(t.payment_id, t.subject_id) = t.subject_id)
           AND count(*) >= 2 AND count(*) = max(l.line_no::integer) AND sum(l.amount::bigint) = 0
           AND min(l.currency::text) = max(l.currency::text)
      INTO sound
      FROM pay.ledger_transaction AS t
      JOIN pay.ledger_line AS l
        ON l.tenant_id = t.tenant_id AND l.subject_id = t.subject_id AND l.source_seq = t.source_seq
     WHERE t.tenant_id = NEW.tenant_id AND t.subject_id = NEW.subject_id AND t.source_seq = NEW.source_seq
       AND l.tenant_id = NEW.tenant_id AND l.subject_id = NEW.subject_id AND l.source_seq = NEW.source_seq;
    IF sound IS NOT TRUE THEN
        RAISE EXCEPTION 'ledger transaction %/% is no balanced journal of its own', NEW.subject_id, NEW.source_seq
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balanced', TABLE = 'ledger_line', SCHEMA = 'pay';
    END IF;
    RETURN NULL;
END
    $$;
CREATE CONSTRAINT TRIGGER ledger_balanced AFTER INSERT ON pay.ledger_transaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pay.ledger_balanced();
-- Lines 1 and 2 are there when the transaction's own check has passed, so only further ones need one.
CREATE CONSTRAINT TRIGGER ledger_balanced AFTER INSERT ON pay.ledger_line
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.line_no > 2) EXECUTE FUNCTION pay.ledger_balanced();

-- Not for anybody, the owner's own statements included.
CREATE FUNCTION pay.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'rows of %.% are only ever added', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END
    $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pay.ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION pay.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pay.ledger_line
    FOR EACH STATEMENT EXECUTE FUNCTION pay.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pay.payment_history
    FOR EACH STATEMENT EXECUTE FUNCTION pay.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pay.provider_call
    FOR EACH STATEMENT EXECUTE FUNCTION pay.refuse_change();

-- The hash of a transaction: of the one before it in the chain (nothing for the first) and of all that it says.
CREATE FUNCTION pay.ledger_hash(
    p_before bytea, p_tenant bigint, p_subject bigint, p_seq integer, p_kind text, p_currency text,
    p_posted_at timestamptz, p_accounts text[], p_amounts bigint[]) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT sha256(p_before || convert_to(
            p_tenant::text || '|' || p_subject::text || '|' || p_seq::text || '|' || p_kind || '|' || p_currency || '|'
            || pay.micros(p_posted_at)::text || '|' || array_to_string(p_accounts, ',') || '|'
            || array_to_string(p_amounts, ','), 'UTF8'))
    $$;

-- Posts one journal entry about a payment. p_chained: the payment has earlier ones. Returns a value, so that callers
-- can have it in an expression, which costs less than a statement.
CREATE FUNCTION pay.post_entry(
    p_tenant bigint, p_payment bigint, p_seq integer, p_kind text, p_currency text, p_accounts text[],
    p_amounts bigint[], p_chained boolean) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    before bytea := '';
BEGIN
    IF cardinality(p_accounts) <> cardinality(p_amounts) THEN
        RAISE EXCEPTION 'as many accounts as amounts are needed' USING ERRCODE = 'check_violation';
    END IF;
    IF p_chained THEN
        SELECT t.hash INTO before FROM pay.ledger_transaction AS t
         WHERE t.tenant_id = p_tenant AND t.subject_id = p_payment
         ORDER BY t.source_seq DESC LIMIT 1;
        before := coalesce(before, '');
    END IF;
    INSERT INTO pay.ledger_transaction (tenant_id, subject_id, source_seq, payment_id, kind, posted_at, hash)
    VALUES (p_tenant, p_payment, p_seq, p_payment, p_kind, now(),
            pay.ledger_hash(before, p_tenant, p_payment, p_seq, p_kind, p_currency, now(), p_accounts, p_amounts));
    INSERT INTO pay.ledger_line (tenant_id, subject_id, source_seq, line_no, account, amount, currency)
    SELECT p_tenant, p_payment, p_seq, line.n, line.account, line.amount, p_currency
      FROM unnest(p_accounts, p_amounts) WITH ORDINALITY AS line (account, amount, n);
    RETURN true;
END
    $$;

-- Reads a tenant's whole ledger again and names the first row that is not as it was written.
CREATE FUNCTION pay.ledger_verify(
    p_tenant bigint, OUT outcome text, OUT subject_id bigint, OUT entry integer, OUT problem text)
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    own text := set_config('app.tenant_id', p_tenant::text, true);
BEGIN
    SELECT read.subject_id, read.source_seq,
           CASE WHEN read.lines IS NULL OR read.lines < 2 THEN 'LINES_MISSING'
                WHEN read.sum <> 0 THEN 'NOT_ZERO_IN_SUM'
                ELSE 'HASH_DIFFERS' END
      INTO subject_id, entry, problem
      FROM (SELECT t.subject_id, t.source_seq, t.hash, body.lines, body.sum,
                   pay.ledger_hash(
                       coalesce(lag(t.hash) OVER (PARTITION BY t.subject_id ORDER BY t.source_seq), ''), p_tenant,
                       t.subject_id, t.source_seq, t.kind, body.currency, t.posted_at, body.accounts, body.amounts)
                       AS expected
              FROM pay.ledger_transaction AS t
              LEFT JOIN (SELECT l.subject_id, l.source_seq, count(*) AS lines, sum(l.amount::bigint) AS sum,
                                min(l.currency) AS currency, array_agg(l.account ORDER BY l.line_no) AS accounts,
                                array_agg(l.amount::bigint ORDER BY l.line_no) AS amounts
                           FROM pay.ledger_line AS l WHERE l.tenant_id = p_tenant
                          GROUP BY l.subject_id, l.source_seq) AS body
                ON body.subject_id = t.subject_id AND body.source_seq = t.source_seq
             WHERE t.tenant_id = p_tenant) AS read
     WHERE read.lines IS NULL OR read.lines < 2 OR read.sum <> 0 OR read.hash IS DISTINCT FROM read.expected
     ORDER BY read.subject_id, read.source_seq LIMIT 1;
    outcome := CASE WHEN FOUND THEN 'BROKEN' ELSE 'OK' END;
END
    $$;

GRANT SELECT ON pay.ledger_account TO moalog_app;
GRANT SELECT ON pay.ledger_transaction, pay.ledger_line TO moalog_app;
GRANT INSERT (tenant_id, subject_id, source_seq, payment_id, kind, posted_at, hash) ON pay.ledger_transaction TO moalog_app;
GRANT INSERT ON pay.ledger_line TO moalog_app;
