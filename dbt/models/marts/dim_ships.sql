{{ redshift_layout(dist='all') }}

select
    ship_id,
    ship_name,
    ship_type,
    is_active,
    home_port,
    year_built,
    mass_kg
from {{ ref('stg_ships') }}
