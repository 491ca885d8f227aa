-- System tables and views that only superusers can read, unless SELECT is granted: each of their pages in the Amazon Redshift
-- Database Developer Guide states it (read in the version of April 2023 and, for SYS views, in later ones). They exist without
-- columns, so that a user gets Redshift's error; `svv_table_info` and `svv_mv_info` are in views.sql. For the latter, AWS's page
-- states that all users can read it, while dbt's page on Redshift asks for a grant: the stricter of the two applies.
--
-- A serverless workgroup has no STL, STV, SVL and SVCS tables and views at all ("System monitoring (provisioned only)"): the
-- emulator knows those below by name only.

DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY string_to_array(
        'pg_statistic_indicator stl_analyze stl_commit_stats stl_connection_log stl_tr_conflict stl_usage_control '
        'stl_userlog stl_vacuum stv_blocklist stv_cursor_configuration stv_db_isolation_level stv_locks '
        'stv_node_storage_capacity stv_partitions stv_startup_recovery_state stv_tbl_perm stv_tbl_trans '
        'stv_wlm_classification_config stv_wlm_qmr_config stv_wlm_service_class_config stv_wlm_service_class_state '
        'svl_datashare_cross_region_usage svl_query_queue_info svl_user_info svl_vacuum_percentage '
        'svv_alter_table_recommendations svv_diskusage svv_identity_providers svv_interleaved_columns '
        'svv_vacuum_progress svv_vacuum_summary sys_analyze_history sys_connection_log '
        'sys_datashare_cross_region_usage stv_mv_info stl_query stl_load_errors stv_recents stv_inflight svl_qlog',
        ' ')
    LOOP
        EXECUTE format('CREATE VIEW pg_catalog.%I AS SELECT', name);
    END LOOP;
END $do$;
