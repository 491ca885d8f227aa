-- A mapped name is final: it is not itself mapped to another. Returns the rows whose customer is mapped, too.
select
    mapped.reported_name,
    mapped.customer_name,
    finals.customer_name as mapped_to
from {{ ref('customer_names') }} as mapped
inner join {{ ref('customer_names') }} as finals
    on mapped.customer_name = finals.reported_name
