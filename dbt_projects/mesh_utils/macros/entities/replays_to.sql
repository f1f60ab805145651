{% test replays_to(model, events, key, at, state, order=[], gone=none) %}
{%- set latest = latest_state(events, key, at, state, order, gone) -%}
{%- set told = _names(key + state) | join(', ') -%}
with replayed as (
    select {{ told }}, 1 as times
    from (
        {{ latest | indent(8) }}
    ) as latest
),

stands as (
    -- Counted, so that an entity that stands twice is found.
    select {{ told }}, count(*) as times from {{ model }} group by {{ told }}
)

select 'the events tell' as what, told.*
from (select * from replayed {{ dbt.except() }} select * from stands) as told
union all
select 'the model has' as what, there.*
from (select * from stands {{ dbt.except() }} select * from replayed) as there
{% endtest %}
