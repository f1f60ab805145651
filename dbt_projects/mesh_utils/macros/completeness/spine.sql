{% macro spine(start, end, grain, period='period') -%}
{{ _expect_grain('spine', grain) -}}
select {{ period }}
from {{ _each_period(_period_start(start, grain), end, grain, period) }}
{%- endmacro %}
