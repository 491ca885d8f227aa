{{ redshift_layout(dist='all', sort='launch_year') }}

with payloads as (
    select * from {{ ref('fct_payloads') }}
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
