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
        sum(launches + pad_losses + planned_launches + overdue_launches) as launches
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
where coalesce(launches.launches, 0) <> coalesce(cadence.launches, 0)
