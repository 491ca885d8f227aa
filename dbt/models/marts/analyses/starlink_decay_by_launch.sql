{{ redshift_layout(dist='all', sort='launch_date') }}

with satellites as (
    select * from {{ ref('stg_starlink') }}
),

launches as (
    select * from {{ ref('fct_launches') }}
),

counted as (
    select
        launch_id,
        min(launch_date) as launch_date,
        count(*) as satellites,
        {{ count_if('not is_decayed') }} as satellites_in_orbit,
        {{ count_if('is_decayed') }} as satellites_decayed,
        {{ share_of(count_if('is_decayed'), 'count(*)') }} as decayed_share,
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
