-- Late-binding views, materialized views and table attributes. Translations call these functions:
--
--   redshift.late_binding_view(target, query, replace)   CREATE [OR REPLACE] VIEW … WITH NO SCHEMA BINDING
--   redshift.materialized_view(target, definition, query, diststyle, distkey, sortkeys, autorefresh)
--   redshift.refresh_materialized_view(target)
--   redshift.drop_materialized_view(target, if_exists, cascade)
--   redshift.auto_refresh(target, autorefresh)           ALTER MATERIALIZED VIEW … AUTO REFRESH
--   redshift.layout(target, diststyle, distkey, sortkeys)   DISTSTYLE, DISTKEY and SORTKEY of a created table
--   redshift.create_role(name)                           CREATE ROLE
--
-- A target is a name as in SQL, quoted if necessary; a database before it is ignored. `query` is translated already;
-- `definition` is the statement as it was sent, which dbt reads back. Null means that the clause was absent.
--
-- Not emulated: AUTO REFRESH, and the columns of a late-binding view after its tables changed: they stay as they were created
-- (their types must still match, but texts are cut to the old lengths).

CREATE TABLE redshift.late_binding_views (
    view oid PRIMARY KEY, routine oid NOT NULL, definition text NOT NULL
);
CREATE TABLE redshift.late_binding_columns (
    view oid NOT NULL, name name NOT NULL, type text NOT NULL, position integer NOT NULL, PRIMARY KEY (view, position)
);
CREATE TABLE redshift.materialized_views (
    view oid PRIMARY KEY, storage oid NOT NULL, definition text NOT NULL, autorefresh boolean NOT NULL
);
CREATE TABLE redshift.layouts (
    relation oid PRIMARY KEY, diststyle text NOT NULL, distkey name, sortkeys name[] NOT NULL
);
-- Roles of Redshift are roles of the database; roles of PostgreSQL are those of the whole server.
CREATE TABLE redshift.roles (role_name text PRIMARY KEY, role_owner text NOT NULL DEFAULT current_user);
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA redshift TO PUBLIC;

-- A name without its database, quoted.
CREATE FUNCTION redshift.local_name(target text) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT string_agg(quote_ident(part), '.' ORDER BY number)
    FROM unnest(parse_ident(target)) WITH ORDINALITY AS parts (part, number)
    WHERE number > cardinality(parse_ident(target)) - 2
$$;

