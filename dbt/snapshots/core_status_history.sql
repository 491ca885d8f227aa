{% snapshot core_status_history %}

{{
    config(
        unique_key='core_id',
        strategy='check',
        check_cols=['core_status'],
        updated_at='loaded_at_utc',
        hard_deletes='invalidate',
        snapshot_meta_column_names={'dbt_valid_from': 'valid_from_utc', 'dbt_valid_to': 'valid_to_utc'}
    )
}}

select
    core_id,
    core_serial,
    core_status,
    last_update,
    loaded_at_utc
from {{ ref('stg_cores') }}

{% endsnapshot %}
