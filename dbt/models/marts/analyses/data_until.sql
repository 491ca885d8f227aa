{{ redshift_layout(dist='all', sort='collection') }}

{#- The collections whose records have a time: the model, what its newest event is, and the event's time. -#}
{%- set timed = [
    ('history', 'stg_history', 'event', 'event_at_utc'),
    ('launches', 'int_launches_with_outcome', 'liftoff', 'case when has_lifted_off then launch_at_utc end'),
    ('payloads', 'stg_payloads', 'orbital elements', 'elements_at_utc'),
    ('starlink', 'stg_starlink', 'orbital elements', 'elements_at_utc'),
] %}

with fetches as (
    select * from {{ ref('int_collection_fetches') }}
),

events as (
    {%- for collection, model, event, event_at in timed %}
        select
            cast('{{ collection }}' as varchar(64)) as collection,
            cast('{{ event }}' as varchar(64)) as newest_event,
            max({{ event_at }}) as newest_event_at_utc
        from {{ ref(model) }}
        {%- if not loop.last %}

            union all
        {% endif %}
    {%- endfor %}
)

select
    cast('spacex' as varchar(64)) as source_name,
    fetches.collection,
    events.newest_event,
    events.newest_event_at_utc,
    fetches.fetched_at_utc,
    {{ days_between('events.newest_event_at_utc', 'fetches.fetched_at_utc') }} as days_without_event
from fetches
left join events
    on fetches.collection = events.collection
