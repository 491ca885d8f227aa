{{ redshift_layout(dist='all', sort='launch_year') }}

with flights as (
    select * from {{ ref('fct_core_flights') }}
),

counted as (
    select
        launch_year,
        count(*) as core_flights,
        count(distinct core_id) as cores,
        {{ count_if('is_reused') }} as reflights
    from flights
    group by launch_year
),

-- separate from the count of distinct cores, because Redshift does not guarantee support for both in one query
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
    {{ share_of('counted.reflights', 'counted.core_flights') }} as reflight_share,
    turnarounds.fastest_turnaround_days,
    turnarounds.median_turnaround_days
from counted
left join turnarounds
    on counted.launch_year = turnarounds.launch_year
