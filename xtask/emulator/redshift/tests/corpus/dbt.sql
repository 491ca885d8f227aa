-- The statements that dbt-redshift 1.11.1 and redshift_connector 2.1.17 sent for this project: debug, build (twice, with a changed model
-- and a changed materialized view), build --full-refresh, docs generate, source freshness and unit tests. One of each form: names
-- and literals of data tests are not repeated, catalog queries list one or two relations, and temporary names have no times.
-- Statements are separated by a line `-- next --`.
-- next --
select pg_backend_pid()
-- next --
select 1 as id
-- next --
/* {"app": "dbt", "dbt_version": "1.11.14", "profile_name": "dpworld", "target_name": "dev", "connection_name": "list_dpstack"} */
    select distinct nspname from pg_namespace
-- next --
BEGIN
-- next --
/* {"app": "dbt", "dbt_version": "1.11.14", "profile_name": "dpworld", "target_name": "dev", "connection_name": "list_dpstack_analytics"} */
select
        table_catalog as database,
        table_name as name,
        table_schema as schema,
        'table' as type
      from information_schema.tables
      where table_schema ilike 'analytics'
      and table_type = 'BASE TABLE'
      union all
      select
        table_catalog as database,
        table_name as name,
        table_schema as schema,
        case
          when view_definition ilike '%create materialized view%'
            then 'materialized_view'
          else 'view'
        end as type
      from information_schema.views
      where table_schema ilike 'analytics'
      union all
      select distinct
        'dpstack' as database,
        proname as name,
        ns.nspname as schema,
        'function' as type
      from pg_proc
      join pg_namespace as ns on pronamespace = ns.oid
      where ns.nspname ilike 'analytics'
-- next --
rollback
-- next --
with
    relation as (
        select
            pg_class.oid as relation_id,
            pg_class.relname as relation_name,
            pg_class.relnamespace as schema_id,
            pg_namespace.nspname as schema_name,
            pg_class.relkind as relation_type
        from pg_class
        join pg_namespace
          on pg_class.relnamespace = pg_namespace.oid
        where pg_namespace.nspname != 'information_schema'
          and pg_namespace.nspname not like 'pg\_%'
    ),
    dependency as (
        select distinct
            coalesce(pg_rewrite.ev_class, pg_depend.objid) as dep_relation_id,
            pg_depend.refobjid as ref_relation_id,
            pg_depend.refclassid as ref_class_id
        from pg_depend
        left join pg_rewrite
          on pg_depend.objid = pg_rewrite.oid
        where coalesce(pg_rewrite.ev_class, pg_depend.objid) != pg_depend.refobjid
    )
select distinct
    dep.schema_name as dependent_schema,
    dep.relation_name as dependent_name,
    ref.schema_name as referenced_schema,
    ref.relation_name as referenced_name
from dependency
join relation ref
    on dependency.ref_relation_id = ref.relation_id
join relation dep
    on dependency.dep_relation_id = dep.relation_id
-- next --
COMMIT
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
with all_values as (
    select
        status as value_field,
        count(*) as n_records
    from (select * from "dpstack"."spacex"."crew" where _deleted_at is null) dbt_subquery
    group by status
)
select *
from all_values
where value_field not in (
    'active','inactive','retired','unknown'
)
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
    select *
    from "dpstack"."spacex"."capsules"
    where id is null
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
    select *
    from (select * from "dpstack"."spacex"."capsules" where _deleted_at is null) dbt_subquery
    where serial is null
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
with referring as (
    select * from (select * from "dpstack"."spacex"."launch_capsules" where _deleted_at is null) dbt_subquery
    where capsule_id is not null
),
referred as (
    select distinct id as value
    from "dpstack"."spacex"."capsules"
    where _deleted_at is null
)
select
    referring.capsule_id as not_found,
    referring.*
from referring
left join referred
    on referring.capsule_id = referred.value
where
    referred.value is null
    and exists (select 1 from "dpstack"."spacex"."capsules")
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) >0 as should_warn,
      count(*) >12 as should_error
    from (
with referring as (
    select * from (select * from "dpstack"."spacex"."launch_crew" where _deleted_at is null) dbt_subquery
    where crew_id is not null
),
referred as (
    select distinct id as value
    from "dpstack"."spacex"."crew"
    where _deleted_at is null
)
select
    referring.crew_id as not_found,
    referring.*
from referring
left join referred
    on referring.crew_id = referred.value
where
    referred.value is null
    and exists (select 1 from "dpstack"."spacex"."crew")
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
select
    launch_id, position,
    count(*) as occurrences
from "dpstack"."spacex"."launch_capsules"
group by launch_id, position
having
    count(*) > 1
        or launch_id is null
        or position is null
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
select
    id as unique_field,
    count(*) as n_records
from "dpstack"."spacex"."capsules"
where id is not null
group by id
having count(*) > 1
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
select
    serial as unique_field,
    count(*) as n_records
from (select * from "dpstack"."spacex"."capsules" where _deleted_at is null) dbt_subquery
where serial is not null
group by serial
having count(*) > 1
    ) dbt_internal_test
