-- The statements of a load into Redshift, one of each form, and of `warehouse-init`. Statements are separated by a line `-- next --`.
-- next --
CREATE USER "IAM:ann" PASSWORD DISABLE
-- next --
CREATE USER "IAMR:dbt" PASSWORD DISABLE
-- next --
CREATE USER "IAMR:ingestion" PASSWORD DISABLE
-- next --
CREATE ROLE loader
-- next --
CREATE ROLE transformer
-- next --
CREATE ROLE reader
-- next --
GRANT ROLE loader TO "IAMR:ingestion"
-- next --
GRANT ROLE transformer TO "IAMR:dbt"
-- next --
GRANT ROLE reader TO "IAM:ann"
-- next --
CREATE SCHEMA IF NOT EXISTS spacex AUTHORIZATION "IAMR:ingestion"
-- next --
ALTER SCHEMA spacex OWNER TO "IAMR:ingestion"
-- next --
CREATE SCHEMA IF NOT EXISTS staging_spacex AUTHORIZATION "IAMR:ingestion"
-- next --
ALTER SCHEMA staging_spacex OWNER TO "IAMR:ingestion"
-- next --
CREATE SCHEMA IF NOT EXISTS etl AUTHORIZATION "IAMR:ingestion"
-- next --
ALTER SCHEMA etl OWNER TO "IAMR:ingestion"
-- next --
CREATE SCHEMA IF NOT EXISTS analytics AUTHORIZATION "IAMR:dbt"
-- next --
ALTER SCHEMA analytics OWNER TO "IAMR:dbt"
-- next --
CREATE TABLE IF NOT EXISTS etl.load_lock (held boolean)
-- next --
ALTER TABLE etl.load_lock OWNER TO "IAMR:ingestion"
-- next --
CREATE TABLE IF NOT EXISTS etl.runs (seq bigint NOT NULL, source varchar(64) NOT NULL, run_id varchar(64) NOT NULL, fetched_at timestamp NOT NULL, loaded_at timestamp NOT NULL, committed_at timestamp NOT NULL DEFAULT getdate(), collections super NOT NULL, tables super NOT NULL)
-- next --
ALTER TABLE etl.runs OWNER TO "IAMR:ingestion"
-- next --
CREATE TABLE IF NOT EXISTS etl.heads (source varchar(64) NOT NULL, seq bigint NOT NULL)
-- next --
ALTER TABLE etl.heads OWNER TO "IAMR:ingestion"
-- next --
CREATE TABLE IF NOT EXISTS etl.attempts (token varchar(64) NOT NULL, expires_at timestamp NOT NULL)
-- next --
ALTER TABLE etl.attempts OWNER TO "IAMR:ingestion"
-- next --
CREATE TABLE IF NOT EXISTS etl.findings (source varchar(64) NOT NULL, seq bigint NOT NULL, table_name varchar(64) NOT NULL, check_name varchar(32) NOT NULL, problem varchar(2000) NOT NULL, refused boolean NOT NULL, reason varchar(1000))
-- next --
ALTER TABLE etl.findings OWNER TO "IAMR:ingestion"
-- next --
GRANT USAGE ON SCHEMA spacex, etl TO ROLE transformer
-- next --
GRANT SELECT ON ALL TABLES IN SCHEMA spacex, etl TO ROLE transformer
-- next --
GRANT USAGE ON SCHEMA spacex, etl TO ROLE reader
-- next --
GRANT SELECT ON ALL TABLES IN SCHEMA spacex, etl TO ROLE reader
-- next --
GRANT USAGE ON SCHEMA analytics TO ROLE reader
-- next --
GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO ROLE reader
-- next --
GRANT SELECT ON svv_table_info TO "IAMR:dbt"
-- next --
GRANT SELECT ON svv_mv_info TO "IAMR:dbt"
-- next --
ALTER DEFAULT PRIVILEGES FOR USER "IAMR:ingestion" IN SCHEMA spacex, etl GRANT SELECT ON TABLES TO ROLE transformer
-- next --
SELECT 'user', usename, '' FROM pg_user
-- next --
SELECT 'role', role_name, '' FROM svv_roles
-- next --
SELECT 'grant', user_name, role_name FROM svv_user_grants
-- next --
SELECT seq, run_id, to_char(fetched_at, 'YYYY-MM-DD HH24:MI:SS.US') AS fetched_at, JSON_SERIALIZE(collections) AS collections
FROM etl.runs WHERE source = 'spacex' ORDER BY seq DESC LIMIT 400
-- next --
INSERT INTO etl.attempts (token, expires_at) SELECT '09c62e9effcc', getdate() + interval '6 hours'
-- next --
SELECT table_name, column_name, data_type, coalesce(character_maximum_length, 0), lower(is_nullable), coalesce(column_default, '') FROM svv_columns WHERE table_schema = 'spacex'
-- next --
CREATE TABLE IF NOT EXISTS spacex.launch_crew (
    launch_id varchar(24) NOT NULL,
    position bigint NOT NULL,
    crew_id varchar(24),
    _extra super,
    _row_hash varchar(32) NOT NULL,
    _run_id varchar(64) NOT NULL,
    _loaded_at timestamp NOT NULL,
    _deleted_at timestamp
)
-- next --
SELECT token FROM etl.attempts WHERE expires_at > getdate()
-- next --
CREATE TABLE staging_spacex.launch_crew__s_09c62e9effcc (
    launch_id varchar(24),
    position bigint,
    crew_id varchar(24),
    _extra varchar(65535),
    _row_hash varchar(32)
)
-- next --
COPY staging_spacex.launch_crew__s_09c62e9effcc (launch_id, position, crew_id, _extra, _row_hash)
FROM 's3://dpstack-dlake/stage/spacex/run=r1/manifests/a1/launch_crew.json'
IAM_ROLE default
FORMAT AS PARQUET
MANIFEST
-- next --
CREATE TABLE staging_spacex.crew__d_09c62e9effcc AS
SELECT CASE WHEN live.id IS NULL THEN 'inserted' WHEN live._deleted_at IS NOT NULL THEN 'revived' ELSE 'updated' END AS _change,
    fresh.id, fresh.name, fresh.agency, fresh.status, fresh.image, fresh.wikipedia, JSON_PARSE(fresh.launch_ids) AS launch_ids, JSON_PARSE(fresh._extra) AS _extra, fresh._row_hash, CAST('r1' AS varchar(64)) AS _run_id, CAST('2026-11-29 09:38:05.429110' AS timestamp) AS _loaded_at, CAST(NULL AS timestamp) AS _deleted_at
