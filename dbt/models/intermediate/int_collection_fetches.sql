{%- set collections = [
    'capsules', 'company', 'cores', 'crew', 'dragons', 'history', 'landpads', 'launches', 'launchpads', 'payloads', 'roadster',
    'rockets', 'ships', 'starlink',
] -%}

with runs as (
    select * from {{ ref('stg_etl__runs') }}
    where source = 'spacex'
)

{% for collection in collections %}
    select
        cast('{{ collection }}' as varchar(64)) as collection,
        max(fetched_at_utc) as fetched_at_utc
    from runs
    where {{ json_has('tables', collection) }}
    {% if not loop.last %}
        union all
    {% endif %}
{%- endfor %}
