{{ redshift_layout(dist='all') }}

select
    rocket_id,
    rocket_name,
    is_active,
    first_flight_date,
    country,
    company,
    stage_count,
    side_booster_count,
    height_m,
    diameter_m,
    mass_kg,
    is_first_stage_reusable,
    first_stage_engine_count,
    first_stage_thrust_sea_level_kn,
    engine_type,
    engine_version,
    oxidiser,
    fuel,
    cost_per_launch_usd,
    wikipedia_url
from {{ ref('stg_rockets') }}
