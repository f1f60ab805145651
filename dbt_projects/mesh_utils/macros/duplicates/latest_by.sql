{% macro latest_by(relation, key, recency) -%}
{{ _expect_columns('latest_by', 'key', key) -}}
{{ _expect_columns('latest_by', 'recency', recency) -}}
select *
from {{ relation }}
where true
qualify row_number() over (
    partition by {{ _names(key) | join(', ') }}
    order by {{ _names(recency) | join(' desc nulls last, ') }} desc nulls last
) = 1
{%- endmacro %}