-- next --
create view "dpstack"."analytics"."stg_launch_capsules__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."launch_capsules"
),
renamed as (
    select
        launch_id,
        position as capsule_slot,
        capsule_id,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
alter table "dpstack"."analytics"."stg_launch_capsules__dbt_tmp" rename to "stg_launch_capsules"
-- next --
create view "dpstack"."analytics"."stg_launch_cores__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."launch_cores"
),
renamed as (
    select
        launch_id,
        position as core_slot,
        core_id,
        flight as reported_flight_number,
        gridfins as has_grid_fins,
        legs as has_legs,
        reused as is_reused,
        landing_attempt as is_landing_attempt,
        landing_success as is_landing_success,
        landing_type,
        landpad_id,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
drop view if exists "dpstack"."analytics"."stg_launch_capsules__dbt_backup" cascade
-- next --
create view "dpstack"."analytics"."stg_launch_failures__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."launch_failures"
),
renamed as (
    select
        launch_id,
        position as failure_number,
        time_s as failure_time_s,
        altitude_km as failure_altitude_km,
        reason as failure_reason,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_launch_crew__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."launch_crew"
),
renamed as (
    select
        launch_id,
        position as crew_slot,
        crew_id,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_launch_payloads__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."launch_payloads"
),
renamed as (
    select
        launch_id,
        position as payload_slot,
        payload_id,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_launch_ships__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."launch_ships"
),
renamed as (
    select
        launch_id,
        position as ship_slot,
        ship_id,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_payload_customers__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."payload_customers"
),
renamed as (
    select
        payload_id,
        position as customer_number,
        customer as customer_name,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_payload_manufacturers__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."payload_manufacturers"
),
renamed as (
    select
        payload_id,
        position as manufacturer_number,
        manufacturer as manufacturer_name,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_payload_nationalities__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."payload_nationalities"
),
renamed as (
    select
        payload_id,
        position as nationality_number,
        nationality,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_capsules__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."capsules"
),
renamed as (
    select
        id as capsule_id,
        serial as capsule_serial,
        status as capsule_status,
        type as capsule_type,
        reuse_count as reported_reuse_count,
        water_landings as reported_water_landings,
        land_landings as reported_land_landings,
        last_update,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_cores__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."cores"
),
renamed as (
    select
        id as core_id,
        serial as core_serial,
        status as core_status,
        block,
        reuse_count as reported_reuse_count,
        rtls_attempts as reported_rtls_attempts,
        rtls_landings as reported_rtls_landings,
        asds_landings as reported_asds_landings,
        last_update,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_company__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."company"
),
renamed as (
    select
        id as company_id,
        name as company_name,
        founder,
        founded as founded_year,
        employees as employee_count,
        vehicles as vehicle_type_count,
        launch_sites as launch_site_count,
        test_sites as test_site_count,
        ceo,
        cto,
        coo,
        cto_propulsion,
        valuation as valuation_usd,
        headquarters_address,
        headquarters_city,
        headquarters_state,
        link_website as website_url,
        summary,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_crew__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."crew"
),
renamed as (
    select
        id as crew_id,
        name as crew_name,
        agency,
        status as crew_status,
        image as portrait_url,
        wikipedia as wikipedia_url,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_dragons__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."dragons"
),
renamed as (
    select
        id as dragon_id,
        name as dragon_name,
        type as dragon_type,
        active as is_active,
        first_flight as first_flight_date,
        crew_capacity,
        orbit_duration_yr,
        dry_mass_kg,
        height_w_trunk_meters as height_with_trunk_m,
        diameter_meters as diameter_m,
        sidewall_angle_deg,
        heat_shield_material,
        heat_shield_size_meters as heat_shield_size_m,
        heat_shield_dev_partner,
        launch_payload_mass_kg,
        launch_payload_vol_cubic_meters as launch_payload_volume_m3,
        return_payload_mass_kg,
        return_payload_vol_cubic_meters as return_payload_volume_m3,
        pressurized_volume_cubic_meters as pressurized_volume_m3,
        trunk_volume_cubic_meters as trunk_volume_m3,
        trunk_cargo_solar_array as trunk_solar_arrays,
        trunk_cargo_unpressurized_cargo as is_trunk_for_unpressurized_cargo,
        thrusters,
        wikipedia as wikipedia_url,
        description,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_history__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."history"
),
renamed as (
    select
        id as event_id,
        title as event_title,
        event_date_utc as event_at_utc,
        details,
        link_article as article_url,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_landpads__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."landpads"
),
renamed as (
    select
        id as landpad_id,
        name as landpad_name,
        full_name as landpad_full_name,
        status as landpad_status,
        type as landing_type,
        locality,
        region,
        latitude as latitude_deg,
        longitude as longitude_deg,
        landing_attempts as reported_landing_attempts,
        landing_successes as reported_landing_successes,
        details,
        wikipedia as wikipedia_url,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."int_launch_changes__dbt_tmp" as (
    -- A deleted row changes its launch as well, for example a core that was removed from it. Staging excludes deleted rows,
-- so this model reads the loaded tables.
with changed as (
    select
        id as launch_id,
        _run_id as run_id
    from "dpstack"."spacex"."launches"
        union all
        select
            launch_id,
            _run_id as run_id
        from "dpstack"."spacex"."launch_cores"
        union all
        select
            launch_id,
            _run_id as run_id
        from "dpstack"."spacex"."launch_payloads"
        union all
        select
            launch_id,
            _run_id as run_id
        from "dpstack"."spacex"."launch_crew"
        union all
        select
            launch_id,
            _run_id as run_id
        from "dpstack"."spacex"."launch_failures"
        union all
        select
            launch_id,
            _run_id as run_id
        from "dpstack"."spacex"."launch_capsules"
        union all
        select
            launch_id,
            _run_id as run_id
        from "dpstack"."spacex"."launch_ships"
),
runs as (
    select
        run_id,
        seq
    from "dpstack"."etl"."runs"
    where source = 'spacex'
)
select
    changed.launch_id,
    max(coalesce(runs.seq, 0)) as run_seq
from changed
left join runs
    on changed.run_id = runs.run_id
group by changed.launch_id
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_launches__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."launches"
),
renamed as (
    select
        id as launch_id,
        name as launch_name,
        flight_number,
        rocket_id,
        launchpad_id,
        -- time
        date_utc as launch_at_utc,
        date_precision,
        case when date_precision in ('day', 'hour') then cast(date_utc as date) end as launch_date,
        case
            when date_precision in ('month', 'day', 'hour') then cast(date_trunc('month', date_utc) as date)
        end as launch_month,
        cast(extract(year from date_utc) as integer) as launch_year,
        upcoming as is_upcoming,
        launch_window_s,
        static_fire_date_utc as static_fire_at_utc,
        -- outcome
        success as is_success,
        details,
        fairings_reused as is_fairing_reused,
        fairings_recovery_attempt as is_fairing_recovery_attempt,
        fairings_recovered as is_fairing_recovered,
        -- links
        launch_library_id,
        link_webcast as webcast_url,
        link_article as article_url,
        link_wikipedia as wikipedia_url,
        link_presskit as press_kit_url,
        link_patch_small as patch_url,
        -- load of the row
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_launchpads__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."launchpads"
),
renamed as (
    select
        id as launchpad_id,
        name as launchpad_name,
        full_name as launchpad_full_name,
        status as launchpad_status,
        locality,
        region,
        timezone as time_zone,
        latitude as latitude_deg,
        longitude as longitude_deg,
        launch_attempts as reported_launches,
        launch_successes as reported_launch_successes,
        details,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_roadster__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."roadster"
),
renamed as (
    select
        id as roadster_id,
        name as roadster_name,
        norad_id,
        launch_date_utc as launch_at_utc,
        launch_mass_kg,
        epoch_jd as elements_at_julian_date,
        orbit_type,
        apoapsis_au,
        periapsis_au,
        eccentricity,
        inclination as inclination_deg,
        longitude as longitude_of_ascending_node_deg,
        periapsis_arg as arg_of_periapsis_deg,
        period_days as period_d,
        earth_distance_km,
        mars_distance_km,
        wikipedia as wikipedia_url,
        details,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_payloads__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."payloads"
),
renamed as (
    select
        id as payload_id,
        name as payload_name,
        type as payload_type,
        reused as is_reused,
        launch_id as reported_launch_id,
        mass_kg,
        get_array_length(norad_ids) as norad_id_count,
        -- orbit
        orbit,
        regime,
        reference_system,
        longitude as longitude_deg,
        semi_major_axis_km,
        eccentricity,
        periapsis_km,
        apoapsis_km,
        inclination_deg,
        period_min,
        mean_motion as mean_motion_rev_per_day,
        raan as raan_deg,
        arg_of_pericenter as arg_of_pericenter_deg,
        mean_anomaly as mean_anomaly_deg,
        epoch_utc as elements_at_utc,
        lifespan_years,
        -- Dragon only
        dragon_capsule_id,
        dragon_mass_returned_kg,
        dragon_flight_time_sec as dragon_flight_time_s,
        dragon_manifest as dragon_manifest_url,
        dragon_water_landing as is_dragon_water_landing,
        dragon_land_landing as is_dragon_land_landing,
        -- load of the row
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_rockets__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."rockets"
),
renamed as (
    select
        id as rocket_id,
        name as rocket_name,
        active as is_active,
        first_flight as first_flight_date,
        country,
        company,
        stages as stage_count,
        boosters as side_booster_count,
        cost_per_launch as cost_per_launch_usd,
        success_rate_pct as reported_success_rate_pct,
        height_meters as height_m,
        diameter_meters as diameter_m,
        mass_kg,
        -- first stage
        first_stage_reusable as is_first_stage_reusable,
        first_stage_engines as first_stage_engine_count,
        first_stage_thrust_sea_level_kn,
        first_stage_thrust_vacuum_kn,
        first_stage_fuel_amount_tons as first_stage_propellant_t,
        first_stage_burn_time_sec as first_stage_burn_time_s,
        -- second stage
        second_stage_reusable as is_second_stage_reusable,
        second_stage_engines as second_stage_engine_count,
        second_stage_thrust_kn,
        second_stage_fuel_amount_tons as second_stage_propellant_t,
        second_stage_burn_time_sec as second_stage_burn_time_s,
        second_stage_fairing_height_meters as fairing_height_m,
        second_stage_fairing_diameter_meters as fairing_diameter_m,
        -- one engine
        engines_type as engine_type,
        engines_version as engine_version,
        engines_layout as engine_layout,
        engines_engine_loss_max as engine_loss_max,
        engines_propellant_1 as oxidiser,
        engines_propellant_2 as fuel,
        engines_isp_sea_level as engine_isp_sea_level_s,
        engines_isp_vacuum as engine_isp_vacuum_s,
        engines_thrust_sea_level_kn as engine_thrust_sea_level_kn,
        engines_thrust_vacuum_kn as engine_thrust_vacuum_kn,
        engines_thrust_to_weight as engine_thrust_to_weight,
        landing_legs_number as landing_leg_count,
        landing_legs_material as landing_leg_material,
        payload_weights,
        wikipedia as wikipedia_url,
        description,
        -- load of the row
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_starlink__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."starlink"
),
renamed as (
    select
        id as satellite_id,
        norad_cat_id as norad_id,
        object_name as satellite_name,
        object_id as international_designator,
        version as satellite_version,
        launch_id,
        launch_date,
        site as launch_site,
        -- position
        decayed = 1 as is_decayed,
        decay_date,
        latitude as latitude_deg,
        longitude as longitude_deg,
        height_km,
        velocity_kms as velocity_km_s,
        -- orbital elements
        epoch_utc as elements_at_utc,
        inclination as inclination_deg,
        eccentricity,
        semimajor_axis as semi_major_axis_km,
        apoapsis as apoapsis_km,
        periapsis as periapsis_km,
        period as period_min,
        mean_motion as mean_motion_rev_per_day,
        ra_of_asc_node as raan_deg,
        arg_of_pericenter as arg_of_pericenter_deg,
        mean_anomaly as mean_anomaly_deg,
        bstar as bstar_per_earth_radius,
        tle_line1,
        tle_line2,
        rcs_size,
        -- load of the row
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create view "dpstack"."analytics"."stg_ships__dbt_tmp" as (
    with source as (
    select * from "dpstack"."spacex"."ships"
),
renamed as (
    select
        id as ship_id,
        name as ship_name,
        legacy_id,
        model,
        type as ship_type,
        roles,
        active as is_active,
        home_port,
        year_built,
        imo as imo_number,
        mmsi as mmsi_number,
        abs_id as abs_number,
        vessel_class as class_number,
        mass_kg,
        latitude as latitude_deg,
        longitude as longitude_deg,
        link as tracker_url,
        image as picture_url,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
  ) with no schema binding;
-- next --
create  table
    "dpstack"."analytics"."dim_cores__dbt_tmp"
    diststyle all
  as (
select
    core_id,
    core_serial,
    core_status,
    block,
    last_update
from "dpstack"."analytics"."stg_cores"
  );
-- next --
create  table
    "dpstack"."analytics"."dim_landpads__dbt_tmp"
    diststyle all
  as (
select
    landpad_id,
    landpad_name,
    landpad_full_name,
    landpad_status,
    landing_type,
    locality,
    region,
    latitude_deg,
    longitude_deg,
    details,
    wikipedia_url
from "dpstack"."analytics"."stg_landpads"
  );
-- next --
drop table if exists "dpstack"."analytics"."dim_cores__dbt_backup" cascade
-- next --
select * from (
    select *,
        md5(coalesce(cast(core_id as varchar ), '')
         || '|' || coalesce(cast(loaded_at_utc as varchar ), '')
        ) as dbt_scd_id,
        loaded_at_utc as dbt_updated_at,
        loaded_at_utc as valid_from_utc,
  coalesce(nullif(loaded_at_utc, loaded_at_utc), null)
  as valid_to_utc
from (
select
    core_id,
    core_serial,
    core_status,
    last_update,
    loaded_at_utc
from "dpstack"."analytics"."stg_cores"
    ) sbq
    ) as __dbt_sbq
    where false
    limit 0
-- next --
select * from (
        select cast(getdate() as timestamp) as dbt_snapshot_time
    ) as __dbt_sbq
    where false
    limit 0
-- next --
create  table
    "dpstack"."analytics"."core_status_history"
  as (
    select *,
        md5(coalesce(cast(core_id as varchar ), '')
         || '|' || coalesce(cast(loaded_at_utc as varchar ), '')
        ) as dbt_scd_id,
        loaded_at_utc as dbt_updated_at,
        loaded_at_utc as valid_from_utc,
  coalesce(nullif(loaded_at_utc, loaded_at_utc), null)
  as valid_to_utc
from (
select
    core_id,
    core_serial,
    core_status,
    last_update,
    loaded_at_utc
from "dpstack"."analytics"."stg_cores"
    ) sbq
  );
-- next --
create  table
    "dpstack"."analytics"."dim_capsules__dbt_tmp"
    diststyle all
  as (
with capsules as (
    select * from "dpstack"."analytics"."stg_capsules"
),
flights as (
    select
        launch_capsules.capsule_id,
        count(distinct launches.launch_id) as flight_count,
        min(launches.launch_at_utc) as first_launch_at_utc,
        max(launches.launch_at_utc) as last_launch_at_utc
    from "dpstack"."analytics"."stg_launch_capsules" as launch_capsules
    inner join "dpstack"."analytics"."stg_launches" as launches
        on launch_capsules.launch_id = launches.launch_id
    where not launches.is_upcoming
    group by launch_capsules.capsule_id
)
select
    capsules.capsule_id,
    capsules.capsule_serial,
    capsules.capsule_status,
    capsules.capsule_type,
    coalesce(flights.flight_count, 0) as flight_count,
    flights.first_launch_at_utc,
    flights.last_launch_at_utc,
    capsules.reported_reuse_count,
    capsules.reported_water_landings,
    capsules.last_update
from capsules
left join flights
    on capsules.capsule_id = flights.capsule_id
  );
-- next --
create  table
    "dpstack"."analytics"."fct_core_flights__dbt_tmp"
    diststyle key distkey (core_id)
      compound sortkey(launch_at_utc)
  as (
with launch_cores as (
    select * from "dpstack"."analytics"."stg_launch_cores"
),
launches as (
    select * from "dpstack"."analytics"."stg_launches"
),
flights as (
    select
        launch_cores.launch_id || '-' || cast(launch_cores.core_slot as varchar(8)) as core_flight_id,
        launch_cores.core_id,
        launch_cores.launch_id,
        launches.rocket_id,
        launches.launch_at_utc,
        launches.launch_date,
        launches.launch_year,
        launch_cores.reported_flight_number,
        launch_cores.is_reused,
        launch_cores.is_landing_attempt,
        launch_cores.is_landing_success,
        launch_cores.landing_type,
        launch_cores.landpad_id,
        row_number() over (
            partition by launch_cores.core_id
            order by launches.launch_at_utc, launches.launch_id
        ) as core_flight_number,
        lag(launches.launch_id) over (
            partition by launch_cores.core_id
            order by launches.launch_at_utc, launches.launch_id
        ) as previous_launch_id,
        lag(launches.launch_at_utc) over (
            partition by launch_cores.core_id
            order by launches.launch_at_utc, launches.launch_id
        ) as previous_launch_at_utc
    from launch_cores
    inner join launches
        on launch_cores.launch_id = launches.launch_id
    where
        launch_cores.core_id is not null
        and not launches.is_upcoming
)
select
    core_flight_id,
    core_id,
    launch_id,
    rocket_id,
    launch_at_utc,
    launch_date,
    launch_year,
    core_flight_number,
    reported_flight_number,
    is_reused,
    previous_launch_id,
    cast(datediff(second, previous_launch_at_utc, launch_at_utc) / 86400.0 as decimal(12, 2)) as turnaround_days,
    is_landing_attempt,
    is_landing_success,
    landing_type,
    landpad_id
from flights
  );
-- next --
create  table
    "dpstack"."analytics"."dim_crew__dbt_tmp"
    diststyle all
  as (
with crew as (
    select * from "dpstack"."analytics"."stg_crew"
),
flights as (
    select
        launch_crew.crew_id,
        count(distinct launches.launch_id) as flight_count,
        min(launches.launch_at_utc) as first_launch_at_utc,
        max(launches.launch_at_utc) as last_launch_at_utc
    from "dpstack"."analytics"."stg_launch_crew" as launch_crew
    inner join "dpstack"."analytics"."stg_launches" as launches
        on launch_crew.launch_id = launches.launch_id
    where not launches.is_upcoming
    group by launch_crew.crew_id
)
select
    crew.crew_id,
    crew.crew_name,
    crew.agency,
    crew.crew_status,
    coalesce(flights.flight_count, 0) as flight_count,
    flights.first_launch_at_utc,
    flights.last_launch_at_utc,
    crew.portrait_url,
    crew.wikipedia_url
from crew
left join flights
    on crew.crew_id = flights.crew_id
  );
-- next --
create  table
    "dpstack"."analytics"."dim_launchpads__dbt_tmp"
    diststyle all
  as (
select
    launchpad_id,
    launchpad_name,
    launchpad_full_name,
    launchpad_status,
    locality,
    region,
    time_zone,
    latitude_deg,
    longitude_deg,
    details
from "dpstack"."analytics"."stg_launchpads"
  );
-- next --
create  table
    "dpstack"."analytics"."fct_payloads__dbt_tmp"
    diststyle all
      compound sortkey(launch_at_utc)
  as (
with payloads as (
    select * from "dpstack"."analytics"."stg_payloads"
),
launches as (
    select * from "dpstack"."analytics"."stg_launches"
),
-- a payload's launch is in two places: in the launch's list and in the payload
claims as (
    select
        payload_id,
        launch_id,
        1 as is_listed,
        0 as is_reported
    from "dpstack"."analytics"."stg_launch_payloads"
    union all
    select
        payload_id,
        reported_launch_id as launch_id,
        0 as is_listed,
        1 as is_reported
    from payloads
    where reported_launch_id is not null
),
candidates as (
    select
        claims.payload_id,
        claims.launch_id,
        max(claims.is_listed) as is_listed,
        max(claims.is_reported) as is_reported
    from claims
    group by
        claims.payload_id,
        claims.launch_id
),
-- precedence: both places, then the launch's list, then the payload; then the earlier launch. Deleted launches are
-- excluded
ranked as (
    select
        candidates.payload_id,
        candidates.launch_id,
        case
            when candidates.is_listed = 1 and candidates.is_reported = 1 then 'both'
            when candidates.is_listed = 1 then 'listed'
            else 'reported'
        end as launch_link,
        row_number() over (
            partition by candidates.payload_id
            order by
                candidates.is_listed desc,
                candidates.is_reported desc,
                launches.launch_at_utc asc,
                launches.launch_id asc
        ) as preference
    from candidates
    inner join launches
        on candidates.launch_id = launches.launch_id
),
customers as (
    select
        payload_id,
        listagg(customer_name, ', ') within group (order by customer_name) as customers
    from "dpstack"."analytics"."stg_payload_customers"
    group by payload_id
),
nationalities as (
    select
        payload_id,
        listagg(nationality, ', ') within group (order by nationality) as nationalities
    from "dpstack"."analytics"."stg_payload_nationalities"
    group by payload_id
),
manufacturers as (
    select
        payload_id,
        listagg(manufacturer_name, ', ') within group (order by manufacturer_name) as manufacturers
    from "dpstack"."analytics"."stg_payload_manufacturers"
    group by payload_id
)
select
    payloads.payload_id,
    payloads.payload_name,
    payloads.payload_type,
    payloads.is_reused,
    payloads.dragon_capsule_id as capsule_id,
    ranked.launch_id,
    ranked.launch_link,
    launches.rocket_id,
    launches.launch_at_utc,
    launches.launch_date,
    launches.launch_year,
    coalesce(not launches.is_upcoming, false) as is_flown,
    launches.is_success as is_launch_success,
    payloads.orbit,
    payloads.regime,
    payloads.mass_kg,
    payloads.norad_id_count,
    payloads.lifespan_years,
    payloads.periapsis_km,
    payloads.apoapsis_km,
    payloads.inclination_deg,
    payloads.period_min,
    customers.customers,
    nationalities.nationalities,
    manufacturers.manufacturers
from payloads
left join ranked
    on
        payloads.payload_id = ranked.payload_id
        and ranked.preference = 1
left join launches
    on ranked.launch_id = launches.launch_id
left join customers
    on payloads.payload_id = customers.payload_id
left join nationalities
    on payloads.payload_id = nationalities.payload_id
left join manufacturers
    on payloads.payload_id = manufacturers.payload_id
  );
-- next --
create  table
    "dpstack"."analytics"."dim_rockets__dbt_tmp"
    diststyle all
  as (
select
    rocket_id,
    rocket_name,
    is_active,
    first_flight_date,
    country,
    company,
    stage_count,
    side_booster_count,
    height_m,
    diameter_m,
    mass_kg,
    is_first_stage_reusable,
    first_stage_engine_count,
    first_stage_thrust_sea_level_kn,
    engine_type,
    engine_version,
    oxidiser,
    fuel,
    cost_per_launch_usd,
    wikipedia_url
from "dpstack"."analytics"."stg_rockets"
  );
-- next --
create  table
    "dpstack"."analytics"."starlink_shells__dbt_tmp"
    diststyle all
  as (
with satellites as (
    select * from "dpstack"."analytics"."stg_starlink"
),
-- drag lowers an orbit but keeps its inclination, which identifies the shell of a decayed satellite too
in_shells as (
    select
        satellite_version,
        is_decayed,
        height_km,
        launch_date,
        decay_date,
        case
            when inclination_deg between 52 and 54 then '53 degrees'
            when inclination_deg between 69 and 71 then '70 degrees'
            when inclination_deg between 97 and 98 then 'polar, 97.6 degrees'
            else 'other'
        end as shell
    from satellites
)
select
    shell,
    coalesce(satellite_version, 'unknown') as satellite_version,
    count(*) as satellites,
    count(case when not is_decayed then 1 end) as satellites_in_orbit,
    count(case when is_decayed then 1 end) as satellites_decayed,
    cast(cast(count(case when is_decayed then 1 end) as double precision) / nullif(count(*), 0) as decimal(7, 4)) as decayed_share,
    cast(avg(height_km) as decimal(8, 2)) as average_height_km,
    min(launch_date) as first_launch_date,
    max(launch_date) as last_launch_date,
    max(decay_date) as last_decay_date
from in_shells
group by
    shell,
    coalesce(satellite_version, 'unknown')
  );
-- next --
create  table
    "dpstack"."analytics"."fct_launches"
    diststyle key distkey (launch_id)
      compound sortkey(launch_at_utc)
  as (
with launches as (
    select * from "dpstack"."analytics"."stg_launches"
),
changes as (
    select * from "dpstack"."analytics"."int_launch_changes"
),
cores as (
    select
        launch_id,
        count(core_id) as core_count,
        count(case when core_id is not null and is_reused then 1 end) as reused_core_count,
        count(case when core_id is not null and is_landing_attempt then 1 end) as landing_attempt_count,
        count(case when core_id is not null and is_landing_success then 1 end) as landing_success_count
    from "dpstack"."analytics"."stg_launch_cores"
    group by launch_id
),
payloads as (
    select
        launch_id,
        count(*) as payload_count
    from "dpstack"."analytics"."stg_launch_payloads"
    group by launch_id
),
crew as (
    select
        launch_id,
        count(*) as crew_count
    from "dpstack"."analytics"."stg_launch_crew"
    group by launch_id
),
capsules as (
    select
        launch_id,
        count(*) as capsule_count
    from "dpstack"."analytics"."stg_launch_capsules"
    group by launch_id
),
ships as (
    select
        launch_id,
        count(*) as ship_count
    from "dpstack"."analytics"."stg_launch_ships"
    group by launch_id
),
failures as (
    select
        launch_id,
        min(failure_time_s) as failure_time_s,
        listagg(failure_reason, ', ') within group (order by failure_reason) as failure_reason
    from "dpstack"."analytics"."stg_launch_failures"
    group by launch_id
),
final as (
    select
        launches.launch_id,
        launches.launch_name,
        launches.flight_number,
        launches.rocket_id,
        launches.launchpad_id,
        launches.launch_at_utc,
        launches.date_precision,
        launches.launch_date,
        launches.launch_month,
        launches.launch_year,
        launches.is_upcoming,
        launches.is_success,
        case
            when launches.is_upcoming then 'planned'
            when launches.is_success then 'success'
            when not launches.is_success then 'failure'
            else 'unknown'
        end as launch_outcome,
        failures.failure_time_s,
        failures.failure_reason,
        coalesce(cores.core_count, 0) as core_count,
        coalesce(cores.reused_core_count, 0) as reused_core_count,
        coalesce(cores.landing_attempt_count, 0) as landing_attempt_count,
        coalesce(cores.landing_success_count, 0) as landing_success_count,
        coalesce(payloads.payload_count, 0) as payload_count,
        coalesce(crew.crew_count, 0) as crew_count,
        coalesce(capsules.capsule_count, 0) as capsule_count,
        coalesce(ships.ship_count, 0) as ship_count,
        launches.launch_window_s,
        launches.static_fire_at_utc,
        launches.is_fairing_reused,
        launches.is_fairing_recovered,
        launches.webcast_url,
        changes.run_seq
    from launches
    inner join changes
        on launches.launch_id = changes.launch_id
    left join cores
        on launches.launch_id = cores.launch_id
    left join payloads
        on launches.launch_id = payloads.launch_id
    left join crew
        on launches.launch_id = crew.launch_id
    left join capsules
        on launches.launch_id = capsules.launch_id
    left join ships
        on launches.launch_id = ships.launch_id
    left join failures
        on launches.launch_id = failures.launch_id
)
select final.*
from final
  );
-- next --
delete from "dpstack"."analytics"."fct_launches" where launch_id not in (select launch_id from "dpstack"."analytics"."stg_launches")
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
  -- Planned launches have slots without a core (some have nine nulls and are dropped by the load). Such a slot is not a
-- flight, and every past slot with a core is one. Returns the slots that differ.
with slots as (
    select
        launch_cores.launch_id || '-' || cast(launch_cores.position as varchar(8)) as core_flight_id,
        launch_cores.core_id,
        launches.upcoming
    from "dpstack"."spacex"."launch_cores" as launch_cores
    inner join "dpstack"."spacex"."launches" as launches
        on launch_cores.launch_id = launches.id
    where
        launch_cores._deleted_at is null
        and launches._deleted_at is null
)
select
    slots.core_flight_id as slot,
    slots.core_id,
    slots.upcoming,
    flights.core_flight_id
from slots
full outer join "dpstack"."analytics"."fct_core_flights" as flights
    on slots.core_flight_id = flights.core_flight_id
where
    slots.core_flight_id is null
    or (flights.core_flight_id is null and slots.core_id is not null and not slots.upcoming)
    or (flights.core_flight_id is not null and (slots.core_id is null or slots.upcoming))
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
  -- A core's flights are at different times. Returns flights that are not later than the previous one.
select
    core_flight_id,
    core_id,
    launch_at_utc,
    previous_launch_id,
    turnaround_days
from "dpstack"."analytics"."fct_core_flights"
where turnaround_days <= 0
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
with referring as (
    select * from "dpstack"."analytics"."fct_core_flights"
    where core_id is not null
),
referred as (
    select distinct core_id as value
    from "dpstack"."analytics"."dim_cores"
    where true
)
select
    referring.core_id as not_found,
    referring.*
from referring
left join referred
    on referring.core_id = referred.value
where
    referred.value is null
    and exists (select 1 from "dpstack"."analytics"."dim_cores")
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
select
    core_id, launch_id,
    count(*) as occurrences
from "dpstack"."analytics"."fct_core_flights"
group by core_id, launch_id
having
    count(*) > 1
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
with all_values as (
    select
        launch_link as value_field,
        count(*) as n_records
    from "dpstack"."analytics"."fct_payloads"
    group by launch_link
)
select *
from all_values
where value_field not in (
    'both','listed','reported'
)
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
  -- flight_number is neither unique nor stable (four launches have 188), but every live launch must occur exactly once.
-- Returns launches that are missing, duplicated or deleted.
with loaded as (
    select id as launch_id
    from "dpstack"."spacex"."launches"
    where _deleted_at is null
),
built as (
    select
        launch_id,
        count(*) as built_rows
    from "dpstack"."analytics"."fct_launches"
    group by launch_id
)
select
    loaded.launch_id,
    built.launch_id as built_launch_id,
    built.built_rows
from loaded
full outer join built
    on loaded.launch_id = built.launch_id
where
    loaded.launch_id is null
    or built.launch_id is null
    or built.built_rows <> 1
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
  -- The incremental model has the last change of every launch. Returns launches that are older than their last load.
select
    launches.launch_id,
    launches.launch_name,
    launches.run_seq as built_from,
    changes.run_seq as last_change
from "dpstack"."analytics"."fct_launches" as launches
inner join "dpstack"."analytics"."int_launch_changes" as changes
    on launches.launch_id = changes.launch_id
where launches.run_seq <> changes.run_seq
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
  -- fct_launches and fct_core_flights count landings in different ways. Returns past launches with different counts.
with flights as (
    select
        launch_id,
        count(*) as core_count,
        count(case when is_landing_attempt then 1 end) as landing_attempt_count,
        count(case when is_landing_success then 1 end) as landing_success_count
    from "dpstack"."analytics"."fct_core_flights"
    group by launch_id
)
select
    launches.launch_id,
    launches.launch_name,
    launches.core_count,
    flights.core_count as flight_count,
    launches.landing_attempt_count,
    flights.landing_attempt_count as flight_landing_attempt_count,
    launches.landing_success_count,
    flights.landing_success_count as flight_landing_success_count
from "dpstack"."analytics"."fct_launches" as launches
left join flights
    on launches.launch_id = flights.launch_id
where
    not launches.is_upcoming
    and (
        launches.core_count <> coalesce(flights.core_count, 0)
        or launches.landing_attempt_count <> coalesce(flights.landing_attempt_count, 0)
        or launches.landing_success_count <> coalesce(flights.landing_success_count, 0)
    )
    ) dbt_internal_test
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
  -- date_unix and date_local contradict date_utc in a few records; date_utc is used. Returns launches with another time.
select
    launches.launch_id,
    launches.launch_name,
    launches.launch_at_utc,
    loaded.date_utc,
    loaded.date_unix
from "dpstack"."analytics"."fct_launches" as launches
inner join "dpstack"."spacex"."launches" as loaded
    on launches.launch_id = loaded.id
where launches.launch_at_utc <> loaded.date_utc
    ) dbt_internal_test
-- next --
create  table
    "dpstack"."analytics"."booster_reuse_by_year__dbt_tmp"
    diststyle all
      compound sortkey(launch_year)
  as (
with flights as (
    select * from "dpstack"."analytics"."fct_core_flights"
),
counted as (
    select
        launch_year,
        count(*) as core_flights,
        count(distinct core_id) as cores,
        count(case when is_reused then 1 end) as reflights
    from flights
    group by launch_year
),
-- separate from the count of distinct cores: Redshift does not guarantee both in one query
turnarounds as (
    select
        launch_year,
        min(turnaround_days) as fastest_turnaround_days,
        cast(percentile_cont(0.5) within group (order by turnaround_days) as decimal(12, 2)) as median_turnaround_days
    from flights
    where turnaround_days is not null
    group by launch_year
)
select
    counted.launch_year,
    counted.core_flights,
    counted.cores,
    counted.reflights,
    cast(cast(counted.reflights as double precision) / nullif(counted.core_flights, 0) as decimal(7, 4)) as reflight_share,
    turnarounds.fastest_turnaround_days,
    turnarounds.median_turnaround_days
from counted
left join turnarounds
    on counted.launch_year = turnarounds.launch_year
  );
-- next --
create  table
    "dpstack"."analytics"."booster_reuse_by_core__dbt_tmp"
    diststyle all
  as (
with flights as (
    select * from "dpstack"."analytics"."fct_core_flights"
),
cores as (
    select * from "dpstack"."analytics"."dim_cores"
),
counted as (
    select
        core_id,
        count(*) as flights,
        count(case when is_reused then 1 end) as reflights,
        count(case when is_landing_attempt then 1 end) as landing_attempts,
        count(case when is_landing_success then 1 end) as landing_successes,
        min(launch_date) as first_flight_date,
        max(launch_date) as last_flight_date,
        min(turnaround_days) as fastest_turnaround_days,
        cast(avg(cast(turnaround_days as double precision)) as decimal(12, 2)) as average_turnaround_days
    from flights
    group by core_id
)
select
    counted.core_id,
    cores.core_serial,
    cores.block,
    cores.core_status,
    counted.flights,
    counted.reflights,
    counted.landing_attempts,
    counted.landing_successes,
    counted.first_flight_date,
    counted.last_flight_date,
    counted.fastest_turnaround_days,
    counted.average_turnaround_days
from counted
left join cores
    on counted.core_id = cores.core_id
  );
-- next --
create  table
    "dpstack"."analytics"."landing_success_by_pad__dbt_tmp"
    diststyle all
  as (
with landings as (
    select * from "dpstack"."analytics"."fct_core_flights"
    where is_landing_attempt
),
landpads as (
    select * from "dpstack"."analytics"."dim_landpads"
),
counted as (
    select
        landing_type,
        landpad_id,
        count(*) as attempts,
        count(case when is_landing_success then 1 end) as successes,
        count(case when not is_landing_success then 1 end) as failures,
        count(case when is_landing_success is null then 1 end) as unknown_outcomes,
        min(launch_date) as first_attempt_date,
        max(launch_date) as last_attempt_date
    from landings
    group by
        landing_type,
        landpad_id
)
select
    counted.landing_type,
    counted.landpad_id,
    landpads.landpad_name,
    counted.attempts,
    counted.successes,
    counted.failures,
    counted.unknown_outcomes,
    cast(cast(counted.successes as double precision) / nullif(counted.successes + counted.failures, 0) as decimal(7, 4)) as success_rate,
    counted.first_attempt_date,
    counted.last_attempt_date
from counted
left join landpads
    on counted.landpad_id = landpads.landpad_id
  );
-- next --
create  table
    "dpstack"."analytics"."landing_success_by_year__dbt_tmp"
    diststyle all
      compound sortkey(launch_year)
  as (
with landings as (
    select * from "dpstack"."analytics"."fct_core_flights"
    where is_landing_attempt
),
counted as (
    select
        launch_year,
        landing_type,
        count(*) as attempts,
        count(case when is_landing_success then 1 end) as successes,
        count(case when not is_landing_success then 1 end) as failures,
        count(case when is_landing_success is null then 1 end) as unknown_outcomes
    from landings
    group by
        launch_year,
        landing_type
)
select
    launch_year,
    landing_type,
    attempts,
    successes,
    failures,
    unknown_outcomes,
    cast(cast(successes as double precision) / nullif(successes + failures, 0) as decimal(7, 4)) as success_rate
from counted
  );
-- next --
create  table
    "dpstack"."analytics"."mass_to_orbit_by_year__dbt_tmp"
    diststyle all
      compound sortkey(launch_year)
  as (
with payloads as (
    select * from "dpstack"."analytics"."fct_payloads"
    where
        is_flown
        and is_launch_success
),
in_orbit as (
    select
        launch_year,
        coalesce(regime, 'unknown') as regime,
        mass_kg
    from payloads
    where regime is null or regime <> 'sub-orbital'
)
select
    launch_year,
    regime,
    count(*) as payloads,
    count(mass_kg) as payloads_with_mass,
    cast(sum(mass_kg) as decimal(18, 2)) as mass_kg
from in_orbit
group by
    launch_year,
    regime
  );
-- next --
create  table
    "dpstack"."analytics"."payloads_by_customer__dbt_tmp"
    diststyle all
  as (
with customers as (
    select distinct
        payload_id,
        customer_name
    from "dpstack"."analytics"."stg_payload_customers"
),
payloads as (
    select * from "dpstack"."analytics"."fct_payloads"
)
select
    customers.customer_name,
    count(*) as payloads,
    count(case when payloads.is_flown then 1 end) as flown_payloads,
    count(distinct case when payloads.is_flown then payloads.launch_id end) as launches,
    cast(sum(case when payloads.is_flown then payloads.mass_kg end) as decimal(18, 2)) as flown_mass_kg,
    min(case when payloads.is_flown then payloads.launch_date end) as first_launch_date,
    max(case when payloads.is_flown then payloads.launch_date end) as last_launch_date
from customers
inner join payloads
    on customers.payload_id = payloads.payload_id
group by customers.customer_name
  );
-- next --
create  table
    "dpstack"."analytics"."payloads_by_nationality__dbt_tmp"
    diststyle all
  as (
with nationalities as (
    select distinct
        payload_id,
        nationality
    from "dpstack"."analytics"."stg_payload_nationalities"
),
payloads as (
    select * from "dpstack"."analytics"."fct_payloads"
)
select
    nationalities.nationality,
    count(*) as payloads,
    count(case when payloads.is_flown then 1 end) as flown_payloads,
    count(distinct case when payloads.is_flown then payloads.launch_id end) as launches,
    cast(sum(case when payloads.is_flown then payloads.mass_kg end) as decimal(18, 2)) as flown_mass_kg,
    min(case when payloads.is_flown then payloads.launch_date end) as first_launch_date,
    max(case when payloads.is_flown then payloads.launch_date end) as last_launch_date
from nationalities
inner join payloads
    on nationalities.payload_id = payloads.payload_id
group by nationalities.nationality
  );
-- next --
create  table
    "dpstack"."analytics"."fastest_turnarounds__dbt_tmp"
    diststyle all
      compound sortkey(turnaround_rank)
  as (
with flights as (
    select * from "dpstack"."analytics"."fct_core_flights"
    where turnaround_days is not null
),
cores as (
    select * from "dpstack"."analytics"."dim_cores"
),
launches as (
    select * from "dpstack"."analytics"."fct_launches"
)
select
    rank() over (order by flights.turnaround_days) as turnaround_rank,
    flights.turnaround_days,
    flights.core_flight_id,
    flights.core_id,
    cores.core_serial,
    flights.core_flight_number,
    flights.launch_id,
    launches.launch_name,
    flights.launch_at_utc,
    flights.previous_launch_id,
    previous_launches.launch_name as previous_launch_name,
    previous_launches.launch_at_utc as previous_launch_at_utc
from flights
left join cores
    on flights.core_id = cores.core_id
left join launches
    on flights.launch_id = launches.launch_id
left join launches as previous_launches
    on flights.previous_launch_id = previous_launches.launch_id
  );
-- next --
create materialized view "dpstack"."analytics"."mv_launches_by_month"
        backup yes
        diststyle all
        auto refresh yes
    as (
        select
    launch_year,
    launch_month,
    rocket_id,
    count(case when launch_outcome <> 'planned' then 1 end) as launches,
    count(case when launch_outcome = 'success' then 1 end) as successes,
    count(case when launch_outcome = 'failure' then 1 end) as failures,
    count(case when launch_outcome = 'unknown' then 1 end) as unknown_outcomes,
    count(case when launch_outcome = 'planned' then 1 end) as planned_launches
from "dpstack"."analytics"."fct_launches"
group by
    launch_year,
    launch_month,
    rocket_id
    )
-- next --
create  table
    "dpstack"."analytics"."starlink_decay_by_launch__dbt_tmp"
    diststyle all
      compound sortkey(launch_date)
  as (
with satellites as (
    select * from "dpstack"."analytics"."stg_starlink"
),
launches as (
    select * from "dpstack"."analytics"."fct_launches"
),
counted as (
    select
        launch_id,
        min(launch_date) as launch_date,
        count(*) as satellites,
        count(case when not is_decayed then 1 end) as satellites_in_orbit,
        count(case when is_decayed then 1 end) as satellites_decayed,
        cast(cast(count(case when is_decayed then 1 end) as double precision) / nullif(count(*), 0) as decimal(7, 4)) as decayed_share,
        min(decay_date) as first_decay_date,
        max(decay_date) as last_decay_date,
        cast(avg(cast(decay_date - launch_date as double precision)) as decimal(12, 2)) as average_days_to_decay,
        cast(avg(height_km) as decimal(8, 2)) as average_height_km
    from satellites
    group by launch_id
)
select
    counted.launch_id,
    launches.launch_name,
    counted.launch_date,
    counted.satellites,
    counted.satellites_in_orbit,
    counted.satellites_decayed,
    counted.decayed_share,
    counted.first_decay_date,
    counted.last_decay_date,
    counted.average_days_to_decay,
    counted.average_height_km
from counted
left join launches
    on counted.launch_id = launches.launch_id
  );
-- next --
drop materialized view if exists "dpstack"."analytics"."mv_launches_by_month__dbt_backup" cascade
-- next --
create  table
    "dpstack"."analytics"."launch_cadence_by_month__dbt_tmp"
    diststyle all
      compound sortkey(launch_month)
  as (
with months as (
    select * from "dpstack"."analytics"."mv_launches_by_month"
    where launch_month is not null
),
rockets as (
    select * from "dpstack"."analytics"."dim_rockets"
)
select
    months.launch_month,
    months.rocket_id,
    rockets.rocket_name,
    months.launches,
    months.successes,
    months.failures,
    months.unknown_outcomes,
    cast(cast(months.successes as double precision) / nullif(months.successes + months.failures, 0) as decimal(7, 4)) as success_rate,
    months.planned_launches
from months
left join rockets
    on months.rocket_id = rockets.rocket_id
  );
-- next --
create  table
    "dpstack"."analytics"."launch_cadence_by_year__dbt_tmp"
    diststyle all
      compound sortkey(launch_year)
  as (
with months as (
    select * from "dpstack"."analytics"."mv_launches_by_month"
),
rockets as (
    select * from "dpstack"."analytics"."dim_rockets"
),
years as (
    select
        launch_year,
        rocket_id,
        cast(sum(launches) as bigint) as launches,
        cast(sum(successes) as bigint) as successes,
        cast(sum(failures) as bigint) as failures,
        cast(sum(unknown_outcomes) as bigint) as unknown_outcomes,
        cast(sum(planned_launches) as bigint) as planned_launches
    from months
    group by
        launch_year,
        rocket_id
)
select
    years.launch_year,
    years.rocket_id,
    rockets.rocket_name,
    years.launches,
    years.successes,
    years.failures,
    years.unknown_outcomes,
    cast(cast(years.successes as double precision) / nullif(years.successes + years.failures, 0) as decimal(7, 4)) as success_rate,
    years.planned_launches
from years
left join rockets
    on years.rocket_id = rockets.rocket_id
  );
-- next --
select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
  -- The cadence reads the launches through a materialized view. Returns years with different counts.
with launches as (
    select
        launch_year,
        count(*) as launches
    from "dpstack"."analytics"."fct_launches"
    group by launch_year
),
cadence as (
    select
        launch_year,
        sum(launches + planned_launches) as launches
    from "dpstack"."analytics"."launch_cadence_by_year"
    group by launch_year
)
select
    launches.launch_year,
    launches.launches,
    cadence.launch_year as cadence_year,
    cadence.launches as cadence_launches
from launches
full outer join cadence
    on launches.launch_year = cadence.launch_year
where
    launches.launch_year is null
    or cadence.launch_year is null
    or launches.launches <> cadence.launches
    ) dbt_internal_test
