{% test never_changed(model, origin, key, columns) %}
{{- _expect_columns('never_changed', 'key', key) -}}
{{- _expect_columns('never_changed', 'columns', columns) -}}
select
    {%- for column in key %}
    recorded.{{ _name(column) }},
    {%- endfor %}
    {%- for column in columns %}
    recorded.{{ _name(column) }} as {{ _name(column ~ '_recorded') }},
    origin.{{ _name(column) }} as {{ _name(column ~ '_now') }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ model }} as recorded
inner join {{ origin }} as origin
    on {{ _pairs(key, '=') | join('\n    and ') }}
where
    {{ _pairs(columns, 'is distinct from') | join('\n    or ') }}
{% endtest %}

{% macro _pairs(columns, operator) -%}
  {%- set pairs = [] -%}
  {%- for c in _names(columns) %}{% do pairs.append(['origin.', c, ' ', operator, ' recorded.', c] | join) %}{% endfor -%}
  {{ return(pairs) }}
{%- endmacro %}
