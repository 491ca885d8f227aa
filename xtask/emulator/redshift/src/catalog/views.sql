-- System views. Those of PostgreSQL that dbt-redshift reads are replaced where Redshift's differ: they have the definition of
-- a materialized view as it was sent, and no columns of late-binding views. `svv_…` and `sys_…` views are in `pg_catalog`. A
-- view that only superusers can read has no grant; the other ones show what the user may read.

-- Redshift has these columns in pg_attribute. `a.attisdistkey` calls the function when the table has no such column.
CREATE FUNCTION pg_catalog.attisdistkey(pg_attribute) RETURNS boolean STABLE LANGUAGE sql AS $$
    SELECT EXISTS (SELECT FROM redshift.layouts WHERE relation = $1.attrelid AND distkey = $1.attname)
$$;
CREATE FUNCTION pg_catalog.attsortkeyord(pg_attribute) RETURNS integer STABLE LANGUAGE sql AS $$
    SELECT coalesce((SELECT array_position(sortkeys, $1.attname) FROM redshift.layouts WHERE relation = $1.attrelid), 0)
$$;

-- Each column of each late-binding view, as records: the caller lists the columns.
CREATE FUNCTION pg_catalog.pg_get_late_binding_view_cols() RETURNS SETOF record STABLE LANGUAGE sql AS $$
    SELECT namespace.nspname, relation.relname, late.name, late.type::varchar, late.position
    FROM redshift.late_binding_columns AS late
    JOIN pg_class AS relation ON relation.oid = late.view
    JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace
$$;

-- The query of a view of PostgreSQL, to be replaced.
CREATE FUNCTION redshift.query_of(view regclass) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT rtrim(pg_get_viewdef(view), ';')
$$;
-- The text of a materialized or late-binding view as it was created.
CREATE FUNCTION redshift.definition_of(schema name, name name) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT coalesce(
        (SELECT definition FROM redshift.materialized_views WHERE view = relation.oid),
        (SELECT definition FROM redshift.late_binding_views WHERE view = relation.oid)
    )
    FROM pg_class AS relation JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace
    WHERE namespace.nspname = schema AND relation.relname = name
$$;
CREATE FUNCTION redshift.is_late_binding(schema name, name name) RETURNS boolean STABLE LANGUAGE sql AS $$
    SELECT EXISTS (
        SELECT FROM redshift.late_binding_views AS late
        JOIN pg_class AS relation ON relation.oid = late.view
        JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace
        WHERE namespace.nspname = schema AND relation.relname = name
    )
$$;

DO $do$
DECLARE
    columns text;
BEGIN
    EXECUTE 'CREATE OR REPLACE VIEW pg_catalog.pg_views AS SELECT schemaname, viewname, viewowner,
        coalesce(redshift.definition_of(schemaname, viewname) COLLATE "default", definition) AS definition
        FROM (' || redshift.query_of('pg_catalog.pg_views') || ') AS original
        WHERE schemaname <> ''redshift''';
    SELECT string_agg(CASE attname
        WHEN 'view_definition' THEN 'coalesce(redshift.definition_of(table_schema, table_name), view_definition)'
            || '::information_schema.character_data AS view_definition'
        ELSE quote_ident(attname) END, ', ' ORDER BY attnum)
    INTO columns FROM pg_attribute WHERE attrelid = 'information_schema.views'::regclass AND attnum > 0;
    EXECUTE format('CREATE OR REPLACE VIEW information_schema.views AS SELECT %s FROM (%s) AS original
        WHERE table_schema <> ''redshift''', columns, redshift.query_of('information_schema.views'));
    SELECT string_agg(CASE attname
        WHEN 'data_type' THEN 'CASE WHEN udt_name = ''jsonb'' THEN ''super'' WHEN udt_name = ''bytea'' '
            || 'THEN ''binary varying'' WHEN udt_name = ''text'' THEN ''character varying'' ELSE data_type '
            || 'END::information_schema.character_data AS data_type'
        ELSE quote_ident(attname) END, ', ' ORDER BY attnum)
    INTO columns FROM pg_attribute WHERE attrelid = 'information_schema.columns'::regclass AND attnum > 0;
    EXECUTE format('CREATE OR REPLACE VIEW information_schema.columns AS SELECT %s FROM (%s) AS original
        WHERE table_schema <> ''redshift'' AND NOT redshift.is_late_binding(table_schema, table_name)',
        columns, redshift.query_of('information_schema.columns'));
    EXECUTE 'CREATE OR REPLACE VIEW information_schema.tables AS SELECT * FROM ('
        || redshift.query_of('information_schema.tables') || ') AS original WHERE table_schema <> ''redshift''';
END $do$;

CREATE VIEW pg_catalog.svv_columns AS
SELECT table_catalog::text, table_schema::text, table_name::text, column_name::text, ordinal_position::int,
    column_default::text, is_nullable::text, data_type::text, character_maximum_length::int, numeric_precision::int,
    numeric_scale::int, NULL::text AS remarks
FROM information_schema.columns
UNION ALL
SELECT current_database()::text, namespace.nspname::text, relation.relname::text, late.name::text, late.position, NULL, 'YES',
    regexp_replace(late.type, '\(.*', ''), substring(late.type FROM '^character.*\((\d+)\)')::int,
    substring(late.type FROM '^numeric\((\d+)')::int, substring(late.type FROM '^numeric\(\d+,(\d+)')::int, NULL
FROM redshift.late_binding_columns AS late
JOIN pg_class AS relation ON relation.oid = late.view
JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE has_table_privilege(relation.oid, 'SELECT');

