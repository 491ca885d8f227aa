-- The months follow each other up to the last launch. Returns those that come after a hole.
with months as (
    select
        launch_month,
        lag(launch_month) over (order by launch_month) as previous_month,
        max(case when sum(launches) > 0 then launch_month end) over () as last_month
    from {{ ref('launch_cadence_by_month') }}
    group by launch_month
)

select
    launch_month,
    previous_month
from months
where
    launch_month <= last_month
    and launch_month > previous_month + interval '1 month'
