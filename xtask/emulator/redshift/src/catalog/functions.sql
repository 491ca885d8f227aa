-- Types and functions of Redshift that PostgreSQL lacks, in the schema `pg_catalog`, so that every search path finds them.
-- Syntax that PostgreSQL cannot parse (`datediff(day, a, b)`, LISTAGG … WITHIN GROUP, `object.key`) is translated before: date
-- parts arrive as text. What a function does not emulate, it refuses.

CREATE SCHEMA redshift;
-- The functions below run as the caller, who creates views, functions and rows in this schema.
GRANT USAGE, CREATE ON SCHEMA redshift TO PUBLIC;

CREATE FUNCTION redshift.refuse(message text, rule text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = format('%s [rule %s]', message, rule), ERRCODE = '0A000';
END $$;

-- Whether a rule is on. `redshift.disabled_rules` has the IDs of the rules that are off, separated by commas.
CREATE FUNCTION redshift.enforces(rule text) RETURNS boolean STABLE LANGUAGE sql AS $$
    SELECT NOT rule = ANY (string_to_array(coalesce(current_setting('redshift.disabled_rules', true), ''), ','))
$$;

CREATE DOMAIN pg_catalog.super AS jsonb;

-- In UTC, like the sessions of a workgroup; without microseconds, at the start of the statement.
CREATE FUNCTION pg_catalog.getdate() RETURNS timestamp STABLE LANGUAGE sql AS $$
    SELECT date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC')
$$;

-- The number of boundaries of the date part between two times, such as midnights.
CREATE FUNCTION pg_catalog.datediff(part text, earlier timestamp, later timestamp)
RETURNS bigint STABLE STRICT LANGUAGE sql AS $$
    SELECT CASE
        WHEN part IN ('year', 'month', 'quarter') THEN (
            CASE part
                WHEN 'year' THEN date_part('year', later) - date_part('year', earlier)
                WHEN 'quarter' THEN 4 * (date_part('year', later) - date_part('year', earlier))
                    + date_part('quarter', later) - date_part('quarter', earlier)
                ELSE 12 * (date_part('year', later) - date_part('year', earlier))
                    + date_part('month', later) - date_part('month', earlier)
            END)::bigint
        WHEN part = 'day' THEN (later::date - earlier::date)::bigint
        WHEN part IN ('hour', 'minute', 'second', 'millisecond', 'microsecond') THEN round(
            extract(epoch FROM date_trunc(part, later) - date_trunc(part, earlier)) / CASE part
                WHEN 'hour' THEN 3600 WHEN 'minute' THEN 60 WHEN 'second' THEN 1
                WHEN 'millisecond' THEN 0.001 ELSE 0.000001 END)::bigint
        ELSE redshift.refuse(format('the date part "%s" of DATEDIFF is not emulated', part), 'not-emulated')::bigint
    END
$$;

CREATE FUNCTION pg_catalog.dateadd(part text, number bigint, start timestamp)
RETURNS timestamp STABLE STRICT LANGUAGE sql AS $$
    SELECT CASE
        WHEN part IN ('year', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond', 'microsecond')
            THEN start + (number || ' ' || part)::interval
        WHEN part = 'quarter' THEN start + (3 * number || ' month')::interval
        ELSE redshift.refuse(format('the date part "%s" of DATEADD is not emulated', part), 'not-emulated')::timestamp
    END
$$;

CREATE FUNCTION pg_catalog.last_day(day timestamp) RETURNS date IMMUTABLE STRICT LANGUAGE sql AS $$
    SELECT (date_trunc('month', day) + '1 month - 1 day'::interval)::date
$$;

CREATE FUNCTION pg_catalog.len(value text) RETURNS integer IMMUTABLE STRICT LANGUAGE sql AS $$
    SELECT char_length(value)
$$;

-- A SUPER value has at most 16 MB, and each string in it at most 65,535 bytes.
CREATE FUNCTION redshift.large_super(value jsonb, bytes integer) RETURNS super STABLE LANGUAGE plpgsql AS $$
BEGIN
    IF bytes > 16777216 AND redshift.enforces('super-size') THEN
        PERFORM redshift.refuse(format('a SUPER value has %s bytes; the maximum is 16777216', bytes), 'super-size');
    END IF;
    IF redshift.enforces('super-string') AND EXISTS (
        SELECT FROM jsonb_path_query(value, 'strict $.** ? (@.type() == "string")') AS strings (string)
        WHERE octet_length(string #>> '{}') > 65535
    ) THEN
        PERFORM redshift.refuse('a string in a SUPER value has more than 65535 bytes', 'super-string');
    END IF;
    RETURN value;
END $$;
CREATE FUNCTION pg_catalog.json_parse(value text) RETURNS super STABLE STRICT LANGUAGE sql AS $$
    SELECT CASE WHEN octet_length(value) <= 65535 THEN value::jsonb::super
        ELSE redshift.large_super(value::jsonb, octet_length(value)) END
$$;
CREATE FUNCTION pg_catalog.json_parse(value bytea) RETURNS super STABLE STRICT LANGUAGE sql AS $$
    SELECT pg_catalog.json_parse(convert_from(value, 'UTF8'))
$$;
CREATE FUNCTION pg_catalog.json_serialize(value jsonb) RETURNS varchar IMMUTABLE STRICT LANGUAGE sql AS $$
    SELECT value::text
$$;
-- Null for a value that is not an array.
CREATE FUNCTION pg_catalog.get_array_length(value jsonb) RETURNS bigint IMMUTABLE STRICT LANGUAGE sql AS $$
    SELECT CASE jsonb_typeof(value) WHEN 'array' THEN jsonb_array_length(value) END::bigint
$$;
CREATE FUNCTION pg_catalog.is_array(value jsonb) RETURNS boolean IMMUTABLE STRICT LANGUAGE sql AS $$
    SELECT jsonb_typeof(value) = 'array'
$$;
CREATE FUNCTION pg_catalog.is_object(value jsonb) RETURNS boolean IMMUTABLE STRICT LANGUAGE sql AS $$
    SELECT jsonb_typeof(value) = 'object'
$$;
CREATE FUNCTION pg_catalog.json_typeof(value jsonb) RETURNS varchar IMMUTABLE STRICT LANGUAGE sql AS $$
    SELECT jsonb_typeof(value)
$$;
