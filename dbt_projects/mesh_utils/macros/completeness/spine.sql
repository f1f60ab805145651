{% macro spine(start, end, grain, period='period') -%}
{{ _expect_grain('spine', grain) -}}
select {{ _name(period) }}
from {{ _each_period(_period_start(start, grain), end, grain, _name(period)) }}
{%- endmacro %}
