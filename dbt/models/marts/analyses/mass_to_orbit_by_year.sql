{{ redshift_layout(dist='all', sort='launch_year') }}

with in_orbit as (
    select
        launch_year,
        coalesce(regime, 'unknown') as regime,
        mass_kg
    from {{ ref('fct_payloads') }}
    where has_reached_orbit
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
