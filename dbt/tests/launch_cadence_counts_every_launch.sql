-- Each launch is counted in its year. Returns years whose counts differ.
with launches as (
    select
        launch_year,
        count(*) as launches
    from {{ ref('fct_launches') }}
    group by launch_year
),

cadence as (
    select
        launch_year,
        sum(launches + planned_launches) as launches
    from {{ ref('launch_cadence_by_year') }}
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
