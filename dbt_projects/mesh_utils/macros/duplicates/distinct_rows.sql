{% macro distinct_rows(relation, columns, copies='copies') -%}
{{ _expect_columns('distinct_rows', 'columns', columns) -}}
select
    {%- for column in columns %}
    {{ _names(modules.re.split('(?i)\\s+as\\s+', column)) | join(' as ') }},
    {%- endfor %}
    count(*) as {{ _name(copies) }}
from {{ relation }}
group by {% for n in range(columns | length) %}{{ n + 1 }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}
