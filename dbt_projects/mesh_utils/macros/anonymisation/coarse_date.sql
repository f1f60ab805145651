{% macro coarse_date(day, to) -%}
  {{- _expect_one_of('coarse_date', 'to', to, ['week', 'month', 'quarter', 'year']) -}}
  {{ _period_start(day, to) }}
{%- endmacro %}
