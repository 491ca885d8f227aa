-- What CAST to VARCHAR does in Redshift: it refuses booleans, cuts to bytes, and returns the text of a SUPER value that is a
-- scalar. A translation of `CAST(value AS varchar(n))` is `CAST(redshift.as_text(value, n) AS varchar(n))`.

-- At most so many bytes of a text, in complete characters.
CREATE FUNCTION redshift.cut(value text, bytes integer) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS $$
    SELECT CASE WHEN octet_length(value) <= bytes THEN value ELSE (
        SELECT left(value, max(number)) FROM generate_series(0, bytes) AS numbers (number)
        WHERE octet_length(left(value, number)) <= bytes
    ) END
$$;

CREATE FUNCTION redshift.as_text(value text, bytes integer) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS $$
    SELECT redshift.cut(value, bytes)
$$;
CREATE FUNCTION redshift.as_text(value boolean, bytes integer) RETURNS text STABLE LANGUAGE plpgsql AS $$
BEGIN
    IF redshift.enforces('boolean-cast') THEN
        RAISE EXCEPTION USING MESSAGE = 'cannot cast type boolean to character varying [rule boolean-cast]', ERRCODE = '42846';
    END IF;
    RETURN redshift.cut(value::text, bytes);
END $$;
-- Null for arrays and objects, as in the lax mode of SUPER.
CREATE FUNCTION redshift.as_text(value jsonb, bytes integer) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS $$
    SELECT CASE WHEN jsonb_typeof(value) NOT IN ('array', 'object') THEN redshift.cut(value #>> '{}', bytes) END
$$;
CREATE FUNCTION redshift.as_text(value anyelement, bytes integer) RETURNS text STABLE STRICT LANGUAGE sql AS $$
    SELECT redshift.cut(value::text, bytes)
$$;
