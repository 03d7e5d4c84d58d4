-- Makes the merchant when nobody is called so, and a key. Two keys of a role may live at once; a third is refused.
SELECT tenant.tenant_id, made.outcome, made.key_id
FROM pay.tenant_by_merchant($1, true) AS tenant (tenant_id),
     LATERAL pay.make_key(tenant.tenant_id, $2) AS made
