{% macro distinct_rows(relation, columns, copies='copies') -%}
{{ _expect_columns('distinct_rows', 'columns', columns) -}}
select
    {{ columns | join(',\n    ') }},
    count(*) as {{ copies }}
from {{ relation }}
group by {{ columns | join(', ') }}
{%- endmacro %}