-- next --
select * from (
        select core_status from (
select
    core_id,
    core_serial,
    core_status,
    last_update,
    loaded_at_utc
from "dpstack"."analytics"."stg_cores"
            ) subq
    ) as __dbt_sbq
    where false
    limit 0
-- next --
with bound_views as (
        select
          ordinal_position,
          table_schema,
          column_name,
          data_type,
          character_maximum_length,
          numeric_precision,
          numeric_scale
        from information_schema."columns"
        where table_name = 'core_status_history'
    ),
    unbound_views as (
      select
        ordinal_position,
        view_schema,
        col_name,
        case
          when col_type ilike 'character varying%' then
            'character varying'
          when col_type ilike 'numeric%' then 'numeric'
          else col_type
        end as col_type,
        case
          when col_type like 'character%'
          then nullif(REGEXP_SUBSTR(col_type, '[0-9]+'), '')::int
          else null
        end as character_maximum_length,
        case
          when col_type like 'numeric%'
          then nullif(
            SPLIT_PART(REGEXP_SUBSTR(col_type, '[0-9,]+'), ',', 1),
            '')::int
          else null
        end as numeric_precision,
        case
          when col_type like 'numeric%'
          then nullif(
            SPLIT_PART(REGEXP_SUBSTR(col_type, '[0-9,]+'), ',', 2),
            '')::int
          else null
        end as numeric_scale
      from pg_get_late_binding_view_cols()
      cols(view_schema name, view_name name, col_name name,
           col_type varchar, ordinal_position int)
      where view_name = 'core_status_history'
    ),
    external_views as (
      select
        columnnum,
        schemaname,
        columnname,
        case
          when external_type ilike 'character varying%' or external_type ilike 'varchar%'
          then 'character varying'
          when external_type ilike 'numeric%' then 'numeric'
          else external_type
        end as external_type,
        case
          when external_type like 'character%' or external_type like 'varchar%'
          then nullif(
            REGEXP_SUBSTR(external_type, '[0-9]+'),
            '')::int
          else null
        end as character_maximum_length,
        case
          when external_type like 'numeric%'
          then nullif(
            SPLIT_PART(REGEXP_SUBSTR(external_type, '[0-9,]+'), ',', 1),
            '')::int
          else null
        end as numeric_precision,
        case
          when external_type like 'numeric%'
          then nullif(
            SPLIT_PART(REGEXP_SUBSTR(external_type, '[0-9,]+'), ',', 2),
            '')::int
          else null
        end as numeric_scale
      from
        pg_catalog.svv_external_columns
      where
        schemaname = 'analytics'
        and tablename = 'core_status_history'
    ),
    unioned as (
      select * from bound_views
      union all
      select * from unbound_views
      union all
      select * from external_views
    )
    select
      column_name,
      data_type,
      character_maximum_length,
      numeric_precision,
      numeric_scale
    from unioned
    where table_schema = 'analytics'
    order by ordinal_position
-- next --
create temporary table
    "core_status_history__dbt_tmp"
  as (
    with snapshot_query as (
select
    core_id,
    core_serial,
    core_status,
    last_update,
    loaded_at_utc
from "dpstack"."analytics"."stg_cores"
    ),
    snapshotted_data as (
        select *,
        core_id as dbt_unique_key
        from "dpstack"."analytics"."core_status_history"
        where
                valid_to_utc is null
    ),
    insertions_source_data as (
        select *,
        core_id as dbt_unique_key
,
            loaded_at_utc as dbt_updated_at,
            loaded_at_utc as valid_from_utc,
  coalesce(nullif(loaded_at_utc, loaded_at_utc), null)
  as valid_to_utc
,
            md5(coalesce(cast(core_id as varchar ), '')
         || '|' || coalesce(cast(loaded_at_utc as varchar ), '')
        ) as dbt_scd_id
        from snapshot_query
    ),
    updates_source_data as (
        select *,
        core_id as dbt_unique_key
,
            loaded_at_utc as dbt_updated_at,
            loaded_at_utc as valid_from_utc,
            loaded_at_utc as valid_to_utc
        from snapshot_query
    ),
    deletes_source_data as (
        select *,
        core_id as dbt_unique_key
        from snapshot_query
    ),
    insertions as (
        select
            'insert' as dbt_change_type,
            source_data.*
        from insertions_source_data as source_data
        left outer join snapshotted_data
            on
        snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
            where
        snapshotted_data.dbt_unique_key is null
            or (
        snapshotted_data.dbt_unique_key is not null
 and (
               (snapshotted_data."core_status" != source_data."core_status"
        or
        (
            ((snapshotted_data."core_status" is null) and not (source_data."core_status" is null))
            or
            ((not snapshotted_data."core_status" is null) and (source_data."core_status" is null))
        ))
            )
        )
    ),
    updates as (
        select
            'update' as dbt_change_type,
            source_data.*,
            snapshotted_data.dbt_scd_id
        from updates_source_data as source_data
        join snapshotted_data
            on
        snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
        where (
            (snapshotted_data."core_status" != source_data."core_status"
        or
        (
            ((snapshotted_data."core_status" is null) and not (source_data."core_status" is null))
            or
            ((not snapshotted_data."core_status" is null) and (source_data."core_status" is null))
        ))
        )
    )
    ,
    deletes as (
        select
            'delete' as dbt_change_type,
            source_data.*,
            cast(getdate() as timestamp) as valid_from_utc,
            cast(getdate() as timestamp) as dbt_updated_at,
            cast(getdate() as timestamp) as valid_to_utc,
            snapshotted_data.dbt_scd_id
        from snapshotted_data
        left join deletes_source_data as source_data
            on
        snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
            where
        source_data.dbt_unique_key is null
    )
    select * from insertions
    union all
    select * from updates
    union all
    select * from deletes
  );
-- next --
with bound_views as (
        select
          ordinal_position,
          table_schema,
          column_name,
          data_type,
          character_maximum_length,
          numeric_precision,
          numeric_scale
        from information_schema."columns"
        where table_name = 'core_status_history__dbt_tmp'
    ),
    unbound_views as (
      select
        ordinal_position,
        view_schema,
        col_name,
        case
          when col_type ilike 'character varying%' then
            'character varying'
          when col_type ilike 'numeric%' then 'numeric'
          else col_type
        end as col_type,
        case
          when col_type like 'character%'
          then nullif(REGEXP_SUBSTR(col_type, '[0-9]+'), '')::int
          else null
        end as character_maximum_length,
        case
          when col_type like 'numeric%'
          then nullif(
            SPLIT_PART(REGEXP_SUBSTR(col_type, '[0-9,]+'), ',', 1),
            '')::int
          else null
        end as numeric_precision,
        case
          when col_type like 'numeric%'
          then nullif(
            SPLIT_PART(REGEXP_SUBSTR(col_type, '[0-9,]+'), ',', 2),
            '')::int
          else null
        end as numeric_scale
      from pg_get_late_binding_view_cols()
      cols(view_schema name, view_name name, col_name name,
           col_type varchar, ordinal_position int)
      where view_name = 'core_status_history__dbt_tmp'
    ),
    external_views as (
      select
        columnnum,
        schemaname,
        columnname,
        case
          when external_type ilike 'character varying%' or external_type ilike 'varchar%'
          then 'character varying'
          when external_type ilike 'numeric%' then 'numeric'
          else external_type
        end as external_type,
        case
          when external_type like 'character%' or external_type like 'varchar%'
          then nullif(
            REGEXP_SUBSTR(external_type, '[0-9]+'),
            '')::int
          else null
        end as character_maximum_length,
        case
          when external_type like 'numeric%'
          then nullif(
            SPLIT_PART(REGEXP_SUBSTR(external_type, '[0-9,]+'), ',', 1),
            '')::int
          else null
        end as numeric_precision,
        case
          when external_type like 'numeric%'
          then nullif(
            SPLIT_PART(REGEXP_SUBSTR(external_type, '[0-9,]+'), ',', 2),
            '')::int
          else null
        end as numeric_scale
      from
        pg_catalog.svv_external_columns
      where
        schemaname = 'None'
        and tablename = 'core_status_history__dbt_tmp'
    ),
    unioned as (
      select * from bound_views
      union all
      select * from unbound_views
      union all
      select * from external_views
    )
    select
      column_name,
      data_type,
      character_maximum_length,
      numeric_precision,
      numeric_scale
    from unioned
    order by ordinal_position
-- next --
create temporary table
    "fct_launches__dbt_tmp"
    diststyle key distkey (launch_id)
      compound sortkey(launch_at_utc)
  as (
with launches as (
    select * from "dpstack"."analytics"."stg_launches"
),
changes as (
    select * from "dpstack"."analytics"."int_launch_changes"
),
cores as (
    select
        launch_id,
        count(core_id) as core_count,
        count(case when core_id is not null and is_reused then 1 end) as reused_core_count,
        count(case when core_id is not null and is_landing_attempt then 1 end) as landing_attempt_count,
        count(case when core_id is not null and is_landing_success then 1 end) as landing_success_count
    from "dpstack"."analytics"."stg_launch_cores"
    group by launch_id
),
payloads as (
    select
        launch_id,
        count(*) as payload_count
    from "dpstack"."analytics"."stg_launch_payloads"
    group by launch_id
),
crew as (
    select
        launch_id,
        count(*) as crew_count
    from "dpstack"."analytics"."stg_launch_crew"
    group by launch_id
),
capsules as (
    select
        launch_id,
        count(*) as capsule_count
    from "dpstack"."analytics"."stg_launch_capsules"
    group by launch_id
),
ships as (
    select
        launch_id,
        count(*) as ship_count
    from "dpstack"."analytics"."stg_launch_ships"
    group by launch_id
),
failures as (
    select
        launch_id,
        min(failure_time_s) as failure_time_s,
        listagg(failure_reason, ', ') within group (order by failure_reason) as failure_reason
    from "dpstack"."analytics"."stg_launch_failures"
    group by launch_id
),
final as (
    select
        launches.launch_id,
        launches.launch_name,
        launches.flight_number,
        launches.rocket_id,
        launches.launchpad_id,
        launches.launch_at_utc,
        launches.date_precision,
        launches.launch_date,
        launches.launch_month,
        launches.launch_year,
        launches.is_upcoming,
        launches.is_success,
        case
            when launches.is_upcoming then 'planned'
            when launches.is_success then 'success'
            when not launches.is_success then 'failure'
            else 'unknown'
        end as launch_outcome,
        failures.failure_time_s,
        failures.failure_reason,
        coalesce(cores.core_count, 0) as core_count,
        coalesce(cores.reused_core_count, 0) as reused_core_count,
        coalesce(cores.landing_attempt_count, 0) as landing_attempt_count,
        coalesce(cores.landing_success_count, 0) as landing_success_count,
        coalesce(payloads.payload_count, 0) as payload_count,
        coalesce(crew.crew_count, 0) as crew_count,
        coalesce(capsules.capsule_count, 0) as capsule_count,
        coalesce(ships.ship_count, 0) as ship_count,
        launches.launch_window_s,
        launches.static_fire_at_utc,
        launches.is_fairing_reused,
        launches.is_fairing_recovered,
        launches.webcast_url,
        changes.run_seq
    from launches
    inner join changes
        on launches.launch_id = changes.launch_id
    left join cores
        on launches.launch_id = cores.launch_id
    left join payloads
        on launches.launch_id = payloads.launch_id
    left join crew
        on launches.launch_id = crew.launch_id
    left join capsules
        on launches.launch_id = capsules.launch_id
    left join ships
        on launches.launch_id = ships.launch_id
    left join failures
        on launches.launch_id = failures.launch_id
)
select final.*
from final
    -- each row has the number of its load; launches with later changes are rebuilt
    left join "dpstack"."analytics"."fct_launches" as built
        on final.launch_id = built.launch_id
    where
        built.launch_id is null
        or built.run_seq <> final.run_seq
  );
