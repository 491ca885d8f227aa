{{ redshift_layout(dist='all', sort='launch_month') }}

with months as (
    select * from {{ ref('mv_launches_by_month') }}
    where launch_month is not null
),

rockets as (
    select * from {{ ref('dim_rockets') }}
)

select
    months.launch_month,
    months.rocket_id,
    rockets.rocket_name,
    months.launches,
    months.successes,
    months.failures,
    months.unknown_outcomes,
    {{ share_of('months.successes', 'months.successes + months.failures') }} as success_rate,
    months.planned_launches
from months
left join rockets
    on months.rocket_id = rockets.rocket_id