CREATE VIEW pg_catalog.svv_redshift_columns AS
SELECT table_catalog::varchar(128) AS database_name, table_schema::varchar(128) AS schema_name,
    table_name::varchar(128) AS table_name, column_name::varchar(128) AS column_name, ordinal_position,
    data_type::varchar(128) AS data_type, column_default::varchar AS column_default, is_nullable::varchar(3) AS is_nullable,
    ''::varchar(128) AS encoding, false AS distkey, 0 AS sortkey, ''::varchar(128) AS column_acl, remarks::varchar(256) AS remarks
FROM pg_catalog.svv_columns;

CREATE VIEW pg_catalog.svv_tables AS
SELECT table_catalog::text, table_schema::text, table_name::text, table_type::text, NULL::text AS remarks
FROM information_schema.tables;

-- No external schema exists.
CREATE VIEW pg_catalog.svv_external_columns AS
SELECT NULL::text AS redshift_database_name, NULL::text AS schemaname, NULL::text AS tablename, NULL::text AS columnname,
    NULL::text AS external_type, NULL::int AS columnnum, NULL::int AS part_key, NULL::text AS is_nullable WHERE false;

CREATE VIEW pg_catalog.svv_roles AS
SELECT 1::int AS role_id, role_name, role_owner, NULL::text AS external_id FROM redshift.roles;
CREATE VIEW pg_catalog.svv_user_grants AS
SELECT member.oid::int AS user_id, member.rolname::text AS user_name, granted.oid::int AS role_id,
    granted.rolname::text AS role_name, grants.admin_option
FROM pg_auth_members AS grants
JOIN pg_roles AS member ON member.oid = grants.member AND member.rolcanlogin
JOIN pg_roles AS granted ON granted.oid = grants.roleid
WHERE granted.rolname IN (SELECT role_name FROM redshift.roles);

-- Written by the COPY of the emulator. One row for each column that could not be loaded.
CREATE TABLE redshift.load_errors (
    user_id int, query_id bigint, session_id int, database_name text, start_time timestamp, table_id int, file_name text,
    line_number bigint, column_name text, column_type text, column_length text, error_code int, error_message text
);
GRANT INSERT ON redshift.load_errors TO PUBLIC;
CREATE VIEW pg_catalog.sys_load_error_detail AS SELECT * FROM redshift.load_errors;
-- Source freshness of dbt reads it; the emulator records no steps of queries.
CREATE VIEW pg_catalog.sys_query_detail AS
SELECT NULL::int AS user_id, NULL::bigint AS query_id, NULL::int AS table_id, NULL::text AS table_name, NULL::text AS step_name,
    NULL::timestamp AS start_time, NULL::timestamp AS end_time WHERE false;

GRANT SELECT ON pg_catalog.svv_columns, pg_catalog.svv_redshift_columns, pg_catalog.svv_tables,
    pg_catalog.svv_external_columns, pg_catalog.svv_roles, pg_catalog.svv_user_grants, pg_catalog.sys_load_error_detail,
    pg_catalog.sys_query_detail TO PUBLIC;

-- Without grant: see superuser.sql. Empty tables are not listed; a materialized view has its own name.
CREATE VIEW pg_catalog.svv_table_info AS
SELECT current_database()::text AS database, namespace.nspname::text AS schema, relation.oid::bigint AS table_id,
    coalesce(shown.relname, relation.relname)::text AS "table", 'Y'::text AS encoded,
    (CASE layout.diststyle
        WHEN 'KEY' THEN 'KEY(' || layout.distkey || ')' WHEN 'ALL' THEN 'ALL' WHEN 'EVEN' THEN 'EVEN' ELSE 'AUTO(ALL)'
    END)::text AS diststyle,
    layout.sortkeys[1]::text AS sortkey1,
    (SELECT max(atttypmod - 4) FROM pg_attribute
        WHERE attrelid = relation.oid AND atttypid = 'varchar'::regtype AND atttypmod > 0)::int AS max_varchar,
    'none'::text AS sortkey1_enc, coalesce(cardinality(layout.sortkeys), 0) AS sortkey_num,
    (pg_relation_size(relation.oid) / 1048576 + 1)::bigint AS size, 0::numeric(10,4) AS pct_used, 0::bigint AS empty,
    0::numeric(5,2) AS unsorted, 0::numeric(5,2) AS stats_off, greatest(relation.reltuples, 0)::numeric(38,0) AS tbl_rows,
    NULL::numeric(19,2) AS skew_sortkey1, NULL::numeric(19,2) AS skew_rows,
    greatest(relation.reltuples, 0)::numeric(38,0) AS estimated_visible_rows, NULL::text AS risk_event,
    NULL::numeric(12,2) AS vacuum_sort_benefit
FROM pg_class AS relation
JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace
LEFT JOIN redshift.materialized_views AS stored ON stored.storage = relation.oid
LEFT JOIN pg_class AS shown ON shown.oid = stored.view
LEFT JOIN redshift.layouts AS layout ON layout.relation = relation.oid
WHERE relation.relkind IN ('r', 'm') AND namespace.nspname NOT IN ('information_schema', 'redshift')
    AND namespace.nspname NOT LIKE 'pg\_%' AND pg_relation_size(relation.oid) > 0;

CREATE VIEW pg_catalog.svv_mv_info AS
SELECT current_database()::char(128) AS database_name, namespace.nspname::char(128) AS schema_name,
    pg_get_userbyid(relation.relowner)::char(128) AS user_name, relation.relname::char(128) AS name, 'f'::char(1) AS is_stale,
    1 AS state, (CASE WHEN stored.autorefresh THEN 't' ELSE 'f' END)::char(1) AS autorefresh, 'f'::char(1) AS autorewrite
FROM redshift.materialized_views AS stored
JOIN pg_class AS relation ON relation.oid = stored.view
JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace;
