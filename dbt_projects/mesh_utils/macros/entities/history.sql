{# A change that leaves the state as it was begins nothing new. One without a moment was before all
   others: the state has stood since nobody knows when. #}
{% macro history(relation, key, at, state, order=[], gone=none) -%}
{{- _expect_columns('history', 'key', key) -}}
{{- _expect_columns('history', 'state', state) -}}
{{- _expect_columns('history', 'order', order, least=0) -}}
{%- set key, state, order = _names(key), _names(state), _names(order) -%}
{%- set ordered = 'partition by ' ~ key | join(', ') ~ ' order by changed_at nulls first' -%}
with changes as (
    select
        {{ (key + state) | join(',\n        ') }},
        {{ at }} as changed_at
        {%- if gone %},
        coalesce({{ gone }}, false) as is_gone
        {%- endif %}
    from {{ relation }}
    where true
    qualify row_number() over (
        partition by {{ (key + [at]) | join(', ') }}
        order by {{ (order or [at]) | join(' desc nulls last, ') }} desc nulls last
    ) = 1
),

turns as (
    select *
    from changes
    where true
    qualify row_number() over ({{ ordered }}) = 1
        {%- for column in state + (['is_gone'] if gone else []) %}
        or {{ column }} is distinct from lag({{ column }}) over ({{ ordered }})
        {%- endfor %}
),

states as (
    select
        *,
        lead(changed_at) over ({{ ordered }}) as valid_to
    from turns
)

select
    {{ key | join(',\n    ') }},
    changed_at as valid_from,
    valid_to,
    valid_to is null as is_current,
    {{ state | join(',\n    ') }}
from states
{%- if gone %}
where not is_gone
{%- endif %}
{%- endmacro %}
