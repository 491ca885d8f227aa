-- What a new table of Redshift has that one of PostgreSQL lacks, and the reverse: keys are not enforced, and the length of a
-- VARCHAR counts bytes. An event trigger changes tables that a session of
-- the emulator creates or alters; the other sessions have no setting `redshift.disabled_rules`.

CREATE FUNCTION redshift.adapt_table() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE
    changed record;
    changes text[];
BEGIN
    IF current_setting('redshift.disabled_rules', true) IS NULL OR current_setting('redshift.adapting', true) = 'on' THEN
        RETURN;
    END IF;
    PERFORM set_config('redshift.adapting', 'on', true);
    FOR changed IN
        SELECT DISTINCT objid FROM pg_event_trigger_ddl_commands() JOIN pg_class ON pg_class.oid = objid
        WHERE classid = 'pg_class'::regclass AND relkind = 'r'
    LOOP
        changes := '{}';
        IF redshift.enforces('no-key-enforcement') THEN
            SELECT coalesce(array_agg(format('DROP CONSTRAINT %I CASCADE', conname) ORDER BY contype), '{}') INTO changes
            FROM pg_constraint WHERE conrelid = changed.objid AND contype IN ('p', 'u', 'f');
        END IF;
        IF redshift.enforces('varchar-bytes') THEN
            WITH wanted AS (
                SELECT attname, atttypmod - 4 AS bytes, format('varchar_bytes_%s_%s', attnum, atttypmod - 4) AS name
                FROM pg_attribute
                WHERE attrelid = changed.objid AND attnum > 0 AND NOT attisdropped AND atttypmod > 4
                    AND atttypid = 'varchar'::regtype
            ), present AS (
                SELECT conname FROM pg_constraint
                WHERE conrelid = changed.objid AND contype = 'c' AND conname LIKE 'varchar\_bytes\_%'
            ), steps AS (
                SELECT format('DROP CONSTRAINT %I', conname) AS step FROM present
                WHERE conname NOT IN (SELECT name FROM wanted)
                UNION ALL
                SELECT format('ADD CONSTRAINT %I CHECK (octet_length(%I) <= %s) NOT VALID', name, attname, bytes)
                FROM wanted WHERE name NOT IN (SELECT conname FROM present)
            )
            SELECT changes || coalesce(array_agg(step), '{}') INTO changes FROM steps;
        END IF;
        IF cardinality(changes) > 0 THEN
            EXECUTE format('ALTER TABLE %s %s', changed.objid::regclass, array_to_string(changes, ', '));
        END IF;
    END LOOP;
    PERFORM set_config('redshift.adapting', 'off', true);
END $$;

CREATE EVENT TRIGGER adapt_table ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE')
    EXECUTE FUNCTION redshift.adapt_table();
