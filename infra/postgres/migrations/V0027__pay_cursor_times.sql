-- A cursor's time is a number that its caller can make up: what no calendar holds is the first or the last time there is.

CREATE OR REPLACE FUNCTION pay.at_micros(p_micros bigint) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN p_micros IS NOT NULL
                THEN timestamptz '1970-01-01 00:00:00+00'
                     + least(greatest(p_micros, -62135596800000000), 253402300799000000) * interval '1 microsecond' END;