-- next --
create  table
    "dpstack"."analytics"."dim_crew__dbt_tmp"
    diststyle all
  as (
with crew as (
    select * from "dpstack"."analytics"."stg_crew"
),
flights as (
    select
        launch_crew.crew_id,
        count(distinct launches.launch_id) as flight_count,
        min(launches.launch_at_utc) as first_launch_at_utc,
        max(launches.launch_at_utc) as last_launch_at_utc
    from "dpstack"."analytics"."stg_launch_crew" as launch_crew
    inner join "dpstack"."analytics"."stg_launches" as launches
        on launch_crew.launch_id = launches.launch_id
    where not launches.is_upcoming
    group by launch_crew.crew_id
)
select
    crew.crew_id,
    crew.crew_name,
    crew.agency,
    crew.crew_status,
    coalesce(flights.flight_count, 0) as flight_count,
    flights.first_launch_at_utc,
    flights.last_launch_at_utc,
    crew.portrait_url,
    crew.wikipedia_url
, 1 as added_column
from crew
left join flights
    on crew.crew_id = flights.crew_id
  );
-- next --
select * from (
    with snapshot_query as (
select
    core_id,
    core_serial,
    core_status,
    last_update,
    loaded_at_utc
from "dpstack"."analytics"."stg_cores"
    ),
    snapshotted_data as (
        select *,
        core_id as dbt_unique_key
        from "dpstack"."analytics"."core_status_history"
        where
                valid_to_utc is null
    ),
    insertions_source_data as (
        select *,
        core_id as dbt_unique_key
,
            loaded_at_utc as dbt_updated_at,
            loaded_at_utc as valid_from_utc,
  coalesce(nullif(loaded_at_utc, loaded_at_utc), null)
  as valid_to_utc
,
            md5(coalesce(cast(core_id as varchar ), '')
         || '|' || coalesce(cast(loaded_at_utc as varchar ), '')
        ) as dbt_scd_id
        from snapshot_query
    ),
    updates_source_data as (
        select *,
        core_id as dbt_unique_key
,
            loaded_at_utc as dbt_updated_at,
            loaded_at_utc as valid_from_utc,
            loaded_at_utc as valid_to_utc
        from snapshot_query
    ),
    deletes_source_data as (
        select *,
        core_id as dbt_unique_key
        from snapshot_query
    ),
    insertions as (
        select
            'insert' as dbt_change_type,
            source_data.*
        from insertions_source_data as source_data
        left outer join snapshotted_data
            on
        snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
            where
        snapshotted_data.dbt_unique_key is null
            or (
        snapshotted_data.dbt_unique_key is not null
 and (
               (snapshotted_data."core_status" != source_data."core_status"
        or
        (
            ((snapshotted_data."core_status" is null) and not (source_data."core_status" is null))
            or
            ((not snapshotted_data."core_status" is null) and (source_data."core_status" is null))
        ))
            )
        )
    ),
    updates as (
        select
            'update' as dbt_change_type,
            source_data.*,
            snapshotted_data.dbt_scd_id
        from updates_source_data as source_data
        join snapshotted_data
            on
        snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
        where (
            (snapshotted_data."core_status" != source_data."core_status"
        or
        (
            ((snapshotted_data."core_status" is null) and not (source_data."core_status" is null))
            or
            ((not snapshotted_data."core_status" is null) and (source_data."core_status" is null))
        ))
        )
    )
    ,
    deletes as (
        select
            'delete' as dbt_change_type,
            source_data.*,
            cast(getdate() as timestamp) as valid_from_utc,
            cast(getdate() as timestamp) as dbt_updated_at,
            cast(getdate() as timestamp) as valid_to_utc,
            snapshotted_data.dbt_scd_id
        from snapshotted_data
        left join deletes_source_data as source_data
            on
        snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
            where
        source_data.dbt_unique_key is null
    )
    select * from insertions
    union all
    select * from updates
    union all
    select * from deletes
    ) as __dbt_sbq
    where false
    limit 0
-- next --
update "dpstack"."analytics"."core_status_history"
    set valid_to_utc = DBT_INTERNAL_SOURCE.valid_to_utc
    from "core_status_history__dbt_tmp" as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.dbt_scd_id::text = "dpstack"."analytics"."core_status_history".dbt_scd_id::text
      and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update'::text, 'delete'::text)
        and "dpstack"."analytics"."core_status_history".valid_to_utc is null;
-- next --
insert into "dpstack"."analytics"."core_status_history" ("core_id", "core_serial", "core_status", "last_update", "loaded_at_utc", "dbt_updated_at", "valid_from_utc", "valid_to_utc", "dbt_scd_id")
    select DBT_INTERNAL_SOURCE."core_id",DBT_INTERNAL_SOURCE."core_serial",DBT_INTERNAL_SOURCE."core_status",DBT_INTERNAL_SOURCE."last_update",DBT_INTERNAL_SOURCE."loaded_at_utc",DBT_INTERNAL_SOURCE."dbt_updated_at",DBT_INTERNAL_SOURCE."valid_from_utc",DBT_INTERNAL_SOURCE."valid_to_utc",DBT_INTERNAL_SOURCE."dbt_scd_id"
    from "core_status_history__dbt_tmp" as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.dbt_change_type::text = 'insert'::text;
-- next --
-- back compat for old kwarg name
    merge into "dpstack"."analytics"."fct_launches"
        using "fct_launches__dbt_tmp" as DBT_INTERNAL_SOURCE
        on (
                DBT_INTERNAL_SOURCE.launch_id = "dpstack"."analytics"."fct_launches".launch_id
            )
    when matched then update set
        "launch_id" = DBT_INTERNAL_SOURCE."launch_id",
        "launch_name" = DBT_INTERNAL_SOURCE."launch_name",
        "flight_number" = DBT_INTERNAL_SOURCE."flight_number",
        "rocket_id" = DBT_INTERNAL_SOURCE."rocket_id",
        "launchpad_id" = DBT_INTERNAL_SOURCE."launchpad_id",
        "launch_at_utc" = DBT_INTERNAL_SOURCE."launch_at_utc",
        "date_precision" = DBT_INTERNAL_SOURCE."date_precision",
        "launch_date" = DBT_INTERNAL_SOURCE."launch_date",
        "launch_month" = DBT_INTERNAL_SOURCE."launch_month",
        "launch_year" = DBT_INTERNAL_SOURCE."launch_year",
        "is_upcoming" = DBT_INTERNAL_SOURCE."is_upcoming",
        "is_success" = DBT_INTERNAL_SOURCE."is_success",
        "launch_outcome" = DBT_INTERNAL_SOURCE."launch_outcome",
        "failure_time_s" = DBT_INTERNAL_SOURCE."failure_time_s",
        "failure_reason" = DBT_INTERNAL_SOURCE."failure_reason",
        "core_count" = DBT_INTERNAL_SOURCE."core_count",
        "reused_core_count" = DBT_INTERNAL_SOURCE."reused_core_count",
        "landing_attempt_count" = DBT_INTERNAL_SOURCE."landing_attempt_count",
        "landing_success_count" = DBT_INTERNAL_SOURCE."landing_success_count",
        "payload_count" = DBT_INTERNAL_SOURCE."payload_count",
        "crew_count" = DBT_INTERNAL_SOURCE."crew_count",
        "capsule_count" = DBT_INTERNAL_SOURCE."capsule_count",
        "ship_count" = DBT_INTERNAL_SOURCE."ship_count",
        "launch_window_s" = DBT_INTERNAL_SOURCE."launch_window_s",
        "static_fire_at_utc" = DBT_INTERNAL_SOURCE."static_fire_at_utc",
        "is_fairing_reused" = DBT_INTERNAL_SOURCE."is_fairing_reused",
        "is_fairing_recovered" = DBT_INTERNAL_SOURCE."is_fairing_recovered",
        "webcast_url" = DBT_INTERNAL_SOURCE."webcast_url",
        "run_seq" = DBT_INTERNAL_SOURCE."run_seq"
    when not matched then insert (
        "launch_id",
        "launch_name",
        "flight_number",
        "rocket_id",
        "launchpad_id",
        "launch_at_utc",
        "date_precision",
        "launch_date",
        "launch_month",
        "launch_year",
        "is_upcoming",
        "is_success",
        "launch_outcome",
        "failure_time_s",
        "failure_reason",
        "core_count",
        "reused_core_count",
        "landing_attempt_count",
        "landing_success_count",
        "payload_count",
        "crew_count",
        "capsule_count",
        "ship_count",
        "launch_window_s",
        "static_fire_at_utc",
        "is_fairing_reused",
        "is_fairing_recovered",
        "webcast_url",
        "run_seq"
    )
    values (
        DBT_INTERNAL_SOURCE."launch_id",
        DBT_INTERNAL_SOURCE."launch_name",
        DBT_INTERNAL_SOURCE."flight_number",
        DBT_INTERNAL_SOURCE."rocket_id",
        DBT_INTERNAL_SOURCE."launchpad_id",
        DBT_INTERNAL_SOURCE."launch_at_utc",
        DBT_INTERNAL_SOURCE."date_precision",
        DBT_INTERNAL_SOURCE."launch_date",
        DBT_INTERNAL_SOURCE."launch_month",
        DBT_INTERNAL_SOURCE."launch_year",
        DBT_INTERNAL_SOURCE."is_upcoming",
        DBT_INTERNAL_SOURCE."is_success",
        DBT_INTERNAL_SOURCE."launch_outcome",
        DBT_INTERNAL_SOURCE."failure_time_s",
        DBT_INTERNAL_SOURCE."failure_reason",
        DBT_INTERNAL_SOURCE."core_count",
        DBT_INTERNAL_SOURCE."reused_core_count",
        DBT_INTERNAL_SOURCE."landing_attempt_count",
        DBT_INTERNAL_SOURCE."landing_success_count",
        DBT_INTERNAL_SOURCE."payload_count",
        DBT_INTERNAL_SOURCE."crew_count",
        DBT_INTERNAL_SOURCE."capsule_count",
        DBT_INTERNAL_SOURCE."ship_count",
        DBT_INTERNAL_SOURCE."launch_window_s",
        DBT_INTERNAL_SOURCE."static_fire_at_utc",
        DBT_INTERNAL_SOURCE."is_fairing_reused",
        DBT_INTERNAL_SOURCE."is_fairing_recovered",
        DBT_INTERNAL_SOURCE."webcast_url",
        DBT_INTERNAL_SOURCE."run_seq"
    )
-- next --
select
            tb.database,
            tb.schema,
            tb.table,
            tb.diststyle,
            tb.sortkey1,
            mv.autorefresh
        from svv_table_info tb
        -- svv_mv_info is queryable by Redshift Serverless, but stv_mv_info is not
        left join svv_mv_info mv
            on mv.database_name = tb.database
            and mv.schema_name = tb.schema
            and mv.name = tb.table
        where tb.table ilike 'mv_launches_by_month'
        and tb.schema ilike 'analytics'
        and tb.database ilike 'dpstack'
-- next --
SELECT
            a.attname as column,
            a.attisdistkey as is_dist_key,
            a.attsortkeyord as sort_key_position
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE
            n.nspname ilike 'analytics'
            AND c.relname LIKE 'mv_tbl__mv_launches_by_month__%'
-- next --
select
            vw.definition
        from pg_views vw
        where vw.viewname = 'mv_launches_by_month'
        and vw.schemaname = 'analytics'
        and vw.definition ilike '%create materialized view%'
-- next --
-- apply a full refresh immediately if needed
    drop materialized view if exists "dpstack"."analytics"."mv_launches_by_month" cascade;
-- next --
create materialized view "dpstack"."analytics"."mv_launches_by_month"
        backup yes
        diststyle key
        distkey (launch_year)
        sortkey (launch_month,rocket_id)
        auto refresh no
    as (
        select
    launch_year,
    launch_month,
    rocket_id,
    count(case when launch_outcome <> 'planned' then 1 end) as launches,
    count(case when launch_outcome = 'success' and rocket_id is not null then 1 end) as successes,
    count(case when launch_outcome = 'failure' then 1 end) as failures,
    count(case when launch_outcome = 'unknown' then 1 end) as unknown_outcomes,
    count(case when launch_outcome = 'planned' then 1 end) as planned_launches
from "dpstack"."analytics"."fct_launches"
group by
    launch_year,
    launch_month,
    rocket_id
    )
    -- otherwise apply individual changes as needed
-- next --
with
            late_binding as (
    select
        table_schema,
        table_name,
        'LATE BINDING VIEW'::varchar as table_type,
        null::text as table_comment,
        column_name,
        column_index,
        column_type,
        null::text as column_comment
    from pg_get_late_binding_view_cols()
        cols(
            table_schema name,
            table_name name,
            column_name name,
            column_type varchar,
            column_index int
        )
    where ((
                upper(table_schema) = upper('analytics')
            and upper(table_name) = upper('dim_crew')
            ) or (
                upper(table_schema) = upper('spacex')
            and upper(table_name) = upper('launch_ships')
            ))
),
            early_binding as (
    select
        sch.nspname as table_schema,
        tbl.relname as table_name,
        case
            when tbl.relkind = 'v' and mat_views.table_name is not null then 'MATERIALIZED VIEW'
            when tbl.relkind = 'v' then 'VIEW'
            else 'BASE TABLE'
        end as table_type,
        tbl_desc.description as table_comment,
        col.attname as column_name,
        col.attnum as column_index,
        pg_catalog.format_type(col.atttypid, col.atttypmod) as column_type,
        col_desc.description as column_comment
    from pg_catalog.pg_namespace sch
    join pg_catalog.pg_class tbl
        on tbl.relnamespace = sch.oid
    join pg_catalog.pg_attribute col
        on col.attrelid = tbl.oid
    left outer join pg_catalog.pg_description tbl_desc
        on tbl_desc.objoid = tbl.oid
        and tbl_desc.objsubid = 0
    left outer join pg_catalog.pg_description col_desc
        on col_desc.objoid = tbl.oid
        and col_desc.objsubid = col.attnum
    left outer join information_schema.views mat_views
        on mat_views.table_schema = sch.nspname
        and mat_views.table_name = tbl.relname
        and mat_views.view_definition ilike '%create materialized view%'
        and mat_views.table_catalog = 'dpstack'
    where tbl.relkind in ('r', 'v', 'f', 'p')
    and col.attnum > 0
    and not col.attisdropped
    and ((
                upper(sch.nspname) = upper('analytics')
            and upper(tbl.relname) = upper('dim_crew')
            ) or (
                upper(sch.nspname) = upper('spacex')
            and upper(tbl.relname) = upper('launch_ships')
            ))
),
            unioned as (select * from early_binding union all select * from late_binding),
            table_owners as (
    select
        schemaname as table_schema,
        tablename as table_name,
        tableowner as table_owner
    from pg_tables
    union all
    select
        schemaname as table_schema,
        viewname as table_name,
        viewowner as table_owner
    from pg_views
)
        select 'dpstack' as table_database, *
        from unioned
        join table_owners using (table_schema, table_name)
        order by "column_index"
-- next --
select has_table_privilege(current_user, 'svv_table_info', 'SELECT') as can_select
-- next --
select
        "schema" as table_schema,
        "table" as table_name,
        'Encoded'::text as "stats:encoded:label",
        encoded as "stats:encoded:value",
        'Indicates whether any column in the table has compression encoding defined.'::text as "stats:encoded:description",
        true as "stats:encoded:include",
        'Dist Style' as "stats:diststyle:label",
        diststyle as "stats:diststyle:value",
        'Distribution style or distribution key column, if key distribution is defined.'::text as "stats:diststyle:description",
        true as "stats:diststyle:include",
        'Sort Key 1' as "stats:sortkey1:label",
        -- handle 0xFF byte in response for interleaved sort styles
        case
            when sortkey1 like 'INTERLEAVED%' then 'INTERLEAVED'::text
            else sortkey1
        end as "stats:sortkey1:value",
        'First column in the sort key.'::text as "stats:sortkey1:description",
        (sortkey1 is not null) as "stats:sortkey1:include",
        'Max Varchar' as "stats:max_varchar:label",
        max_varchar as "stats:max_varchar:value",
        'Size of the largest column that uses a VARCHAR data type.'::text as "stats:max_varchar:description",
        true as "stats:max_varchar:include",
        -- exclude this, as the data is strangely returned with null-byte characters
        'Sort Key 1 Encoding' as "stats:sortkey1_enc:label",
        sortkey1_enc as "stats:sortkey1_enc:value",
        'Compression encoding of the first column in the sort key.' as "stats:sortkey1_enc:description",
        false as "stats:sortkey1_enc:include",
        '# Sort Keys' as "stats:sortkey_num:label",
        sortkey_num as "stats:sortkey_num:value",
        'Number of columns defined as sort keys.' as "stats:sortkey_num:description",
        (sortkey_num > 0) as "stats:sortkey_num:include",
        'Approximate Size' as "stats:size:label",
        size * 1000000 as "stats:size:value",
        'Approximate size of the table, calculated from a count of 1MB blocks'::text as "stats:size:description",
        true as "stats:size:include",
        'Disk Utilization' as "stats:pct_used:label",
        pct_used / 100.0 as "stats:pct_used:value",
        'Percent of available space that is used by the table.'::text as "stats:pct_used:description",
        true as "stats:pct_used:include",
        'Unsorted %' as "stats:unsorted:label",
        unsorted / 100.0 as "stats:unsorted:value",
        'Percent of unsorted rows in the table.'::text as "stats:unsorted:description",
        (unsorted is not null) as "stats:unsorted:include",
        'Stats Off' as "stats:stats_off:label",
        stats_off as "stats:stats_off:value",
        'Number that indicates how stale the table statistics are; 0 is current, 100 is out of date.'::text as "stats:stats_off:description",
        true as "stats:stats_off:include",
        'Approximate Row Count' as "stats:rows:label",
        tbl_rows as "stats:rows:value",
        'Approximate number of rows in the table. This value includes rows marked for deletion, but not yet vacuumed.'::text as "stats:rows:description",
        true as "stats:rows:include",
        'Sort Key Skew' as "stats:skew_sortkey1:label",
        skew_sortkey1 as "stats:skew_sortkey1:value",
        'Ratio of the size of the largest non-sort key column to the size of the first column of the sort key.'::text as "stats:skew_sortkey1:description",
        (skew_sortkey1 is not null) as "stats:skew_sortkey1:include",
        'Skew Rows' as "stats:skew_rows:label",
        skew_rows as "stats:skew_rows:value",
        'Ratio of the number of rows in the slice with the most rows to the number of rows in the slice with the fewest rows.'::text as "stats:skew_rows:description",
        (skew_rows is not null) as "stats:skew_rows:include"
    from svv_table_info
        where ((
                    upper("schema") = upper('analytics')
                and upper("table") = upper('dim_crew')
                ) or (
                    upper("schema") = upper('spacex')
                and upper("table") = upper('launch_ships')
                ))
-- next --
select
            ns.nspname as "schema",
            c.relname as identifier,
            max(qd.start_time) as last_modified,
            getdate() as snapshotted_at
        from pg_class c
        join pg_namespace ns
            on ns.oid = c.relnamespace
        join sys_query_detail qd
            on qd.table_id = c.oid
        where qd.step_name = 'insert'
        and ((
                    upper(ns.nspname) = upper('spacex')
                and upper(c.relname) = upper('launch_cores')
                ) or (
                    upper(ns.nspname) = upper('spacex')
                and upper(c.relname) = upper('history')
                ))
        group by 1, 2, 4
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.cores is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.capsules is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.crew is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.company is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.dragons is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.landpads is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.launch_capsules is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.launch_cores is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.launch_payloads is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.launch_failures is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.launch_crew is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.launch_ships is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.launchpads is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.launches is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.payload_manufacturers is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.payload_customers is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.payload_nationalities is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.payloads is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.rockets is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.ships is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.roadster is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
with source_query as (
select max(fetched_at)
from "dpstack"."etl"."runs"
where
    source = 'spacex'
    and tables.starlink is not null
  )
  select
    (select * from source_query) as max_loaded_at,
    getdate() as snapshotted_at
