{{ redshift_layout(dist='all', sort='launch_month') }}

with months as (
    select
        launch_month,
        rocket_id,
        {{ launch_counts() }}
    from {{ ref('fct_launches') }}
    where launch_month is not null
    group by
        launch_month,
        rocket_id
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