FROM staging_spacex.crew__s_09c62e9effcc AS fresh LEFT JOIN spacex.crew AS live ON live.id = fresh.id
WHERE live.id IS NULL OR live._row_hash <> fresh._row_hash OR live._deleted_at IS NOT NULL
UNION ALL
SELECT 'deleted' AS _change,
    live.id, live.name, live.agency, live.status, live.image, live.wikipedia, live.launch_ids, live._extra, live._row_hash, CAST('r1' AS varchar(64)) AS _run_id, CAST('2026-11-29 09:38:05.429110' AS timestamp) AS _loaded_at, CAST('2026-11-29 09:38:05.429110' AS timestamp) AS _deleted_at
FROM spacex.crew AS live LEFT JOIN staging_spacex.crew__s_09c62e9effcc AS fresh ON live.id = fresh.id
WHERE fresh.id IS NULL AND live._deleted_at IS NULL
-- next --
SELECT 'launches' AS table_name, _change, count(*) AS changes FROM staging_spacex.launches__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'launches' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.launches__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'launch_cores' AS table_name, _change, count(*) AS changes FROM staging_spacex.launch_cores__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'launch_cores' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT launch_id, position FROM staging_spacex.launch_cores__d_09c62e9effcc GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'launch_payloads' AS table_name, _change, count(*) AS changes FROM staging_spacex.launch_payloads__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'launch_payloads' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT launch_id, position FROM staging_spacex.launch_payloads__d_09c62e9effcc GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'launch_crew' AS table_name, _change, count(*) AS changes FROM staging_spacex.launch_crew__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'launch_crew' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT launch_id, position FROM staging_spacex.launch_crew__d_09c62e9effcc GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'launch_failures' AS table_name, _change, count(*) AS changes FROM staging_spacex.launch_failures__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'launch_failures' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT launch_id, position FROM staging_spacex.launch_failures__d_09c62e9effcc GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'launch_capsules' AS table_name, _change, count(*) AS changes FROM staging_spacex.launch_capsules__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'launch_capsules' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT launch_id, position FROM staging_spacex.launch_capsules__d_09c62e9effcc GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'launch_ships' AS table_name, _change, count(*) AS changes FROM staging_spacex.launch_ships__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'launch_ships' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT launch_id, position FROM staging_spacex.launch_ships__d_09c62e9effcc GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'payloads' AS table_name, _change, count(*) AS changes FROM staging_spacex.payloads__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'payloads' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.payloads__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'payload_customers' AS table_name, _change, count(*) AS changes FROM staging_spacex.payload_customers__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'payload_customers' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT payload_id, position FROM staging_spacex.payload_customers__d_09c62e9effcc GROUP BY payload_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'payload_nationalities' AS table_name, _change, count(*) AS changes FROM staging_spacex.payload_nationalities__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'payload_nationalities' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT payload_id, position FROM staging_spacex.payload_nationalities__d_09c62e9effcc GROUP BY payload_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'payload_manufacturers' AS table_name, _change, count(*) AS changes FROM staging_spacex.payload_manufacturers__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'payload_manufacturers' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT payload_id, position FROM staging_spacex.payload_manufacturers__d_09c62e9effcc GROUP BY payload_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'cores' AS table_name, _change, count(*) AS changes FROM staging_spacex.cores__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'cores' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.cores__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'capsules' AS table_name, _change, count(*) AS changes FROM staging_spacex.capsules__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'capsules' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.capsules__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'crew' AS table_name, _change, count(*) AS changes FROM staging_spacex.crew__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'crew' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.crew__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'dragons' AS table_name, _change, count(*) AS changes FROM staging_spacex.dragons__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'dragons' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.dragons__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'history' AS table_name, _change, count(*) AS changes FROM staging_spacex.history__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'history' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.history__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'landpads' AS table_name, _change, count(*) AS changes FROM staging_spacex.landpads__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'landpads' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.landpads__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'launchpads' AS table_name, _change, count(*) AS changes FROM staging_spacex.launchpads__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'launchpads' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.launchpads__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'rockets' AS table_name, _change, count(*) AS changes FROM staging_spacex.rockets__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'rockets' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.rockets__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'ships' AS table_name, _change, count(*) AS changes FROM staging_spacex.ships__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'ships' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.ships__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'starlink' AS table_name, _change, count(*) AS changes FROM staging_spacex.starlink__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'starlink' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.starlink__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'company' AS table_name, _change, count(*) AS changes FROM staging_spacex.company__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'company' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.company__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT 'roadster' AS table_name, _change, count(*) AS changes FROM staging_spacex.roadster__d_09c62e9effcc GROUP BY _change
UNION ALL
SELECT 'roadster' AS table_name, 'repeated' AS _change, count(*) AS changes FROM (SELECT id FROM staging_spacex.roadster__d_09c62e9effcc GROUP BY id HAVING count(*) > 1) AS twice
-- next --
SELECT 'launches' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.launches__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'payloads' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.payloads__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'cores' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.cores__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'capsules' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.capsules__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'crew' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.crew__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'dragons' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.dragons__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'history' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.history__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'landpads' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.landpads__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'launchpads' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.launchpads__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'rockets' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.rockets__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'ships' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.ships__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'starlink' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.starlink__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'company' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.company__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT 'roadster' AS table_name, CAST(id AS varchar(2600)) AS repeated_key FROM staging_spacex.roadster__s_09c62e9effcc GROUP BY id HAVING count(*) > 1
ORDER BY table_name, repeated_key LIMIT 3
-- next --
LOCK etl.load_lock
-- next --
SELECT 1 / CASE WHEN head = 0 AND runs = 0 AND heads >= 1 THEN 1 ELSE 0 END AS asserted FROM (SELECT coalesce(max(seq), 0) AS head, coalesce(sum(CASE WHEN run_id = 'r1' THEN 1 ELSE 0 END), 0) AS runs, (SELECT count(*) FROM etl.heads WHERE source = 'spacex' AND seq = 0) AS heads FROM etl.runs WHERE source = 'spacex') AS asserted_of
-- next --
UPDATE etl.heads SET seq = 1 WHERE source = 'spacex'
-- next --
MERGE INTO spacex.launch_crew USING staging_spacex.launch_crew__d_09c62e9effcc ON launch_crew.launch_id = launch_crew__d_09c62e9effcc.launch_id AND launch_crew.position = launch_crew__d_09c62e9effcc.position
WHEN MATCHED THEN UPDATE SET crew_id = launch_crew__d_09c62e9effcc.crew_id, _extra = launch_crew__d_09c62e9effcc._extra, _row_hash = launch_crew__d_09c62e9effcc._row_hash, _run_id = launch_crew__d_09c62e9effcc._run_id, _loaded_at = launch_crew__d_09c62e9effcc._loaded_at, _deleted_at = launch_crew__d_09c62e9effcc._deleted_at
WHEN NOT MATCHED THEN INSERT (launch_id, position, crew_id, _extra, _row_hash, _run_id, _loaded_at, _deleted_at) VALUES (launch_crew__d_09c62e9effcc.launch_id, launch_crew__d_09c62e9effcc.position, launch_crew__d_09c62e9effcc.crew_id, launch_crew__d_09c62e9effcc._extra, launch_crew__d_09c62e9effcc._row_hash, launch_crew__d_09c62e9effcc._run_id, launch_crew__d_09c62e9effcc._loaded_at, launch_crew__d_09c62e9effcc._deleted_at)
-- next --
SELECT 1 / CASE WHEN wrong = 0 THEN 1 ELSE 0 END AS asserted FROM (SELECT sum(wrong) AS wrong FROM (
SELECT CASE WHEN count(*) = 78 THEN 0 ELSE 1 END AS wrong FROM spacex.launches WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 82 THEN 0 ELSE 1 END AS wrong FROM spacex.launch_cores WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 85 THEN 0 ELSE 1 END AS wrong FROM spacex.launch_payloads WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 22 THEN 0 ELSE 1 END AS wrong FROM spacex.launch_crew WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 5 THEN 0 ELSE 1 END AS wrong FROM spacex.launch_failures WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 20 THEN 0 ELSE 1 END AS wrong FROM spacex.launch_capsules WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 78 THEN 0 ELSE 1 END AS wrong FROM spacex.launch_ships WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 85 THEN 0 ELSE 1 END AS wrong FROM spacex.payloads WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 100 THEN 0 ELSE 1 END AS wrong FROM spacex.payload_customers WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 88 THEN 0 ELSE 1 END AS wrong FROM spacex.payload_nationalities WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 83 THEN 0 ELSE 1 END AS wrong FROM spacex.payload_manufacturers WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 42 THEN 0 ELSE 1 END AS wrong FROM spacex.cores WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 16 THEN 0 ELSE 1 END AS wrong FROM spacex.capsules WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 21 THEN 0 ELSE 1 END AS wrong FROM spacex.crew WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 2 THEN 0 ELSE 1 END AS wrong FROM spacex.dragons WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 15 THEN 0 ELSE 1 END AS wrong FROM spacex.history WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 7 THEN 0 ELSE 1 END AS wrong FROM spacex.landpads WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 6 THEN 0 ELSE 1 END AS wrong FROM spacex.launchpads WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 4 THEN 0 ELSE 1 END AS wrong FROM spacex.rockets WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 12 THEN 0 ELSE 1 END AS wrong FROM spacex.ships WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 30 THEN 0 ELSE 1 END AS wrong FROM spacex.starlink WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 1 THEN 0 ELSE 1 END AS wrong FROM spacex.company WHERE _deleted_at IS NULL
UNION ALL
SELECT CASE WHEN count(*) = 1 THEN 0 ELSE 1 END AS wrong FROM spacex.roadster WHERE _deleted_at IS NULL
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.launches GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT launch_id, position FROM spacex.launch_cores GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT launch_id, position FROM spacex.launch_payloads GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT launch_id, position FROM spacex.launch_crew GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT launch_id, position FROM spacex.launch_failures GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT launch_id, position FROM spacex.launch_capsules GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT launch_id, position FROM spacex.launch_ships GROUP BY launch_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.payloads GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT payload_id, position FROM spacex.payload_customers GROUP BY payload_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT payload_id, position FROM spacex.payload_nationalities GROUP BY payload_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT payload_id, position FROM spacex.payload_manufacturers GROUP BY payload_id, position HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.cores GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.capsules GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.crew GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.dragons GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.history GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.landpads GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.launchpads GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.rockets GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.ships GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.starlink GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.company GROUP BY id HAVING count(*) > 1) AS twice
UNION ALL
SELECT count(*) AS wrong FROM (SELECT id FROM spacex.roadster GROUP BY id HAVING count(*) > 1) AS twice
) AS each_check) AS asserted_of
-- next --
DROP TABLE IF EXISTS staging_spacex.crew__s_09c62e9effcc
-- next --
SELECT trim(file_name), trim(column_name), trim(error_message) FROM sys_load_error_detail WHERE query_id = 7 ORDER BY start_time LIMIT 3
-- next --
SELECT token FROM etl.attempts WHERE expires_at > getdate()
-- next --
ALTER TABLE spacex.launches ADD COLUMN name varchar(256)
-- next --
ALTER TABLE spacex.launches ALTER COLUMN name TYPE varchar(512)
-- next --
DELETE FROM staging_spacex.crew__s_09c62e9effcc WHERE _record IN (SELECT _record FROM (SELECT _record, row_number() OVER (PARTITION BY id ORDER BY updated_at DESC, _record DESC) AS place FROM staging_spacex.crew__s_09c62e9effcc) AS ranked WHERE place > 1)
-- next --
DELETE FROM staging_spacex.crew__s_09c62e9effcc USING spacex.crew AS live WHERE live.id = crew__s_09c62e9effcc.id AND (live.updated_at > crew__s_09c62e9effcc.updated_at OR live.updated_at = crew__s_09c62e9effcc.updated_at AND live._deleted_at IS NOT NULL)
-- next --
DELETE FROM staging_spacex.launch_crew__s_09c62e9effcc WHERE NOT EXISTS (SELECT 1 FROM staging_spacex.crew__s_09c62e9effcc AS kept WHERE kept._record = launch_crew__s_09c62e9effcc._record)