-- next --
create temporary table
    "fct_core_flights_turnaround__dbt_tmp"
  as (
    select * from (
with  __dbt__cte__stg_launch_cores as (
-- Fixture for stg_launch_cores
select
    cast('first' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "core_slot",
    cast('a' as character varying)
 as "core_id",
    cast(1 as bigint)
 as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs", cast(null as boolean) as "is_reused", cast(null as boolean) as "is_landing_attempt", cast(null as boolean) as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('second' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "core_slot",
    cast('a' as character varying)
 as "core_id",
    cast(2 as bigint)
 as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs", cast(null as boolean) as "is_reused", cast(null as boolean) as "is_landing_attempt", cast(null as boolean) as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('third' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "core_slot",
    cast('b' as character varying)
 as "core_id",
    cast(1 as bigint)
 as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs", cast(null as boolean) as "is_reused", cast(null as boolean) as "is_landing_attempt", cast(null as boolean) as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('third' as character varying)
 as "launch_id",
    cast(2 as bigint)
 as "core_slot",
    cast('a' as character varying)
 as "core_id",
    cast(2 as bigint)
 as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs", cast(null as boolean) as "is_reused", cast(null as boolean) as "is_landing_attempt", cast(null as boolean) as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('third' as character varying)
 as "launch_id",
    cast(3 as bigint)
 as "core_slot",
    cast(null as character varying(256))
 as "core_id",
    cast(null as bigint)
 as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs", cast(null as boolean) as "is_reused", cast(null as boolean) as "is_landing_attempt", cast(null as boolean) as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('planned' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "core_slot",
    cast('a' as character varying)
 as "core_id",
    cast(4 as bigint)
 as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs", cast(null as boolean) as "is_reused", cast(null as boolean) as "is_landing_attempt", cast(null as boolean) as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__stg_launches as (
-- Fixture for stg_launches
select
    cast('third' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id",
    cast('2022-03-12 06:00:00' as timestamp without time zone)
 as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(False as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('first' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id",
    cast('2022-01-01 00:00:00' as timestamp without time zone)
 as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(False as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('second' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id",
    cast('2022-01-31 12:00:00' as timestamp without time zone)
 as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(False as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('planned' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id",
    cast('2022-04-01 00:00:00' as timestamp without time zone)
 as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(True as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
), launch_cores as (
    select * from __dbt__cte__stg_launch_cores
),
launches as (
    select * from __dbt__cte__stg_launches
),
flights as (
    select
        launch_cores.launch_id || '-' || cast(launch_cores.core_slot as varchar(8)) as core_flight_id,
        launch_cores.core_id,
        launch_cores.launch_id,
        launches.rocket_id,
        launches.launch_at_utc,
        launches.launch_date,
        launches.launch_year,
        launch_cores.reported_flight_number,
        launch_cores.is_reused,
        launch_cores.is_landing_attempt,
        launch_cores.is_landing_success,
        launch_cores.landing_type,
        launch_cores.landpad_id,
        row_number() over (
            partition by launch_cores.core_id
            order by launches.launch_at_utc, launches.launch_id
        ) as core_flight_number,
        lag(launches.launch_id) over (
            partition by launch_cores.core_id
            order by launches.launch_at_utc, launches.launch_id
        ) as previous_launch_id,
        lag(launches.launch_at_utc) over (
            partition by launch_cores.core_id
            order by launches.launch_at_utc, launches.launch_id
        ) as previous_launch_at_utc
    from launch_cores
    inner join launches
        on launch_cores.launch_id = launches.launch_id
    where
        launch_cores.core_id is not null
        and not launches.is_upcoming
)
select
    core_flight_id,
    core_id,
    launch_id,
    rocket_id,
    launch_at_utc,
    launch_date,
    launch_year,
    core_flight_number,
    reported_flight_number,
    is_reused,
    previous_launch_id,
    cast(datediff(second, previous_launch_at_utc, launch_at_utc) / 86400.0 as decimal(12, 2)) as turnaround_days,
    is_landing_attempt,
    is_landing_success,
    landing_type,
    landpad_id
from flights
    ) as __dbt_sbq
    where false
    limit 0
  );
-- next --
drop table if exists "fct_core_flights_turnaround__dbt_tmp" cascade
-- next --
create temporary table
    "fct_payloads_belongs_to_one_launch__dbt_tmp"
  as (
    select * from (
with  __dbt__cte__stg_payloads as (
-- Fixture for stg_payloads
select
    cast('agreed' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('early' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('twice listed' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('late' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('twice listed and lost' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('deleted' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('contradicted' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('early' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('unlisted' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('late' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('orphan' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('deleted' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__stg_launches as (
-- Fixture for stg_launches
select
    cast('early' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id",
    cast('2022-01-01 00:00:00' as timestamp without time zone)
 as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(False as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('late' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id",
    cast('2022-02-01 00:00:00' as timestamp without time zone)
 as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(True as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__stg_launch_payloads as (
-- Fixture for stg_launch_payloads
select
    cast('early' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('agreed' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('early' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('twice listed' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('late' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('twice listed' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('early' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('twice listed and lost' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('late' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('twice listed and lost' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('late' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('contradicted' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__stg_payload_customers as (
-- Fixture for stg_payload_customers
select cast(null as character varying(256)) as "payload_id", cast(null as bigint) as "customer_number", cast(null as character varying(256)) as "customer_name", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_payload_nationalities as (
-- Fixture for stg_payload_nationalities
select cast(null as character varying(256)) as "payload_id", cast(null as bigint) as "nationality_number", cast(null as character varying(256)) as "nationality", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_payload_manufacturers as (
-- Fixture for stg_payload_manufacturers
select cast(null as character varying(256)) as "payload_id", cast(null as bigint) as "manufacturer_number", cast(null as character varying(256)) as "manufacturer_name", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
), payloads as (
    select * from __dbt__cte__stg_payloads
),
launches as (
    select * from __dbt__cte__stg_launches
),
-- a payload's launch is in two places: in the launch's list and in the payload
claims as (
    select
        payload_id,
        launch_id,
        1 as is_listed,
        0 as is_reported
    from __dbt__cte__stg_launch_payloads
    union all
    select
        payload_id,
        reported_launch_id as launch_id,
        0 as is_listed,
        1 as is_reported
    from payloads
    where reported_launch_id is not null
),
candidates as (
    select
        claims.payload_id,
        claims.launch_id,
        max(claims.is_listed) as is_listed,
        max(claims.is_reported) as is_reported
    from claims
    group by
        claims.payload_id,
        claims.launch_id
),
-- precedence: both places, then the launch's list, then the payload; then the earlier launch. Deleted launches are
-- excluded
ranked as (
    select
        candidates.payload_id,
        candidates.launch_id,
        case
            when candidates.is_listed = 1 and candidates.is_reported = 1 then 'both'
            when candidates.is_listed = 1 then 'listed'
            else 'reported'
        end as launch_link,
        row_number() over (
            partition by candidates.payload_id
            order by
                candidates.is_listed desc,
                candidates.is_reported desc,
                launches.launch_at_utc asc,
                launches.launch_id asc
        ) as preference
    from candidates
    inner join launches
        on candidates.launch_id = launches.launch_id
),
customers as (
    select
        payload_id,
        listagg(customer_name, ', ') within group (order by customer_name) as customers
    from __dbt__cte__stg_payload_customers
    group by payload_id
),
nationalities as (
    select
        payload_id,
        listagg(nationality, ', ') within group (order by nationality) as nationalities
    from __dbt__cte__stg_payload_nationalities
    group by payload_id
),
manufacturers as (
    select
        payload_id,
        listagg(manufacturer_name, ', ') within group (order by manufacturer_name) as manufacturers
    from __dbt__cte__stg_payload_manufacturers
    group by payload_id
)
select
    payloads.payload_id,
    payloads.payload_name,
    payloads.payload_type,
    payloads.is_reused,
    payloads.dragon_capsule_id as capsule_id,
    ranked.launch_id,
    ranked.launch_link,
    launches.rocket_id,
    launches.launch_at_utc,
    launches.launch_date,
    launches.launch_year,
    coalesce(not launches.is_upcoming, false) as is_flown,
    launches.is_success as is_launch_success,
    payloads.orbit,
    payloads.regime,
    payloads.mass_kg,
    payloads.norad_id_count,
    payloads.lifespan_years,
    payloads.periapsis_km,
    payloads.apoapsis_km,
    payloads.inclination_deg,
    payloads.period_min,
    customers.customers,
    nationalities.nationalities,
    manufacturers.manufacturers
from payloads
left join ranked
    on
        payloads.payload_id = ranked.payload_id
        and ranked.preference = 1
left join launches
    on ranked.launch_id = launches.launch_id
left join customers
    on payloads.payload_id = customers.payload_id
left join nationalities
    on payloads.payload_id = nationalities.payload_id
left join manufacturers
    on payloads.payload_id = manufacturers.payload_id
    ) as __dbt_sbq
    where false
    limit 0
  );
-- next --
create temporary table
    "fct_launches_outcome_and_counts__dbt_tmp"
  as (
    select * from (
with  __dbt__cte__stg_launches as (
-- Fixture for stg_launches
select
    cast('won' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(False as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc",
    cast(True as boolean)
 as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('lost' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(False as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc",
    cast(False as boolean)
 as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('quiet' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(False as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc",
    cast(null as boolean)
 as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('planned' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(True as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc",
    cast(null as boolean)
 as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__int_launch_changes as (
-- Fixture for int_launch_changes
select
    cast('won' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "run_seq"
union all
select
    cast('lost' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "run_seq"
union all
select
    cast('quiet' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "run_seq"
union all
select
    cast('planned' as character varying)
 as "launch_id",
    cast(2 as bigint)
 as "run_seq"
),  __dbt__cte__stg_launch_cores as (
-- Fixture for stg_launch_cores
select
    cast('won' as character varying)
 as "launch_id", cast(null as bigint) as "core_slot",
    cast('a' as character varying)
 as "core_id", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs",
    cast(True as boolean)
 as "is_reused",
    cast(True as boolean)
 as "is_landing_attempt",
    cast(True as boolean)
 as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('won' as character varying)
 as "launch_id", cast(null as bigint) as "core_slot",
    cast('b' as character varying)
 as "core_id", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs",
    cast(False as boolean)
 as "is_reused",
    cast(True as boolean)
 as "is_landing_attempt",
    cast(null as boolean)
 as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('won' as character varying)
 as "launch_id", cast(null as bigint) as "core_slot",
    cast('c' as character varying)
 as "core_id", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs",
    cast(True as boolean)
 as "is_reused",
    cast(False as boolean)
 as "is_landing_attempt",
    cast(null as boolean)
 as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('planned' as character varying)
 as "launch_id", cast(null as bigint) as "core_slot",
    cast(null as character varying(256))
 as "core_id", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs",
    cast(True as boolean)
 as "is_reused",
    cast(True as boolean)
 as "is_landing_attempt",
    cast(null as boolean)
 as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__stg_launch_payloads as (
-- Fixture for stg_launch_payloads
select
    cast('won' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('x' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('won' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('y' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__stg_launch_crew as (
-- Fixture for stg_launch_crew
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "crew_slot", cast(null as character varying(256)) as "crew_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_capsules as (
-- Fixture for stg_launch_capsules
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "capsule_slot", cast(null as character varying(256)) as "capsule_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_ships as (
-- Fixture for stg_launch_ships
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "ship_slot", cast(null as character varying(256)) as "ship_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_failures as (
-- Fixture for stg_launch_failures
select
    cast('lost' as character varying)
 as "launch_id", cast(null as bigint) as "failure_number",
    cast(139 as double precision)
 as "failure_time_s", cast(null as double precision) as "failure_altitude_km",
    cast('strut' as character varying)
 as "failure_reason", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('lost' as character varying)
 as "launch_id", cast(null as bigint) as "failure_number",
    cast(-10 as double precision)
 as "failure_time_s", cast(null as double precision) as "failure_altitude_km",
    cast('leak' as character varying)
 as "failure_reason", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
), launches as (
    select * from __dbt__cte__stg_launches
),
changes as (
    select * from __dbt__cte__int_launch_changes
),
cores as (
    select
        launch_id,
        count(core_id) as core_count,
        count(case when core_id is not null and is_reused then 1 end) as reused_core_count,
        count(case when core_id is not null and is_landing_attempt then 1 end) as landing_attempt_count,
        count(case when core_id is not null and is_landing_success then 1 end) as landing_success_count
    from __dbt__cte__stg_launch_cores
    group by launch_id
),
payloads as (
    select
        launch_id,
        count(*) as payload_count
    from __dbt__cte__stg_launch_payloads
    group by launch_id
),
crew as (
    select
        launch_id,
        count(*) as crew_count
    from __dbt__cte__stg_launch_crew
    group by launch_id
),
capsules as (
    select
        launch_id,
        count(*) as capsule_count
    from __dbt__cte__stg_launch_capsules
    group by launch_id
),
ships as (
    select
        launch_id,
        count(*) as ship_count
    from __dbt__cte__stg_launch_ships
    group by launch_id
),
failures as (
    select
        launch_id,
        min(failure_time_s) as failure_time_s,
        listagg(failure_reason, ', ') within group (order by failure_reason) as failure_reason
    from __dbt__cte__stg_launch_failures
    group by launch_id
),
final as (
    select
        launches.launch_id,
        launches.launch_name,
        launches.flight_number,
        launches.rocket_id,
        launches.launchpad_id,
        launches.launch_at_utc,
        launches.date_precision,
        launches.launch_date,
        launches.launch_month,
        launches.launch_year,
        launches.is_upcoming,
        launches.is_success,
        case
            when launches.is_upcoming then 'planned'
            when launches.is_success then 'success'
            when not launches.is_success then 'failure'
            else 'unknown'
        end as launch_outcome,
        failures.failure_time_s,
        failures.failure_reason,
        coalesce(cores.core_count, 0) as core_count,
        coalesce(cores.reused_core_count, 0) as reused_core_count,
        coalesce(cores.landing_attempt_count, 0) as landing_attempt_count,
        coalesce(cores.landing_success_count, 0) as landing_success_count,
        coalesce(payloads.payload_count, 0) as payload_count,
        coalesce(crew.crew_count, 0) as crew_count,
        coalesce(capsules.capsule_count, 0) as capsule_count,
        coalesce(ships.ship_count, 0) as ship_count,
        launches.launch_window_s,
        launches.static_fire_at_utc,
        launches.is_fairing_reused,
        launches.is_fairing_recovered,
        launches.webcast_url,
        changes.run_seq
    from launches
    inner join changes
        on launches.launch_id = changes.launch_id
    left join cores
        on launches.launch_id = cores.launch_id
    left join payloads
        on launches.launch_id = payloads.launch_id
    left join crew
        on launches.launch_id = crew.launch_id
    left join capsules
        on launches.launch_id = capsules.launch_id
    left join ships
        on launches.launch_id = ships.launch_id
    left join failures
        on launches.launch_id = failures.launch_id
)
select final.*
from final
    ) as __dbt_sbq
    where false
    limit 0
  );
-- next --
-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "payload_id","launch_id","launch_link","is_flown", 'actual' as "actual_or_expected"
  from (
with  __dbt__cte__stg_payloads as (
-- Fixture for stg_payloads
select
    cast('agreed' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('early' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('twice listed' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('late' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('twice listed and lost' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('deleted' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('contradicted' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('early' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('unlisted' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('late' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('orphan' as character varying)
 as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused",
    cast('deleted' as character varying)
 as "reported_launch_id", cast(null as double precision) as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as character varying(256)) as "orbit", cast(null as character varying(256)) as "regime", cast(null as character varying(256)) as "reference_system", cast(null as double precision) as "longitude_deg", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "eccentricity", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as timestamp without time zone) as "elements_at_utc", cast(null as double precision) as "lifespan_years", cast(null as character varying(256)) as "dragon_capsule_id", cast(null as double precision) as "dragon_mass_returned_kg", cast(null as double precision) as "dragon_flight_time_s", cast(null as character varying(256)) as "dragon_manifest_url", cast(null as boolean) as "is_dragon_water_landing", cast(null as boolean) as "is_dragon_land_landing", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__stg_launches as (
-- Fixture for stg_launches
select
    cast('early' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id",
    cast('2022-01-01 00:00:00' as timestamp without time zone)
 as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(False as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('late' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id",
    cast('2022-02-01 00:00:00' as timestamp without time zone)
 as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(True as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__stg_launch_payloads as (
-- Fixture for stg_launch_payloads
select
    cast('early' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('agreed' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('early' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('twice listed' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('late' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('twice listed' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('early' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('twice listed and lost' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('late' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('twice listed and lost' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('late' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('contradicted' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__stg_payload_customers as (
-- Fixture for stg_payload_customers
select cast(null as character varying(256)) as "payload_id", cast(null as bigint) as "customer_number", cast(null as character varying(256)) as "customer_name", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_payload_nationalities as (
-- Fixture for stg_payload_nationalities
select cast(null as character varying(256)) as "payload_id", cast(null as bigint) as "nationality_number", cast(null as character varying(256)) as "nationality", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_payload_manufacturers as (
-- Fixture for stg_payload_manufacturers
select cast(null as character varying(256)) as "payload_id", cast(null as bigint) as "manufacturer_number", cast(null as character varying(256)) as "manufacturer_name", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
), payloads as (
    select * from __dbt__cte__stg_payloads
),
launches as (
    select * from __dbt__cte__stg_launches
),
-- a payload's launch is in two places: in the launch's list and in the payload
claims as (
    select
        payload_id,
        launch_id,
        1 as is_listed,
        0 as is_reported
    from __dbt__cte__stg_launch_payloads
    union all
    select
        payload_id,
        reported_launch_id as launch_id,
        0 as is_listed,
        1 as is_reported
    from payloads
    where reported_launch_id is not null
),
candidates as (
    select
        claims.payload_id,
        claims.launch_id,
        max(claims.is_listed) as is_listed,
        max(claims.is_reported) as is_reported
    from claims
    group by
        claims.payload_id,
        claims.launch_id
),
-- precedence: both places, then the launch's list, then the payload; then the earlier launch. Deleted launches are
-- excluded
ranked as (
    select
        candidates.payload_id,
        candidates.launch_id,
        case
            when candidates.is_listed = 1 and candidates.is_reported = 1 then 'both'
            when candidates.is_listed = 1 then 'listed'
            else 'reported'
        end as launch_link,
        row_number() over (
            partition by candidates.payload_id
            order by
                candidates.is_listed desc,
                candidates.is_reported desc,
                launches.launch_at_utc asc,
                launches.launch_id asc
        ) as preference
    from candidates
    inner join launches
        on candidates.launch_id = launches.launch_id
),
customers as (
    select
        payload_id,
        listagg(customer_name, ', ') within group (order by customer_name) as customers
    from __dbt__cte__stg_payload_customers
    group by payload_id
),
nationalities as (
    select
        payload_id,
        listagg(nationality, ', ') within group (order by nationality) as nationalities
    from __dbt__cte__stg_payload_nationalities
    group by payload_id
),
manufacturers as (
    select
        payload_id,
        listagg(manufacturer_name, ', ') within group (order by manufacturer_name) as manufacturers
    from __dbt__cte__stg_payload_manufacturers
    group by payload_id
)
select
    payloads.payload_id,
    payloads.payload_name,
    payloads.payload_type,
    payloads.is_reused,
    payloads.dragon_capsule_id as capsule_id,
    ranked.launch_id,
    ranked.launch_link,
    launches.rocket_id,
    launches.launch_at_utc,
    launches.launch_date,
    launches.launch_year,
    coalesce(not launches.is_upcoming, false) as is_flown,
    launches.is_success as is_launch_success,
    payloads.orbit,
    payloads.regime,
    payloads.mass_kg,
    payloads.norad_id_count,
    payloads.lifespan_years,
    payloads.periapsis_km,
    payloads.apoapsis_km,
    payloads.inclination_deg,
    payloads.period_min,
    customers.customers,
    nationalities.nationalities,
    manufacturers.manufacturers
from payloads
left join ranked
    on
        payloads.payload_id = ranked.payload_id
        and ranked.preference = 1
left join launches
    on ranked.launch_id = launches.launch_id
left join customers
    on payloads.payload_id = customers.payload_id
left join nationalities
    on payloads.payload_id = nationalities.payload_id
left join manufacturers
    on payloads.payload_id = manufacturers.payload_id
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "payload_id", "launch_id", "launch_link", "is_flown", 'expected' as "actual_or_expected"
  from (
    select
    cast('agreed' as character varying)
 as "payload_id",
    cast('early' as character varying)
 as "launch_id",
    cast('both' as character varying)
 as "launch_link",
    cast(True as boolean)
 as "is_flown"
union all
select
    cast('twice listed' as character varying)
 as "payload_id",
    cast('late' as character varying)
 as "launch_id",
    cast('both' as character varying)
 as "launch_link",
    cast(False as boolean)
 as "is_flown"
union all
select
    cast('twice listed and lost' as character varying)
 as "payload_id",
    cast('early' as character varying)
 as "launch_id",
    cast('listed' as character varying)
 as "launch_link",
    cast(True as boolean)
 as "is_flown"
union all
select
    cast('contradicted' as character varying)
 as "payload_id",
    cast('late' as character varying)
 as "launch_id",
    cast('listed' as character varying)
 as "launch_link",
    cast(False as boolean)
 as "is_flown"
union all
select
    cast('unlisted' as character varying)
 as "payload_id",
    cast('late' as character varying)
 as "launch_id",
    cast('reported' as character varying)
 as "launch_link",
    cast(False as boolean)
 as "is_flown"
union all
select
    cast('orphan' as character varying)
 as "payload_id",
    cast(null as character varying(256))
 as "launch_id",
    cast(null as character varying(256))
 as "launch_link",
    cast(False as boolean)
 as "is_flown"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
-- next --
create temporary table
    "fct_launches_takes_up_what_changed__dbt_tmp"
  as (
    select * from (
with  __dbt__cte__fct_launches as (
select 'corrected' as launch_id, 1 as run_seq
union all
select 'same' as launch_id, 1 as run_seq
union all
select 'vanished' as launch_id, 1 as run_seq
),  __dbt__cte__stg_launches as (
-- Fixture for stg_launches
select
    cast('new' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year", cast(null as boolean) as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('corrected' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year", cast(null as boolean) as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('same' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year", cast(null as boolean) as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__int_launch_changes as (
-- Fixture for int_launch_changes
select
    cast('new' as character varying)
 as "launch_id",
    cast(2 as bigint)
 as "run_seq"
union all
select
    cast('corrected' as character varying)
 as "launch_id",
    cast(2 as bigint)
 as "run_seq"
union all
select
    cast('same' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "run_seq"
union all
select
    cast('vanished' as character varying)
 as "launch_id",
    cast(2 as bigint)
 as "run_seq"
),  __dbt__cte__stg_launch_cores as (
-- Fixture for stg_launch_cores
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "core_slot", cast(null as character varying(256)) as "core_id", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs", cast(null as boolean) as "is_reused", cast(null as boolean) as "is_landing_attempt", cast(null as boolean) as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_payloads as (
-- Fixture for stg_launch_payloads
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "payload_slot", cast(null as character varying(256)) as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_crew as (
-- Fixture for stg_launch_crew
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "crew_slot", cast(null as character varying(256)) as "crew_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_capsules as (
-- Fixture for stg_launch_capsules
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "capsule_slot", cast(null as character varying(256)) as "capsule_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_ships as (
-- Fixture for stg_launch_ships
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "ship_slot", cast(null as character varying(256)) as "ship_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_failures as (
-- Fixture for stg_launch_failures
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "failure_number", cast(null as double precision) as "failure_time_s", cast(null as double precision) as "failure_altitude_km", cast(null as character varying(256)) as "failure_reason", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
), launches as (
    select * from __dbt__cte__stg_launches
),
changes as (
    select * from __dbt__cte__int_launch_changes
),
cores as (
    select
        launch_id,
        count(core_id) as core_count,
        count(case when core_id is not null and is_reused then 1 end) as reused_core_count,
        count(case when core_id is not null and is_landing_attempt then 1 end) as landing_attempt_count,
        count(case when core_id is not null and is_landing_success then 1 end) as landing_success_count
    from __dbt__cte__stg_launch_cores
    group by launch_id
),
payloads as (
    select
        launch_id,
        count(*) as payload_count
    from __dbt__cte__stg_launch_payloads
    group by launch_id
),
crew as (
    select
        launch_id,
        count(*) as crew_count
    from __dbt__cte__stg_launch_crew
    group by launch_id
),
capsules as (
    select
        launch_id,
        count(*) as capsule_count
    from __dbt__cte__stg_launch_capsules
    group by launch_id
),
ships as (
    select
        launch_id,
        count(*) as ship_count
    from __dbt__cte__stg_launch_ships
    group by launch_id
),
failures as (
    select
        launch_id,
        min(failure_time_s) as failure_time_s,
        listagg(failure_reason, ', ') within group (order by failure_reason) as failure_reason
    from __dbt__cte__stg_launch_failures
    group by launch_id
),
final as (
    select
        launches.launch_id,
        launches.launch_name,
        launches.flight_number,
        launches.rocket_id,
        launches.launchpad_id,
        launches.launch_at_utc,
        launches.date_precision,
        launches.launch_date,
        launches.launch_month,
        launches.launch_year,
        launches.is_upcoming,
        launches.is_success,
        case
            when launches.is_upcoming then 'planned'
            when launches.is_success then 'success'
            when not launches.is_success then 'failure'
            else 'unknown'
        end as launch_outcome,
        failures.failure_time_s,
        failures.failure_reason,
        coalesce(cores.core_count, 0) as core_count,
        coalesce(cores.reused_core_count, 0) as reused_core_count,
        coalesce(cores.landing_attempt_count, 0) as landing_attempt_count,
        coalesce(cores.landing_success_count, 0) as landing_success_count,
        coalesce(payloads.payload_count, 0) as payload_count,
        coalesce(crew.crew_count, 0) as crew_count,
        coalesce(capsules.capsule_count, 0) as capsule_count,
        coalesce(ships.ship_count, 0) as ship_count,
        launches.launch_window_s,
        launches.static_fire_at_utc,
        launches.is_fairing_reused,
        launches.is_fairing_recovered,
        launches.webcast_url,
        changes.run_seq
    from launches
    inner join changes
        on launches.launch_id = changes.launch_id
    left join cores
        on launches.launch_id = cores.launch_id
    left join payloads
        on launches.launch_id = payloads.launch_id
    left join crew
        on launches.launch_id = crew.launch_id
    left join capsules
        on launches.launch_id = capsules.launch_id
    left join ships
        on launches.launch_id = ships.launch_id
    left join failures
        on launches.launch_id = failures.launch_id
)
select final.*
from final
    -- each row has the number of its load; launches with later changes are rebuilt
    left join __dbt__cte__fct_launches as built
        on final.launch_id = built.launch_id
    where
        built.launch_id is null
        or built.run_seq <> final.run_seq
    ) as __dbt_sbq
    where false
    limit 0
  );
-- next --
-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "launch_id","run_seq", 'actual' as "actual_or_expected"
  from (
with  __dbt__cte__fct_launches as (
select 'corrected' as launch_id, 1 as run_seq
union all
select 'same' as launch_id, 1 as run_seq
union all
select 'vanished' as launch_id, 1 as run_seq
),  __dbt__cte__stg_launches as (
-- Fixture for stg_launches
select
    cast('new' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year", cast(null as boolean) as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('corrected' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year", cast(null as boolean) as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('same' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year", cast(null as boolean) as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc", cast(null as boolean) as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__int_launch_changes as (
-- Fixture for int_launch_changes
select
    cast('new' as character varying)
 as "launch_id",
    cast(2 as bigint)
 as "run_seq"
union all
select
    cast('corrected' as character varying)
 as "launch_id",
    cast(2 as bigint)
 as "run_seq"
union all
select
    cast('same' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "run_seq"
union all
select
    cast('vanished' as character varying)
 as "launch_id",
    cast(2 as bigint)
 as "run_seq"
),  __dbt__cte__stg_launch_cores as (
-- Fixture for stg_launch_cores
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "core_slot", cast(null as character varying(256)) as "core_id", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs", cast(null as boolean) as "is_reused", cast(null as boolean) as "is_landing_attempt", cast(null as boolean) as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_payloads as (
-- Fixture for stg_launch_payloads
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "payload_slot", cast(null as character varying(256)) as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_crew as (
-- Fixture for stg_launch_crew
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "crew_slot", cast(null as character varying(256)) as "crew_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_capsules as (
-- Fixture for stg_launch_capsules
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "capsule_slot", cast(null as character varying(256)) as "capsule_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_ships as (
-- Fixture for stg_launch_ships
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "ship_slot", cast(null as character varying(256)) as "ship_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_failures as (
-- Fixture for stg_launch_failures
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "failure_number", cast(null as double precision) as "failure_time_s", cast(null as double precision) as "failure_altitude_km", cast(null as character varying(256)) as "failure_reason", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
), launches as (
    select * from __dbt__cte__stg_launches
),
changes as (
    select * from __dbt__cte__int_launch_changes
),
cores as (
    select
        launch_id,
        count(core_id) as core_count,
        count(case when core_id is not null and is_reused then 1 end) as reused_core_count,
        count(case when core_id is not null and is_landing_attempt then 1 end) as landing_attempt_count,
        count(case when core_id is not null and is_landing_success then 1 end) as landing_success_count
    from __dbt__cte__stg_launch_cores
    group by launch_id
),
payloads as (
    select
        launch_id,
        count(*) as payload_count
    from __dbt__cte__stg_launch_payloads
    group by launch_id
),
crew as (
    select
        launch_id,
        count(*) as crew_count
    from __dbt__cte__stg_launch_crew
    group by launch_id
),
capsules as (
    select
        launch_id,
        count(*) as capsule_count
    from __dbt__cte__stg_launch_capsules
    group by launch_id
),
ships as (
    select
        launch_id,
        count(*) as ship_count
    from __dbt__cte__stg_launch_ships
    group by launch_id
),
failures as (
    select
        launch_id,
        min(failure_time_s) as failure_time_s,
        listagg(failure_reason, ', ') within group (order by failure_reason) as failure_reason
    from __dbt__cte__stg_launch_failures
    group by launch_id
),
final as (
    select
        launches.launch_id,
        launches.launch_name,
        launches.flight_number,
        launches.rocket_id,
        launches.launchpad_id,
        launches.launch_at_utc,
        launches.date_precision,
        launches.launch_date,
        launches.launch_month,
        launches.launch_year,
        launches.is_upcoming,
        launches.is_success,
        case
            when launches.is_upcoming then 'planned'
            when launches.is_success then 'success'
            when not launches.is_success then 'failure'
            else 'unknown'
        end as launch_outcome,
        failures.failure_time_s,
        failures.failure_reason,
        coalesce(cores.core_count, 0) as core_count,
        coalesce(cores.reused_core_count, 0) as reused_core_count,
        coalesce(cores.landing_attempt_count, 0) as landing_attempt_count,
        coalesce(cores.landing_success_count, 0) as landing_success_count,
        coalesce(payloads.payload_count, 0) as payload_count,
        coalesce(crew.crew_count, 0) as crew_count,
        coalesce(capsules.capsule_count, 0) as capsule_count,
        coalesce(ships.ship_count, 0) as ship_count,
        launches.launch_window_s,
        launches.static_fire_at_utc,
        launches.is_fairing_reused,
        launches.is_fairing_recovered,
        launches.webcast_url,
        changes.run_seq
    from launches
    inner join changes
        on launches.launch_id = changes.launch_id
    left join cores
        on launches.launch_id = cores.launch_id
    left join payloads
        on launches.launch_id = payloads.launch_id
    left join crew
        on launches.launch_id = crew.launch_id
    left join capsules
        on launches.launch_id = capsules.launch_id
    left join ships
        on launches.launch_id = ships.launch_id
    left join failures
        on launches.launch_id = failures.launch_id
)
select final.*
from final
    -- each row has the number of its load; launches with later changes are rebuilt
    left join __dbt__cte__fct_launches as built
        on final.launch_id = built.launch_id
    where
        built.launch_id is null
        or built.run_seq <> final.run_seq
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "launch_id", "run_seq", 'expected' as "actual_or_expected"
  from (
    select
    cast('new' as character varying)
 as "launch_id",
    cast(2 as bigint)
 as "run_seq"
union all
select
    cast('corrected' as character varying)
 as "launch_id",
    cast(2 as bigint)
 as "run_seq"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
-- next --
-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "launch_id","launch_outcome","failure_time_s","failure_reason","core_count","reused_core_count","landing_attempt_count","landing_success_count","payload_count", 'actual' as "actual_or_expected"
  from (
with  __dbt__cte__stg_launches as (
-- Fixture for stg_launches
select
    cast('won' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(False as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc",
    cast(True as boolean)
 as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('lost' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(False as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc",
    cast(False as boolean)
 as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('quiet' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(False as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc",
    cast(null as boolean)
 as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('planned' as character varying)
 as "launch_id", cast(null as character varying(256)) as "launch_name", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as character varying(256)) as "date_precision", cast(null as date) as "launch_date", cast(null as date) as "launch_month", cast(null as integer) as "launch_year",
    cast(True as boolean)
 as "is_upcoming", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_at_utc",
    cast(null as boolean)
 as "is_success", cast(null as character varying(256)) as "details", cast(null as boolean) as "is_fairing_reused", cast(null as boolean) as "is_fairing_recovery_attempt", cast(null as boolean) as "is_fairing_recovered", cast(null as character varying(256)) as "launch_library_id", cast(null as character varying(256)) as "webcast_url", cast(null as character varying(256)) as "article_url", cast(null as character varying(256)) as "wikipedia_url", cast(null as character varying(256)) as "press_kit_url", cast(null as character varying(256)) as "patch_url", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__int_launch_changes as (
-- Fixture for int_launch_changes
select
    cast('won' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "run_seq"
union all
select
    cast('lost' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "run_seq"
union all
select
    cast('quiet' as character varying)
 as "launch_id",
    cast(1 as bigint)
 as "run_seq"
union all
select
    cast('planned' as character varying)
 as "launch_id",
    cast(2 as bigint)
 as "run_seq"
),  __dbt__cte__stg_launch_cores as (
-- Fixture for stg_launch_cores
select
    cast('won' as character varying)
 as "launch_id", cast(null as bigint) as "core_slot",
    cast('a' as character varying)
 as "core_id", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs",
    cast(True as boolean)
 as "is_reused",
    cast(True as boolean)
 as "is_landing_attempt",
    cast(True as boolean)
 as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('won' as character varying)
 as "launch_id", cast(null as bigint) as "core_slot",
    cast('b' as character varying)
 as "core_id", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs",
    cast(False as boolean)
 as "is_reused",
    cast(True as boolean)
 as "is_landing_attempt",
    cast(null as boolean)
 as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('won' as character varying)
 as "launch_id", cast(null as bigint) as "core_slot",
    cast('c' as character varying)
 as "core_id", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs",
    cast(True as boolean)
 as "is_reused",
    cast(False as boolean)
 as "is_landing_attempt",
    cast(null as boolean)
 as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('planned' as character varying)
 as "launch_id", cast(null as bigint) as "core_slot",
    cast(null as character varying(256))
 as "core_id", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "has_grid_fins", cast(null as boolean) as "has_legs",
    cast(True as boolean)
 as "is_reused",
    cast(True as boolean)
 as "is_landing_attempt",
    cast(null as boolean)
 as "is_landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__stg_launch_payloads as (
-- Fixture for stg_launch_payloads
select
    cast('won' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('x' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('won' as character varying)
 as "launch_id", cast(null as bigint) as "payload_slot",
    cast('y' as character varying)
 as "payload_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
),  __dbt__cte__stg_launch_crew as (
-- Fixture for stg_launch_crew
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "crew_slot", cast(null as character varying(256)) as "crew_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_capsules as (
-- Fixture for stg_launch_capsules
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "capsule_slot", cast(null as character varying(256)) as "capsule_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_ships as (
-- Fixture for stg_launch_ships
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "ship_slot", cast(null as character varying(256)) as "ship_id", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
    limit 0
),  __dbt__cte__stg_launch_failures as (
-- Fixture for stg_launch_failures
select
    cast('lost' as character varying)
 as "launch_id", cast(null as bigint) as "failure_number",
    cast(139 as double precision)
 as "failure_time_s", cast(null as double precision) as "failure_altitude_km",
    cast('strut' as character varying)
 as "failure_reason", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('lost' as character varying)
 as "launch_id", cast(null as bigint) as "failure_number",
    cast(-10 as double precision)
 as "failure_time_s", cast(null as double precision) as "failure_altitude_km",
    cast('leak' as character varying)
 as "failure_reason", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
), launches as (
    select * from __dbt__cte__stg_launches
),
changes as (
    select * from __dbt__cte__int_launch_changes
),
cores as (
    select
        launch_id,
        count(core_id) as core_count,
        count(case when core_id is not null and is_reused then 1 end) as reused_core_count,
        count(case when core_id is not null and is_landing_attempt then 1 end) as landing_attempt_count,
        count(case when core_id is not null and is_landing_success then 1 end) as landing_success_count
    from __dbt__cte__stg_launch_cores
    group by launch_id
),
payloads as (
    select
        launch_id,
        count(*) as payload_count
    from __dbt__cte__stg_launch_payloads
    group by launch_id
),
crew as (
    select
        launch_id,
        count(*) as crew_count
    from __dbt__cte__stg_launch_crew
    group by launch_id
),
capsules as (
    select
        launch_id,
        count(*) as capsule_count
    from __dbt__cte__stg_launch_capsules
    group by launch_id
),
ships as (
    select
        launch_id,
        count(*) as ship_count
    from __dbt__cte__stg_launch_ships
    group by launch_id
),
failures as (
    select
        launch_id,
        min(failure_time_s) as failure_time_s,
        listagg(failure_reason, ', ') within group (order by failure_reason) as failure_reason
    from __dbt__cte__stg_launch_failures
    group by launch_id
),
final as (
    select
        launches.launch_id,
        launches.launch_name,
        launches.flight_number,
        launches.rocket_id,
        launches.launchpad_id,
        launches.launch_at_utc,
        launches.date_precision,
        launches.launch_date,
        launches.launch_month,
        launches.launch_year,
        launches.is_upcoming,
        launches.is_success,
        case
            when launches.is_upcoming then 'planned'
            when launches.is_success then 'success'
            when not launches.is_success then 'failure'
            else 'unknown'
        end as launch_outcome,
        failures.failure_time_s,
        failures.failure_reason,
        coalesce(cores.core_count, 0) as core_count,
        coalesce(cores.reused_core_count, 0) as reused_core_count,
        coalesce(cores.landing_attempt_count, 0) as landing_attempt_count,
        coalesce(cores.landing_success_count, 0) as landing_success_count,
        coalesce(payloads.payload_count, 0) as payload_count,
        coalesce(crew.crew_count, 0) as crew_count,
        coalesce(capsules.capsule_count, 0) as capsule_count,
        coalesce(ships.ship_count, 0) as ship_count,
        launches.launch_window_s,
        launches.static_fire_at_utc,
        launches.is_fairing_reused,
        launches.is_fairing_recovered,
        launches.webcast_url,
        changes.run_seq
    from launches
    inner join changes
        on launches.launch_id = changes.launch_id
    left join cores
        on launches.launch_id = cores.launch_id
    left join payloads
        on launches.launch_id = payloads.launch_id
    left join crew
        on launches.launch_id = crew.launch_id
    left join capsules
        on launches.launch_id = capsules.launch_id
    left join ships
        on launches.launch_id = ships.launch_id
    left join failures
        on launches.launch_id = failures.launch_id
)
select final.*
from final
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "launch_id", "launch_outcome", "failure_time_s", "failure_reason", "core_count", "reused_core_count", "landing_attempt_count", "landing_success_count", "payload_count", 'expected' as "actual_or_expected"
  from (
    select
    cast('lost' as character varying)
 as "launch_id",
    cast('failure' as character varying)
 as "launch_outcome",
    cast(-10 as double precision)
 as "failure_time_s",
    cast('leak, strut' as character varying)
 as "failure_reason",
    cast(0 as bigint)
 as "core_count",
    cast(0 as bigint)
 as "reused_core_count",
    cast(0 as bigint)
 as "landing_attempt_count",
    cast(0 as bigint)
 as "landing_success_count",
    cast(0 as bigint)
 as "payload_count"
union all
select
    cast('won' as character varying)
 as "launch_id",
    cast('success' as character varying)
 as "launch_outcome",
    cast(null as double precision)
 as "failure_time_s",
    cast(null as character varying(256))
 as "failure_reason",
    cast(3 as bigint)
 as "core_count",
    cast(2 as bigint)
 as "reused_core_count",
    cast(2 as bigint)
 as "landing_attempt_count",
    cast(1 as bigint)
 as "landing_success_count",
    cast(2 as bigint)
 as "payload_count"
union all
select
    cast('quiet' as character varying)
 as "launch_id",
    cast('unknown' as character varying)
 as "launch_outcome",
    cast(null as double precision)
 as "failure_time_s",
    cast(null as character varying(256))
 as "failure_reason",
    cast(0 as bigint)
 as "core_count",
    cast(0 as bigint)
 as "reused_core_count",
    cast(0 as bigint)
 as "landing_attempt_count",
    cast(0 as bigint)
 as "landing_success_count",
    cast(0 as bigint)
 as "payload_count"
union all
select
    cast('planned' as character varying)
 as "launch_id",
    cast('planned' as character varying)
 as "launch_outcome",
    cast(null as double precision)
 as "failure_time_s",
    cast(null as character varying(256))
 as "failure_reason",
    cast(0 as bigint)
 as "core_count",
    cast(0 as bigint)
 as "reused_core_count",
    cast(0 as bigint)
 as "landing_attempt_count",
    cast(0 as bigint)
 as "landing_success_count",
    cast(0 as bigint)
 as "payload_count"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
-- next --
create temporary table
    "landing_success_by_year_success_rate__dbt_tmp"
  as (
    select * from (
with  __dbt__cte__fct_core_flights as (
-- Fixture for fct_core_flights
select cast(null as character varying(256)) as "core_flight_id", cast(null as character varying(256)) as "core_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year", cast(null as bigint) as "core_flight_number", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "previous_launch_id", cast(null as numeric(12,2)) as "turnaround_days",
    cast(True as boolean)
 as "is_landing_attempt",
    cast(True as boolean)
 as "is_landing_success",
    cast('ASDS' as character varying)
 as "landing_type", cast(null as character varying(256)) as "landpad_id"
union all
select cast(null as character varying(256)) as "core_flight_id", cast(null as character varying(256)) as "core_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year", cast(null as bigint) as "core_flight_number", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "previous_launch_id", cast(null as numeric(12,2)) as "turnaround_days",
    cast(True as boolean)
 as "is_landing_attempt",
    cast(True as boolean)
 as "is_landing_success",
    cast('ASDS' as character varying)
 as "landing_type", cast(null as character varying(256)) as "landpad_id"
union all
select cast(null as character varying(256)) as "core_flight_id", cast(null as character varying(256)) as "core_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year", cast(null as bigint) as "core_flight_number", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "previous_launch_id", cast(null as numeric(12,2)) as "turnaround_days",
    cast(True as boolean)
 as "is_landing_attempt",
    cast(False as boolean)
 as "is_landing_success",
    cast('ASDS' as character varying)
 as "landing_type", cast(null as character varying(256)) as "landpad_id"
union all
select cast(null as character varying(256)) as "core_flight_id", cast(null as character varying(256)) as "core_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year", cast(null as bigint) as "core_flight_number", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "previous_launch_id", cast(null as numeric(12,2)) as "turnaround_days",
    cast(True as boolean)
 as "is_landing_attempt",
    cast(null as boolean)
 as "is_landing_success",
    cast('ASDS' as character varying)
 as "landing_type", cast(null as character varying(256)) as "landpad_id"
union all
select cast(null as character varying(256)) as "core_flight_id", cast(null as character varying(256)) as "core_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year", cast(null as bigint) as "core_flight_number", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "previous_launch_id", cast(null as numeric(12,2)) as "turnaround_days",
    cast(False as boolean)
 as "is_landing_attempt",
    cast(null as boolean)
 as "is_landing_success",
    cast('ASDS' as character varying)
 as "landing_type", cast(null as character varying(256)) as "landpad_id"
union all
select cast(null as character varying(256)) as "core_flight_id", cast(null as character varying(256)) as "core_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year", cast(null as bigint) as "core_flight_number", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "previous_launch_id", cast(null as numeric(12,2)) as "turnaround_days",
    cast(null as boolean)
 as "is_landing_attempt",
    cast(null as boolean)
 as "is_landing_success",
    cast('ASDS' as character varying)
 as "landing_type", cast(null as character varying(256)) as "landpad_id"
union all
select cast(null as character varying(256)) as "core_flight_id", cast(null as character varying(256)) as "core_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year", cast(null as bigint) as "core_flight_number", cast(null as bigint) as "reported_flight_number", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "previous_launch_id", cast(null as numeric(12,2)) as "turnaround_days",
    cast(True as boolean)
 as "is_landing_attempt",
    cast(null as boolean)
 as "is_landing_success",
    cast('Ocean' as character varying)
 as "landing_type", cast(null as character varying(256)) as "landpad_id"
), landings as (
    select * from __dbt__cte__fct_core_flights
    where is_landing_attempt
),
counted as (
    select
        launch_year,
        landing_type,
        count(*) as attempts,
        count(case when is_landing_success then 1 end) as successes,
        count(case when not is_landing_success then 1 end) as failures,
        count(case when is_landing_success is null then 1 end) as unknown_outcomes
    from landings
    group by
        launch_year,
        landing_type
)
select
    launch_year,
    landing_type,
    attempts,
    successes,
    failures,
    unknown_outcomes,
    cast(cast(successes as double precision) / nullif(successes + failures, 0) as decimal(7, 4)) as success_rate
from counted
    ) as __dbt_sbq
    where false
    limit 0
  );
-- next --
create temporary table
    "int_launch_changes_sees_deletions__dbt_tmp"
  as (
    select * from (
        -- A deleted row changes its launch as well, for example a core that was removed from it. Staging excludes deleted rows,
-- so this model reads the loaded tables.
with  __dbt__cte__spacex__launches as (
-- Fixture for launches
select
    cast('untouched' as character varying)
 as "id", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "name", cast(null as timestamp without time zone) as "date_utc", cast(null as bigint) as "date_unix", cast(null as character varying(256)) as "date_local", cast(null as character varying(256)) as "date_precision", cast(null as boolean) as "upcoming", cast(null as boolean) as "success", cast(null as character varying(256)) as "details", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_date_utc", cast(null as bigint) as "static_fire_date_unix", cast(null as boolean) as "net", cast(null as boolean) as "tbd", cast(null as boolean) as "auto_update", cast(null as character varying(256)) as "launch_library_id", cast(null as boolean) as "fairings_reused", cast(null as boolean) as "fairings_recovery_attempt", cast(null as boolean) as "fairings_recovered", cast(null as super) as "fairings_ship_ids", cast(null as character varying(256)) as "link_patch_small", cast(null as character varying(256)) as "link_patch_large", cast(null as character varying(256)) as "link_reddit_campaign", cast(null as character varying(256)) as "link_reddit_launch", cast(null as character varying(256)) as "link_reddit_media", cast(null as character varying(256)) as "link_reddit_recovery", cast(null as super) as "link_flickr_small", cast(null as super) as "link_flickr_original", cast(null as character varying(256)) as "link_presskit", cast(null as character varying(256)) as "link_webcast", cast(null as character varying(256)) as "link_youtube_id", cast(null as character varying(256)) as "link_article", cast(null as character varying(256)) as "link_wikipedia", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash",
    cast('z' as character varying)
 as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
union all
select
    cast('corrected' as character varying)
 as "id", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "name", cast(null as timestamp without time zone) as "date_utc", cast(null as bigint) as "date_unix", cast(null as character varying(256)) as "date_local", cast(null as character varying(256)) as "date_precision", cast(null as boolean) as "upcoming", cast(null as boolean) as "success", cast(null as character varying(256)) as "details", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_date_utc", cast(null as bigint) as "static_fire_date_unix", cast(null as boolean) as "net", cast(null as boolean) as "tbd", cast(null as boolean) as "auto_update", cast(null as character varying(256)) as "launch_library_id", cast(null as boolean) as "fairings_reused", cast(null as boolean) as "fairings_recovery_attempt", cast(null as boolean) as "fairings_recovered", cast(null as super) as "fairings_ship_ids", cast(null as character varying(256)) as "link_patch_small", cast(null as character varying(256)) as "link_patch_large", cast(null as character varying(256)) as "link_reddit_campaign", cast(null as character varying(256)) as "link_reddit_launch", cast(null as character varying(256)) as "link_reddit_media", cast(null as character varying(256)) as "link_reddit_recovery", cast(null as super) as "link_flickr_small", cast(null as super) as "link_flickr_original", cast(null as character varying(256)) as "link_presskit", cast(null as character varying(256)) as "link_webcast", cast(null as character varying(256)) as "link_youtube_id", cast(null as character varying(256)) as "link_article", cast(null as character varying(256)) as "link_wikipedia", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash",
    cast('a' as character varying)
 as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
union all
select
    cast('core taken off' as character varying)
 as "id", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "name", cast(null as timestamp without time zone) as "date_utc", cast(null as bigint) as "date_unix", cast(null as character varying(256)) as "date_local", cast(null as character varying(256)) as "date_precision", cast(null as boolean) as "upcoming", cast(null as boolean) as "success", cast(null as character varying(256)) as "details", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_date_utc", cast(null as bigint) as "static_fire_date_unix", cast(null as boolean) as "net", cast(null as boolean) as "tbd", cast(null as boolean) as "auto_update", cast(null as character varying(256)) as "launch_library_id", cast(null as boolean) as "fairings_reused", cast(null as boolean) as "fairings_recovery_attempt", cast(null as boolean) as "fairings_recovered", cast(null as super) as "fairings_ship_ids", cast(null as character varying(256)) as "link_patch_small", cast(null as character varying(256)) as "link_patch_large", cast(null as character varying(256)) as "link_reddit_campaign", cast(null as character varying(256)) as "link_reddit_launch", cast(null as character varying(256)) as "link_reddit_media", cast(null as character varying(256)) as "link_reddit_recovery", cast(null as super) as "link_flickr_small", cast(null as super) as "link_flickr_original", cast(null as character varying(256)) as "link_presskit", cast(null as character varying(256)) as "link_webcast", cast(null as character varying(256)) as "link_youtube_id", cast(null as character varying(256)) as "link_article", cast(null as character varying(256)) as "link_wikipedia", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash",
    cast('z' as character varying)
 as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
),  __dbt__cte__spacex__launch_cores as (
-- Fixture for launch_cores
select
    cast('untouched' as character varying)
 as "launch_id", cast(null as bigint) as "position", cast(null as character varying(256)) as "core_id", cast(null as bigint) as "flight", cast(null as boolean) as "gridfins", cast(null as boolean) as "legs", cast(null as boolean) as "reused", cast(null as boolean) as "landing_attempt", cast(null as boolean) as "landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash",
    cast('z' as character varying)
 as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
union all
select
    cast('core taken off' as character varying)
 as "launch_id", cast(null as bigint) as "position", cast(null as character varying(256)) as "core_id", cast(null as bigint) as "flight", cast(null as boolean) as "gridfins", cast(null as boolean) as "legs", cast(null as boolean) as "reused", cast(null as boolean) as "landing_attempt", cast(null as boolean) as "landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash",
    cast('z' as character varying)
 as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
union all
select
    cast('core taken off' as character varying)
 as "launch_id", cast(null as bigint) as "position", cast(null as character varying(256)) as "core_id", cast(null as bigint) as "flight", cast(null as boolean) as "gridfins", cast(null as boolean) as "legs", cast(null as boolean) as "reused", cast(null as boolean) as "landing_attempt", cast(null as boolean) as "landing_success", cast(null as character varying(256)) as "landing_type", cast(null as character varying(256)) as "landpad_id", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash",
    cast('a' as character varying)
 as "_run_id", cast(null as timestamp without time zone) as "_loaded_at",
    cast('2022-01-01 00:00:00' as timestamp without time zone)
 as "_deleted_at"
),  __dbt__cte__spacex__launch_payloads as (
-- Fixture for launch_payloads
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "position", cast(null as character varying(256)) as "payload_id", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
    limit 0
),  __dbt__cte__spacex__launch_crew as (
-- Fixture for launch_crew
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "position", cast(null as character varying(256)) as "crew_id", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
    limit 0
),  __dbt__cte__spacex__launch_failures as (
-- Fixture for launch_failures
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "position", cast(null as double precision) as "time_s", cast(null as double precision) as "altitude_km", cast(null as character varying(256)) as "reason", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
    limit 0
),  __dbt__cte__spacex__launch_capsules as (
-- Fixture for launch_capsules
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "position", cast(null as character varying(256)) as "capsule_id", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
    limit 0
),  __dbt__cte__spacex__launch_ships as (
-- Fixture for launch_ships
select cast(null as character varying(256)) as "launch_id", cast(null as bigint) as "position", cast(null as character varying(256)) as "ship_id", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
    limit 0
),  __dbt__cte__etl__runs as (
-- Fixture for runs
select
    cast(1 as bigint)
 as "seq",
    cast('spacex' as character varying)
 as "source",
    cast('z' as character varying)
 as "run_id", cast(null as timestamp without time zone) as "fetched_at", cast(null as timestamp without time zone) as "loaded_at", cast(null as timestamp without time zone) as "committed_at", cast(null as super) as "collections", cast(null as super) as "tables"
union all
select
    cast(2 as bigint)
 as "seq",
    cast('spacex' as character varying)
 as "source",
    cast('a' as character varying)
 as "run_id", cast(null as timestamp without time zone) as "fetched_at", cast(null as timestamp without time zone) as "loaded_at", cast(null as timestamp without time zone) as "committed_at", cast(null as super) as "collections", cast(null as super) as "tables"
union all
select
    cast(9 as bigint)
 as "seq",
    cast('other' as character varying)
 as "source",
    cast('z' as character varying)
 as "run_id", cast(null as timestamp without time zone) as "fetched_at", cast(null as timestamp without time zone) as "loaded_at", cast(null as timestamp without time zone) as "committed_at", cast(null as super) as "collections", cast(null as super) as "tables"
), changed as (
    select
        id as launch_id,
        _run_id as run_id
    from __dbt__cte__spacex__launches
        union all
        select
            launch_id,
            _run_id as run_id
        from __dbt__cte__spacex__launch_cores
        union all
        select
            launch_id,
            _run_id as run_id
        from __dbt__cte__spacex__launch_payloads
        union all
        select
            launch_id,
            _run_id as run_id
        from __dbt__cte__spacex__launch_crew
        union all
        select
            launch_id,
            _run_id as run_id
        from __dbt__cte__spacex__launch_failures
        union all
        select
            launch_id,
            _run_id as run_id
        from __dbt__cte__spacex__launch_capsules
        union all
        select
            launch_id,
            _run_id as run_id
        from __dbt__cte__spacex__launch_ships
),
runs as (
    select
        run_id,
        seq
    from __dbt__cte__etl__runs
    where source = 'spacex'
)
select
    changed.launch_id,
    max(coalesce(runs.seq, 0)) as run_seq
from changed
left join runs
    on changed.run_id = runs.run_id
group by changed.launch_id
    ) as __dbt_sbq
    where false
    limit 0
  );
-- next --
create temporary table
    "launch_cadence_by_year_success_rate__dbt_tmp"
  as (
    select * from (
with  __dbt__cte__mv_launches_by_month as (
select
    2021 as launch_year, cast('2021-01-01' as date) as launch_month, 'f9' as rocket_id,
    3 as launches, 2 as successes, 1 as failures, 0 as unknown_outcomes, 0 as planned_launches
union all
select 2021, cast('2021-02-01' as date), 'f9', 1, 0, 0, 1, 0
union all
select 2021, null, 'f9', 0, 0, 0, 0, 2
union all
select 2021, cast('2021-03-01' as date), 'fh', 1, 0, 0, 1, 0
),  __dbt__cte__dim_rockets as (
-- Fixture for dim_rockets
select
    cast('f9' as character varying)
 as "rocket_id",
    cast('Falcon 9' as character varying)
 as "rocket_name", cast(null as boolean) as "is_active", cast(null as date) as "first_flight_date", cast(null as character varying(256)) as "country", cast(null as character varying(256)) as "company", cast(null as bigint) as "stage_count", cast(null as bigint) as "side_booster_count", cast(null as double precision) as "height_m", cast(null as double precision) as "diameter_m", cast(null as double precision) as "mass_kg", cast(null as boolean) as "is_first_stage_reusable", cast(null as bigint) as "first_stage_engine_count", cast(null as double precision) as "first_stage_thrust_sea_level_kn", cast(null as character varying(256)) as "engine_type", cast(null as character varying(256)) as "engine_version", cast(null as character varying(256)) as "oxidiser", cast(null as character varying(256)) as "fuel", cast(null as bigint) as "cost_per_launch_usd", cast(null as character varying(256)) as "wikipedia_url"
union all
select
    cast('fh' as character varying)
 as "rocket_id",
    cast('Falcon Heavy' as character varying)
 as "rocket_name", cast(null as boolean) as "is_active", cast(null as date) as "first_flight_date", cast(null as character varying(256)) as "country", cast(null as character varying(256)) as "company", cast(null as bigint) as "stage_count", cast(null as bigint) as "side_booster_count", cast(null as double precision) as "height_m", cast(null as double precision) as "diameter_m", cast(null as double precision) as "mass_kg", cast(null as boolean) as "is_first_stage_reusable", cast(null as bigint) as "first_stage_engine_count", cast(null as double precision) as "first_stage_thrust_sea_level_kn", cast(null as character varying(256)) as "engine_type", cast(null as character varying(256)) as "engine_version", cast(null as character varying(256)) as "oxidiser", cast(null as character varying(256)) as "fuel", cast(null as bigint) as "cost_per_launch_usd", cast(null as character varying(256)) as "wikipedia_url"
), months as (
    select * from __dbt__cte__mv_launches_by_month
),
rockets as (
    select * from __dbt__cte__dim_rockets
),
years as (
    select
        launch_year,
        rocket_id,
        cast(sum(launches) as bigint) as launches,
        cast(sum(successes) as bigint) as successes,
        cast(sum(failures) as bigint) as failures,
        cast(sum(unknown_outcomes) as bigint) as unknown_outcomes,
        cast(sum(planned_launches) as bigint) as planned_launches
    from months
    group by
        launch_year,
        rocket_id
)
select
    years.launch_year,
    years.rocket_id,
    rockets.rocket_name,
    years.launches,
    years.successes,
    years.failures,
    years.unknown_outcomes,
    cast(cast(years.successes as double precision) / nullif(years.successes + years.failures, 0) as decimal(7, 4)) as success_rate,
    years.planned_launches
from years
left join rockets
    on years.rocket_id = rockets.rocket_id
    ) as __dbt_sbq
    where false
    limit 0
  );
-- next --
create temporary table
    "mass_to_orbit_by_year_counts_what_got_there__dbt_tmp"
  as (
    select * from (
with  __dbt__cte__fct_payloads as (
-- Fixture for fct_payloads
select cast(null as character varying(256)) as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "capsule_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "launch_link", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year",
    cast(True as boolean)
 as "is_flown",
    cast(True as boolean)
 as "is_launch_success", cast(null as character varying(256)) as "orbit",
    cast('low-earth' as character varying)
 as "regime",
    cast(100.5 as double precision)
 as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as double precision) as "lifespan_years", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as character varying(256)) as "customers", cast(null as character varying(256)) as "nationalities", cast(null as character varying(256)) as "manufacturers"
union all
select cast(null as character varying(256)) as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "capsule_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "launch_link", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year",
    cast(True as boolean)
 as "is_flown",
    cast(True as boolean)
 as "is_launch_success", cast(null as character varying(256)) as "orbit",
    cast('low-earth' as character varying)
 as "regime",
    cast(null as double precision)
 as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as double precision) as "lifespan_years", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as character varying(256)) as "customers", cast(null as character varying(256)) as "nationalities", cast(null as character varying(256)) as "manufacturers"
union all
select cast(null as character varying(256)) as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "capsule_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "launch_link", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year",
    cast(True as boolean)
 as "is_flown",
    cast(False as boolean)
 as "is_launch_success", cast(null as character varying(256)) as "orbit",
    cast('low-earth' as character varying)
 as "regime",
    cast(10 as double precision)
 as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as double precision) as "lifespan_years", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as character varying(256)) as "customers", cast(null as character varying(256)) as "nationalities", cast(null as character varying(256)) as "manufacturers"
union all
select cast(null as character varying(256)) as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "capsule_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "launch_link", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year",
    cast(True as boolean)
 as "is_flown",
    cast(null as boolean)
 as "is_launch_success", cast(null as character varying(256)) as "orbit",
    cast('low-earth' as character varying)
 as "regime",
    cast(20 as double precision)
 as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as double precision) as "lifespan_years", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as character varying(256)) as "customers", cast(null as character varying(256)) as "nationalities", cast(null as character varying(256)) as "manufacturers"
union all
select cast(null as character varying(256)) as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "capsule_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "launch_link", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year",
    cast(False as boolean)
 as "is_flown",
    cast(null as boolean)
 as "is_launch_success", cast(null as character varying(256)) as "orbit",
    cast('low-earth' as character varying)
 as "regime",
    cast(30 as double precision)
 as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as double precision) as "lifespan_years", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as character varying(256)) as "customers", cast(null as character varying(256)) as "nationalities", cast(null as character varying(256)) as "manufacturers"
union all
select cast(null as character varying(256)) as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "capsule_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "launch_link", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year",
    cast(True as boolean)
 as "is_flown",
    cast(True as boolean)
 as "is_launch_success", cast(null as character varying(256)) as "orbit",
    cast('sub-orbital' as character varying)
 as "regime",
    cast(40 as double precision)
 as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as double precision) as "lifespan_years", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as character varying(256)) as "customers", cast(null as character varying(256)) as "nationalities", cast(null as character varying(256)) as "manufacturers"
union all
select cast(null as character varying(256)) as "payload_id", cast(null as character varying(256)) as "payload_name", cast(null as character varying(256)) as "payload_type", cast(null as boolean) as "is_reused", cast(null as character varying(256)) as "capsule_id", cast(null as character varying(256)) as "launch_id", cast(null as character varying(256)) as "launch_link", cast(null as character varying(256)) as "rocket_id", cast(null as timestamp without time zone) as "launch_at_utc", cast(null as date) as "launch_date",
    cast(2022 as integer)
 as "launch_year",
    cast(True as boolean)
 as "is_flown",
    cast(True as boolean)
 as "is_launch_success", cast(null as character varying(256)) as "orbit",
    cast(null as character varying(256))
 as "regime",
    cast(5 as double precision)
 as "mass_kg", cast(null as bigint) as "norad_id_count", cast(null as double precision) as "lifespan_years", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "inclination_deg", cast(null as double precision) as "period_min", cast(null as character varying(256)) as "customers", cast(null as character varying(256)) as "nationalities", cast(null as character varying(256)) as "manufacturers"
), payloads as (
    select * from __dbt__cte__fct_payloads
    where
        is_flown
        and is_launch_success
),
in_orbit as (
    select
        launch_year,
        coalesce(regime, 'unknown') as regime,
        mass_kg
    from payloads
    where regime is null or regime <> 'sub-orbital'
)
select
    launch_year,
    regime,
    count(*) as payloads,
    count(mass_kg) as payloads_with_mass,
    cast(sum(mass_kg) as decimal(18, 2)) as mass_kg
from in_orbit
group by
    launch_year,
    regime
    ) as __dbt_sbq
    where false
    limit 0
  );
-- next --
create temporary table
    "starlink_shells_by_inclination__dbt_tmp"
  as (
    select * from (
with  __dbt__cte__stg_starlink as (
-- Fixture for stg_starlink
select
    cast('a' as character varying)
 as "satellite_id", cast(null as bigint) as "norad_id", cast(null as character varying(256)) as "satellite_name", cast(null as character varying(256)) as "international_designator",
    cast('v1.0' as character varying)
 as "satellite_version", cast(null as character varying(256)) as "launch_id", cast(null as date) as "launch_date", cast(null as character varying(256)) as "launch_site",
    cast(False as boolean)
 as "is_decayed", cast(null as date) as "decay_date", cast(null as double precision) as "latitude_deg", cast(null as double precision) as "longitude_deg",
    cast(550 as double precision)
 as "height_km", cast(null as double precision) as "velocity_km_s", cast(null as timestamp without time zone) as "elements_at_utc",
    cast(53.05 as double precision)
 as "inclination_deg", cast(null as double precision) as "eccentricity", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as double precision) as "bstar_per_earth_radius", cast(null as character varying(256)) as "tle_line1", cast(null as character varying(256)) as "tle_line2", cast(null as character varying(256)) as "rcs_size", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('b' as character varying)
 as "satellite_id", cast(null as bigint) as "norad_id", cast(null as character varying(256)) as "satellite_name", cast(null as character varying(256)) as "international_designator",
    cast('v1.0' as character varying)
 as "satellite_version", cast(null as character varying(256)) as "launch_id", cast(null as date) as "launch_date", cast(null as character varying(256)) as "launch_site",
    cast(True as boolean)
 as "is_decayed", cast(null as date) as "decay_date", cast(null as double precision) as "latitude_deg", cast(null as double precision) as "longitude_deg",
    cast(null as double precision)
 as "height_km", cast(null as double precision) as "velocity_km_s", cast(null as timestamp without time zone) as "elements_at_utc",
    cast(52.99 as double precision)
 as "inclination_deg", cast(null as double precision) as "eccentricity", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as double precision) as "bstar_per_earth_radius", cast(null as character varying(256)) as "tle_line1", cast(null as character varying(256)) as "tle_line2", cast(null as character varying(256)) as "rcs_size", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('c' as character varying)
 as "satellite_id", cast(null as bigint) as "norad_id", cast(null as character varying(256)) as "satellite_name", cast(null as character varying(256)) as "international_designator",
    cast('v1.0' as character varying)
 as "satellite_version", cast(null as character varying(256)) as "launch_id", cast(null as date) as "launch_date", cast(null as character varying(256)) as "launch_site",
    cast(False as boolean)
 as "is_decayed", cast(null as date) as "decay_date", cast(null as double precision) as "latitude_deg", cast(null as double precision) as "longitude_deg",
    cast(570 as double precision)
 as "height_km", cast(null as double precision) as "velocity_km_s", cast(null as timestamp without time zone) as "elements_at_utc",
    cast(70.0 as double precision)
 as "inclination_deg", cast(null as double precision) as "eccentricity", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as double precision) as "bstar_per_earth_radius", cast(null as character varying(256)) as "tle_line1", cast(null as character varying(256)) as "tle_line2", cast(null as character varying(256)) as "rcs_size", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('d' as character varying)
 as "satellite_id", cast(null as bigint) as "norad_id", cast(null as character varying(256)) as "satellite_name", cast(null as character varying(256)) as "international_designator",
    cast('v1.0' as character varying)
 as "satellite_version", cast(null as character varying(256)) as "launch_id", cast(null as date) as "launch_date", cast(null as character varying(256)) as "launch_site",
    cast(False as boolean)
 as "is_decayed", cast(null as date) as "decay_date", cast(null as double precision) as "latitude_deg", cast(null as double precision) as "longitude_deg",
    cast(560 as double precision)
 as "height_km", cast(null as double precision) as "velocity_km_s", cast(null as timestamp without time zone) as "elements_at_utc",
    cast(97.52 as double precision)
 as "inclination_deg", cast(null as double precision) as "eccentricity", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as double precision) as "bstar_per_earth_radius", cast(null as character varying(256)) as "tle_line1", cast(null as character varying(256)) as "tle_line2", cast(null as character varying(256)) as "rcs_size", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
union all
select
    cast('e' as character varying)
 as "satellite_id", cast(null as bigint) as "norad_id", cast(null as character varying(256)) as "satellite_name", cast(null as character varying(256)) as "international_designator",
    cast(null as character varying(256))
 as "satellite_version", cast(null as character varying(256)) as "launch_id", cast(null as date) as "launch_date", cast(null as character varying(256)) as "launch_site",
    cast(False as boolean)
 as "is_decayed", cast(null as date) as "decay_date", cast(null as double precision) as "latitude_deg", cast(null as double precision) as "longitude_deg",
    cast(530 as double precision)
 as "height_km", cast(null as double precision) as "velocity_km_s", cast(null as timestamp without time zone) as "elements_at_utc",
    cast(43.0 as double precision)
 as "inclination_deg", cast(null as double precision) as "eccentricity", cast(null as double precision) as "semi_major_axis_km", cast(null as double precision) as "apoapsis_km", cast(null as double precision) as "periapsis_km", cast(null as double precision) as "period_min", cast(null as double precision) as "mean_motion_rev_per_day", cast(null as double precision) as "raan_deg", cast(null as double precision) as "arg_of_pericenter_deg", cast(null as double precision) as "mean_anomaly_deg", cast(null as double precision) as "bstar_per_earth_radius", cast(null as character varying(256)) as "tle_line1", cast(null as character varying(256)) as "tle_line2", cast(null as character varying(256)) as "rcs_size", cast(null as character varying(256)) as "run_id", cast(null as timestamp without time zone) as "loaded_at_utc"
), satellites as (
    select * from __dbt__cte__stg_starlink
),
-- drag lowers an orbit but keeps its inclination, which identifies the shell of a decayed satellite too
in_shells as (
    select
        satellite_version,
        is_decayed,
        height_km,
        launch_date,
        decay_date,
        case
            when inclination_deg between 52 and 54 then '53 degrees'
            when inclination_deg between 69 and 71 then '70 degrees'
            when inclination_deg between 97 and 98 then 'polar, 97.6 degrees'
            else 'other'
        end as shell
    from satellites
)
select
    shell,
    coalesce(satellite_version, 'unknown') as satellite_version,
    count(*) as satellites,
    count(case when not is_decayed then 1 end) as satellites_in_orbit,
    count(case when is_decayed then 1 end) as satellites_decayed,
    cast(cast(count(case when is_decayed then 1 end) as double precision) / nullif(count(*), 0) as decimal(7, 4)) as decayed_share,
    cast(avg(height_km) as decimal(8, 2)) as average_height_km,
    min(launch_date) as first_launch_date,
    max(launch_date) as last_launch_date,
    max(decay_date) as last_decay_date
from in_shells
group by
    shell,
    coalesce(satellite_version, 'unknown')
    ) as __dbt_sbq
    where false
    limit 0
  );
-- next --
create temporary table
    "stg_launches_partial_dates__dbt_tmp"
  as (
    select * from (
        with  __dbt__cte__spacex__launches as (
-- Fixture for launches
select
    cast('hour' as character varying)
 as "id", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "name",
    cast('2022-11-15 13:41:00' as timestamp without time zone)
 as "date_utc", cast(null as bigint) as "date_unix", cast(null as character varying(256)) as "date_local",
    cast('hour' as character varying)
 as "date_precision", cast(null as boolean) as "upcoming", cast(null as boolean) as "success", cast(null as character varying(256)) as "details", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_date_utc", cast(null as bigint) as "static_fire_date_unix", cast(null as boolean) as "net", cast(null as boolean) as "tbd", cast(null as boolean) as "auto_update", cast(null as character varying(256)) as "launch_library_id", cast(null as boolean) as "fairings_reused", cast(null as boolean) as "fairings_recovery_attempt", cast(null as boolean) as "fairings_recovered", cast(null as super) as "fairings_ship_ids", cast(null as character varying(256)) as "link_patch_small", cast(null as character varying(256)) as "link_patch_large", cast(null as character varying(256)) as "link_reddit_campaign", cast(null as character varying(256)) as "link_reddit_launch", cast(null as character varying(256)) as "link_reddit_media", cast(null as character varying(256)) as "link_reddit_recovery", cast(null as super) as "link_flickr_small", cast(null as super) as "link_flickr_original", cast(null as character varying(256)) as "link_presskit", cast(null as character varying(256)) as "link_webcast", cast(null as character varying(256)) as "link_youtube_id", cast(null as character varying(256)) as "link_article", cast(null as character varying(256)) as "link_wikipedia", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
union all
select
    cast('day' as character varying)
 as "id", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "name",
    cast('2022-11-15 00:00:00' as timestamp without time zone)
 as "date_utc", cast(null as bigint) as "date_unix", cast(null as character varying(256)) as "date_local",
    cast('day' as character varying)
 as "date_precision", cast(null as boolean) as "upcoming", cast(null as boolean) as "success", cast(null as character varying(256)) as "details", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_date_utc", cast(null as bigint) as "static_fire_date_unix", cast(null as boolean) as "net", cast(null as boolean) as "tbd", cast(null as boolean) as "auto_update", cast(null as character varying(256)) as "launch_library_id", cast(null as boolean) as "fairings_reused", cast(null as boolean) as "fairings_recovery_attempt", cast(null as boolean) as "fairings_recovered", cast(null as super) as "fairings_ship_ids", cast(null as character varying(256)) as "link_patch_small", cast(null as character varying(256)) as "link_patch_large", cast(null as character varying(256)) as "link_reddit_campaign", cast(null as character varying(256)) as "link_reddit_launch", cast(null as character varying(256)) as "link_reddit_media", cast(null as character varying(256)) as "link_reddit_recovery", cast(null as super) as "link_flickr_small", cast(null as super) as "link_flickr_original", cast(null as character varying(256)) as "link_presskit", cast(null as character varying(256)) as "link_webcast", cast(null as character varying(256)) as "link_youtube_id", cast(null as character varying(256)) as "link_article", cast(null as character varying(256)) as "link_wikipedia", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
union all
select
    cast('month' as character varying)
 as "id", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "name",
    cast('2022-11-01 00:00:00' as timestamp without time zone)
 as "date_utc", cast(null as bigint) as "date_unix", cast(null as character varying(256)) as "date_local",
    cast('month' as character varying)
 as "date_precision", cast(null as boolean) as "upcoming", cast(null as boolean) as "success", cast(null as character varying(256)) as "details", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_date_utc", cast(null as bigint) as "static_fire_date_unix", cast(null as boolean) as "net", cast(null as boolean) as "tbd", cast(null as boolean) as "auto_update", cast(null as character varying(256)) as "launch_library_id", cast(null as boolean) as "fairings_reused", cast(null as boolean) as "fairings_recovery_attempt", cast(null as boolean) as "fairings_recovered", cast(null as super) as "fairings_ship_ids", cast(null as character varying(256)) as "link_patch_small", cast(null as character varying(256)) as "link_patch_large", cast(null as character varying(256)) as "link_reddit_campaign", cast(null as character varying(256)) as "link_reddit_launch", cast(null as character varying(256)) as "link_reddit_media", cast(null as character varying(256)) as "link_reddit_recovery", cast(null as super) as "link_flickr_small", cast(null as super) as "link_flickr_original", cast(null as character varying(256)) as "link_presskit", cast(null as character varying(256)) as "link_webcast", cast(null as character varying(256)) as "link_youtube_id", cast(null as character varying(256)) as "link_article", cast(null as character varying(256)) as "link_wikipedia", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
union all
select
    cast('quarter' as character varying)
 as "id", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "name",
    cast('2022-10-01 00:00:00' as timestamp without time zone)
 as "date_utc", cast(null as bigint) as "date_unix", cast(null as character varying(256)) as "date_local",
    cast('quarter' as character varying)
 as "date_precision", cast(null as boolean) as "upcoming", cast(null as boolean) as "success", cast(null as character varying(256)) as "details", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_date_utc", cast(null as bigint) as "static_fire_date_unix", cast(null as boolean) as "net", cast(null as boolean) as "tbd", cast(null as boolean) as "auto_update", cast(null as character varying(256)) as "launch_library_id", cast(null as boolean) as "fairings_reused", cast(null as boolean) as "fairings_recovery_attempt", cast(null as boolean) as "fairings_recovered", cast(null as super) as "fairings_ship_ids", cast(null as character varying(256)) as "link_patch_small", cast(null as character varying(256)) as "link_patch_large", cast(null as character varying(256)) as "link_reddit_campaign", cast(null as character varying(256)) as "link_reddit_launch", cast(null as character varying(256)) as "link_reddit_media", cast(null as character varying(256)) as "link_reddit_recovery", cast(null as super) as "link_flickr_small", cast(null as super) as "link_flickr_original", cast(null as character varying(256)) as "link_presskit", cast(null as character varying(256)) as "link_webcast", cast(null as character varying(256)) as "link_youtube_id", cast(null as character varying(256)) as "link_article", cast(null as character varying(256)) as "link_wikipedia", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
union all
select
    cast('half' as character varying)
 as "id", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "name",
    cast('2022-07-01 00:00:00' as timestamp without time zone)
 as "date_utc", cast(null as bigint) as "date_unix", cast(null as character varying(256)) as "date_local",
    cast('half' as character varying)
 as "date_precision", cast(null as boolean) as "upcoming", cast(null as boolean) as "success", cast(null as character varying(256)) as "details", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_date_utc", cast(null as bigint) as "static_fire_date_unix", cast(null as boolean) as "net", cast(null as boolean) as "tbd", cast(null as boolean) as "auto_update", cast(null as character varying(256)) as "launch_library_id", cast(null as boolean) as "fairings_reused", cast(null as boolean) as "fairings_recovery_attempt", cast(null as boolean) as "fairings_recovered", cast(null as super) as "fairings_ship_ids", cast(null as character varying(256)) as "link_patch_small", cast(null as character varying(256)) as "link_patch_large", cast(null as character varying(256)) as "link_reddit_campaign", cast(null as character varying(256)) as "link_reddit_launch", cast(null as character varying(256)) as "link_reddit_media", cast(null as character varying(256)) as "link_reddit_recovery", cast(null as super) as "link_flickr_small", cast(null as super) as "link_flickr_original", cast(null as character varying(256)) as "link_presskit", cast(null as character varying(256)) as "link_webcast", cast(null as character varying(256)) as "link_youtube_id", cast(null as character varying(256)) as "link_article", cast(null as character varying(256)) as "link_wikipedia", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
union all
select
    cast('year' as character varying)
 as "id", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "name",
    cast('2022-01-01 00:00:00' as timestamp without time zone)
 as "date_utc", cast(null as bigint) as "date_unix", cast(null as character varying(256)) as "date_local",
    cast('year' as character varying)
 as "date_precision", cast(null as boolean) as "upcoming", cast(null as boolean) as "success", cast(null as character varying(256)) as "details", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_date_utc", cast(null as bigint) as "static_fire_date_unix", cast(null as boolean) as "net", cast(null as boolean) as "tbd", cast(null as boolean) as "auto_update", cast(null as character varying(256)) as "launch_library_id", cast(null as boolean) as "fairings_reused", cast(null as boolean) as "fairings_recovery_attempt", cast(null as boolean) as "fairings_recovered", cast(null as super) as "fairings_ship_ids", cast(null as character varying(256)) as "link_patch_small", cast(null as character varying(256)) as "link_patch_large", cast(null as character varying(256)) as "link_reddit_campaign", cast(null as character varying(256)) as "link_reddit_launch", cast(null as character varying(256)) as "link_reddit_media", cast(null as character varying(256)) as "link_reddit_recovery", cast(null as super) as "link_flickr_small", cast(null as super) as "link_flickr_original", cast(null as character varying(256)) as "link_presskit", cast(null as character varying(256)) as "link_webcast", cast(null as character varying(256)) as "link_youtube_id", cast(null as character varying(256)) as "link_article", cast(null as character varying(256)) as "link_wikipedia", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at", cast(null as timestamp without time zone) as "_deleted_at"
union all
select
    cast('deleted' as character varying)
 as "id", cast(null as bigint) as "flight_number", cast(null as character varying(256)) as "name",
    cast('2022-01-01 00:00:00' as timestamp without time zone)
 as "date_utc", cast(null as bigint) as "date_unix", cast(null as character varying(256)) as "date_local",
    cast('hour' as character varying)
 as "date_precision", cast(null as boolean) as "upcoming", cast(null as boolean) as "success", cast(null as character varying(256)) as "details", cast(null as character varying(256)) as "rocket_id", cast(null as character varying(256)) as "launchpad_id", cast(null as bigint) as "launch_window_s", cast(null as timestamp without time zone) as "static_fire_date_utc", cast(null as bigint) as "static_fire_date_unix", cast(null as boolean) as "net", cast(null as boolean) as "tbd", cast(null as boolean) as "auto_update", cast(null as character varying(256)) as "launch_library_id", cast(null as boolean) as "fairings_reused", cast(null as boolean) as "fairings_recovery_attempt", cast(null as boolean) as "fairings_recovered", cast(null as super) as "fairings_ship_ids", cast(null as character varying(256)) as "link_patch_small", cast(null as character varying(256)) as "link_patch_large", cast(null as character varying(256)) as "link_reddit_campaign", cast(null as character varying(256)) as "link_reddit_launch", cast(null as character varying(256)) as "link_reddit_media", cast(null as character varying(256)) as "link_reddit_recovery", cast(null as super) as "link_flickr_small", cast(null as super) as "link_flickr_original", cast(null as character varying(256)) as "link_presskit", cast(null as character varying(256)) as "link_webcast", cast(null as character varying(256)) as "link_youtube_id", cast(null as character varying(256)) as "link_article", cast(null as character varying(256)) as "link_wikipedia", cast(null as super) as "_extra", cast(null as character varying(256)) as "_row_hash", cast(null as character varying(256)) as "_run_id", cast(null as timestamp without time zone) as "_loaded_at",
    cast('2022-02-01 00:00:00' as timestamp without time zone)
 as "_deleted_at"
), source as (
    select * from __dbt__cte__spacex__launches
),
renamed as (
    select
        id as launch_id,
        name as launch_name,
        flight_number,
        rocket_id,
        launchpad_id,
        -- time
        date_utc as launch_at_utc,
        date_precision,
        case when date_precision in ('day', 'hour') then cast(date_utc as date) end as launch_date,
        case
            when date_precision in ('month', 'day', 'hour') then cast(date_trunc('month', date_utc) as date)
        end as launch_month,
        cast(extract(year from date_utc) as integer) as launch_year,
        upcoming as is_upcoming,
        launch_window_s,
        static_fire_date_utc as static_fire_at_utc,
        -- outcome
        success as is_success,
        details,
        fairings_reused as is_fairing_reused,
        fairings_recovery_attempt as is_fairing_recovery_attempt,
        fairings_recovered as is_fairing_recovered,
        -- links
        launch_library_id,
        link_webcast as webcast_url,
        link_article as article_url,
        link_wikipedia as wikipedia_url,
        link_presskit as press_kit_url,
        link_patch_small as patch_url,
        -- load of the row
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)
select * from renamed
    ) as __dbt_sbq
    where false
    limit 0
  );
