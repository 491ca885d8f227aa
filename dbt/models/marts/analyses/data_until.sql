{{ redshift_layout(dist='all', sort='collection') }}

{#- The collections, each with its staging model, and what its newest event is, if its records have a time. -#}
{%- set collections = [
    ('capsules', 'stg_capsules', none, none),
    ('company', 'stg_company', none, none),
    ('cores', 'stg_cores', none, none),
    ('crew', 'stg_crew', none, none),
    ('dragons', 'stg_dragons', none, none),
    ('history', 'stg_history', 'event', 'event_at_utc'),
    ('landpads', 'stg_landpads', none, none),
    ('launches', 'int_launches_with_outcome', 'liftoff', 'case when has_lifted_off then launch_at_utc end'),
    ('launchpads', 'stg_launchpads', none, none),
    ('payloads', 'stg_payloads', 'orbital elements', 'elements_at_utc'),
    ('roadster', 'stg_roadster', none, none),
    ('rockets', 'stg_rockets', none, none),
    ('ships', 'stg_ships', none, none),
    ('starlink', 'stg_starlink', 'orbital elements', 'elements_at_utc'),
] %}

with events as (
    {%- for collection, model, event, event_at in collections %}
        select
            cast('{{ collection }}' as varchar(64)) as collection,
            count(*) as live_rows,
            cast({% if event %}'{{ event }}'{% else %}null{% endif %} as varchar(64)) as newest_event,
            max({% if event %}{{ event_at }}{% else %}cast(null as timestamp){% endif %}) as newest_event_at_utc
        from {{ ref(model) }}
        {%- if not loop.last %}

            union all
        {% endif %}
    {%- endfor %}
),

fetches as (
    select * from {{ ref('int_collection_fetches') }}
)

select
    cast('spacex' as varchar(64)) as source_name,
    events.collection,
    events.live_rows,
    events.newest_event,
    events.newest_event_at_utc,
    fetches.fetched_at_utc,
    {{ days_between('events.newest_event_at_utc', 'fetches.fetched_at_utc') }} as days_without_event
from events
left join fetches
    on events.collection = fetches.collection
