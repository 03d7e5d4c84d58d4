-- Without a case ($2) the script is forgotten; a new one beyond $3 of them is refused.
UPDATE payment_provider_1.setting SET scripts = CASE
    WHEN $2::text IS NULL THEN scripts - $1
    WHEN (SELECT count(*) FROM jsonb_object_keys(scripts)) >= $3 AND NOT scripts ? $1 THEN scripts
    ELSE scripts || jsonb_build_object($1::text, $2::text)
END
RETURNING ($2::text IS NULL OR scripts ? $1)
