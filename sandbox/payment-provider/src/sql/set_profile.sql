UPDATE payment_provider_1.setting SET
    profile = $1, seed = $2, delay_ms_min = $3, delay_ms_max = $4, settle_ms_min = $5, settle_ms_max = $6,
    errors_per_million = $7, settle_errors_per_million = $8
