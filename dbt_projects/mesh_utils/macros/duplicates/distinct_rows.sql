{% macro distinct_rows(relation, columns, copies='copies') -%}
{{ _expect_columns('distinct_rows', 'columns', columns) -}}
select
    {{ columns | join(',\n    ') }},
    count(*) as {{ copies }}
from {{ relation }}
group by {% for n in range(columns | length) %}{{ n + 1 }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}
