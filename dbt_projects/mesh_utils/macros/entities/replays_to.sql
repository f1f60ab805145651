{% test replays_to(model, events, key, at, state, order=[], gone=none) %}
with replayed as (
    select {{ (key + state) | join(', ') }}
    from (
        {{ latest_state(events, key, at, state, order, gone) | indent(8) }}
    ) as latest
),

stands as (
    select {{ (key + state) | join(', ') }} from {{ model }}
)

select 'the events tell' as what, told.*
from (select * from replayed {{ dbt.except() }} select * from stands) as told
union all
select 'the model has' as what, there.*
from (select * from stands {{ dbt.except() }} select * from replayed) as there
{% endtest %}
