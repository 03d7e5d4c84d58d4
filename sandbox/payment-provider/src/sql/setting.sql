SELECT jsonb_build_object(
    'name', profile, 'seed', seed, 'delayMsMin', delay_ms_min, 'delayMsMax', delay_ms_max,
    'settleMsMin', settle_ms_min, 'settleMsMax', settle_ms_max, 'errorsPerMillion', errors_per_million,
    'settleErrorsPerMillion', settle_errors_per_million, 'scripts', scripts
)::text
FROM payment_provider_1.setting
