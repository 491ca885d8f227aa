-- The months follow each other up to the last launch. Returns those that come after a hole.
with months as (
    select
        launch_month,
        sum(launches) as launches
    from {{ ref('launch_cadence_by_month') }}
    group by launch_month
),

followed as (
    select
        launch_month,
        lag(launch_month) over (order by launch_month) as previous_month
    from months
    where launch_month <= (select max(launch_month) from months where launches > 0)
)

select
    launch_month,
    previous_month
from followed
where launch_month > previous_month + interval '1 month'