-- The view reads from a function that executes the query as the view's owner: names are bound then, and nothing depends on
-- the tables.
CREATE FUNCTION redshift.late_binding_view(target text, query text, replace boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    routine text := format('redshift.%I', 'late_' || replace(gen_random_uuid()::text, '-', ''));
    local text := redshift.local_name(target);
    columns text;
    selected text;
BEGIN
    BEGIN
        EXECUTE 'CREATE TEMPORARY TABLE late_binding_probe AS ' || query || ' WITH NO DATA';
    EXCEPTION WHEN undefined_table OR invalid_schema_name THEN
        PERFORM redshift.refuse(format('a late-binding view over a relation that does not exist is not emulated: %s', SQLERRM),
            'not-emulated');
    END;
    SELECT string_agg(format('%I %s', attname, format_type(atttypid, NULL)), ', ' ORDER BY attnum),
        string_agg(format('late.%I', attname)
            || CASE WHEN atttypmod <> -1 THEN '::' || format_type(atttypid, atttypmod) ELSE '' END
            || format(' AS %I', attname), ', ' ORDER BY attnum)
    INTO columns, selected
    FROM pg_attribute WHERE attrelid = 'pg_temp.late_binding_probe'::regclass AND attnum > 0;
    EXECUTE format('CREATE FUNCTION %s() RETURNS TABLE (%s) STABLE SECURITY DEFINER LANGUAGE plpgsql AS %L',
        routine, columns, format('BEGIN RETURN QUERY EXECUTE %L; END', query));
    EXECUTE format('CREATE %s VIEW %s AS SELECT %s FROM %s() AS late',
        CASE WHEN replace THEN 'OR REPLACE' ELSE '' END, local, selected, routine);
    INSERT INTO redshift.late_binding_views VALUES (local::regclass, (routine || '()')::regprocedure, query)
        ON CONFLICT (view) DO UPDATE SET routine = excluded.routine, definition = excluded.definition;
    DELETE FROM redshift.late_binding_columns WHERE view = local::regclass;
    INSERT INTO redshift.late_binding_columns
        SELECT local::regclass, attname, format_type(atttypid, atttypmod), attnum
        FROM pg_attribute WHERE attrelid = 'pg_temp.late_binding_probe'::regclass AND attnum > 0;
    DROP TABLE pg_temp.late_binding_probe;
END $$;

-- As in Redshift, a view with the given name over a hidden relation `mv_tbl__<name>__0`, which has the rows.
CREATE FUNCTION redshift.materialized_view(target text, definition text, query text, diststyle text, distkey text,
    sortkeys text[], autorefresh boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    local text := redshift.local_name(target);
    parts text[] := parse_ident(local);
    storage text := quote_ident('mv_tbl__' || parts[cardinality(parts)] || '__0');
    source text;
BEGIN
    IF cardinality(parts) = 2 THEN
        storage := quote_ident(parts[1]) || '.' || storage;
    END IF;
    EXECUTE format('CREATE MATERIALIZED VIEW %s AS %s', storage, query);
    SELECT relation.oid::regclass::text INTO source
    FROM pg_rewrite AS rule
    JOIN pg_depend AS uses ON uses.classid = 'pg_rewrite'::regclass AND uses.objid = rule.oid
        AND uses.refclassid = 'pg_class'::regclass
    JOIN pg_class AS relation ON relation.oid = uses.refobjid AND relation.relkind = 'v'
    WHERE rule.ev_class = storage::regclass
        AND NOT EXISTS (SELECT FROM redshift.materialized_views AS other WHERE other.view = relation.oid);
    IF FOUND AND redshift.enforces('materialized-view-over-view') THEN
        PERFORM redshift.refuse(format('a materialized view cannot reference the view %s', source),
            'materialized-view-over-view');
    END IF;
    EXECUTE format('CREATE VIEW %s AS SELECT * FROM %s', local, storage);
    INSERT INTO redshift.materialized_views
        VALUES (local::regclass, storage::regclass, definition, coalesce(autorefresh, false));
    PERFORM redshift.layout(storage, coalesce(diststyle, 'EVEN'), distkey, sortkeys);
END $$;

-- The hidden relation of a materialized view.
CREATE FUNCTION redshift.storage(target text) RETURNS regclass STABLE LANGUAGE plpgsql AS $$
DECLARE
    local text := redshift.local_name(target);
    found oid;
BEGIN
    SELECT storage INTO found FROM redshift.materialized_views WHERE view = to_regclass(local);
    IF found IS NULL THEN
        RAISE EXCEPTION USING MESSAGE = format('relation "%s" is not a materialized view', local), ERRCODE = '42809';
    END IF;
    RETURN found;
END $$;

CREATE FUNCTION redshift.refresh_materialized_view(target text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REFRESH MATERIALIZED VIEW %s', redshift.storage(target));
END $$;

CREATE FUNCTION redshift.drop_materialized_view(target text, if_exists boolean, cascade boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    local text := redshift.local_name(target);
    storage regclass;
BEGIN
    IF if_exists AND to_regclass(local) IS NULL THEN
        RETURN;
    END IF;
    storage := redshift.storage(target);
    EXECUTE format('DROP VIEW %s %s', local, CASE WHEN cascade THEN 'CASCADE' ELSE '' END);
    EXECUTE format('DROP MATERIALIZED VIEW %s', storage);
END $$;

CREATE FUNCTION redshift.auto_refresh(target text, autorefresh boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    changed oid := redshift.storage(target);
BEGIN
    UPDATE redshift.materialized_views SET autorefresh = auto_refresh.autorefresh WHERE storage = changed;
END $$;

CREATE FUNCTION redshift.layout(target text, diststyle text, distkey text, sortkeys text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    local regclass := redshift.local_name(target)::regclass;
    absent text;
BEGIN
    SELECT key INTO absent FROM unnest(coalesce(sortkeys, '{}') || distkey) AS keys (key)
    WHERE key IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = local AND attname = key AND NOT attisdropped
    );
    IF FOUND THEN
        RAISE EXCEPTION USING MESSAGE = format('column "%s" named in a distribution or sort key does not exist', absent),
            ERRCODE = '42703';
    END IF;
    INSERT INTO redshift.layouts VALUES (local, upper(coalesce(diststyle, CASE WHEN distkey IS NULL THEN 'AUTO' ELSE 'KEY' END)),
        distkey, coalesce(sortkeys, '{}'))
    ON CONFLICT DO NOTHING; -- CREATE TABLE IF NOT EXISTS
END $$;

CREATE FUNCTION redshift.create_role(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
        EXECUTE format('CREATE ROLE %I', name);
    END IF;
    INSERT INTO redshift.roles VALUES (name);
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION USING MESSAGE = format('role "%s" already exists', name), ERRCODE = '42710';
END $$;

-- Removes the functions and the rows of dropped views and tables.
CREATE FUNCTION redshift.forget_dropped() RETURNS event_trigger SECURITY DEFINER LANGUAGE plpgsql AS $$
DECLARE
    dropped record;
    routine oid;
BEGIN
    FOR dropped IN SELECT objid FROM pg_event_trigger_dropped_objects()
        WHERE classid = 'pg_class'::regclass AND objsubid = 0 AND schema_name NOT LIKE 'pg\_temp%'
    LOOP
        DELETE FROM redshift.layouts WHERE relation = dropped.objid;
        DELETE FROM redshift.materialized_views WHERE view = dropped.objid OR storage = dropped.objid;
        DELETE FROM redshift.late_binding_columns WHERE view = dropped.objid;
        DELETE FROM redshift.late_binding_views AS gone WHERE gone.view = dropped.objid RETURNING gone.routine INTO routine;
        IF FOUND AND routine IN (SELECT oid FROM pg_proc) THEN
            EXECUTE format('DROP FUNCTION %s', routine::regprocedure);
        END IF;
    END LOOP;
END $$;
CREATE EVENT TRIGGER forget_dropped ON sql_drop EXECUTE FUNCTION redshift.forget_dropped();

CREATE FUNCTION redshift.refuse_comment() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
    source text;
BEGIN
    SELECT view::regclass::text INTO source FROM pg_event_trigger_ddl_commands() JOIN redshift.late_binding_views ON view = objid
    WHERE classid = 'pg_class'::regclass AND objsubid > 0;
    IF FOUND AND redshift.enforces('late-binding-comment') THEN
        PERFORM redshift.refuse(format('a column of the late-binding view %s cannot have a comment', source), 'late-binding-comment');
    END IF;
END $$;
CREATE EVENT TRIGGER refuse_comment ON ddl_command_end WHEN TAG IN ('COMMENT') EXECUTE FUNCTION redshift.refuse_comment();
