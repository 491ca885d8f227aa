{{ redshift_layout(dist='all') }}

with satellites as (
    select * from {{ ref('stg_starlink') }}
),

-- drag lowers an orbit but does not change its inclination, so this also identifies the shell of a decayed satellite
in_shells as (
    select
        satellite_version,
        is_decayed,
        height_km,
        launch_date,
        decay_date,
        cast(
            case
                when inclination_deg between 52 and 54 then '53 degrees'
                when inclination_deg between 69 and 71 then '70 degrees'
                when inclination_deg between 97 and 98 then 'polar, 97.6 degrees'
                else 'other'
            end as varchar(32)
        ) as shell
    from satellites
)

select
    shell,
    coalesce(satellite_version, 'unknown') as satellite_version,
    count(*) as satellites,
    {{ count_if('not is_decayed') }} as satellites_in_orbit,
    {{ count_if('is_decayed') }} as satellites_decayed,
    {{ share_of(count_if('is_decayed'), 'count(*)') }} as decayed_share,
    cast(avg(height_km) as decimal(8, 2)) as average_height_km,
    min(launch_date) as first_launch_date,
    max(launch_date) as last_launch_date,
    max(decay_date) as last_decay_date
from in_shells
group by
    shell,
    coalesce(satellite_version, 'unknown')
