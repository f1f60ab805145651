{% macro latest_state(relation, key, at, state, order=[], gone=none) -%}
{{- _expect_columns('latest_state', 'key', key) -}}
{{- _expect_columns('latest_state', 'state', state) -}}
{{- _expect_columns('latest_state', 'order', order, least=0) -}}
{%- set key, state, order = _names(key), _names(state), _names(order) -%}
select
    {{ key | join(',\n    ') }},
    {{ at }} as changed_at,
    {{ state | join(',\n    ') }}
from {{ relation }}
where true
qualify row_number() over (
    partition by {{ key | join(', ') }}
    order by {{ ([at] + order) | join(' desc nulls last, ') }} desc nulls last
) = 1
{%- if gone %}
    and not coalesce({{ gone }}, false)
{%- endif %}
{%- endmacro %}
