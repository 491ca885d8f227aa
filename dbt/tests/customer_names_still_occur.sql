{{ config(severity='warn') }}

-- A mapped name that the source no longer has is not needed in `customer_names`. Returns names of which every
-- loaded row is deleted; a name that was never loaded does not count.
select mapped.reported_name
from {{ ref('customer_names') }} as mapped
inner join {{ source('spacex', 'payload_customers') }} as loaded
    on mapped.reported_name = loaded.customer
group by mapped.reported_name
having {{ count_if('loaded._deleted_at is null') }} = 0
