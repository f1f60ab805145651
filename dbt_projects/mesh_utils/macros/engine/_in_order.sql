{# For a window's `order by`: what is empty comes last, whatever the direction. A column alone is told
   twice, because DuckDB 1.5 takes the wrong row as the first of a window that is ordered by one
   column, has empty ones and is partitioned by an expression (its `arg_max_nulls_last`). #}
{% macro _in_order(columns, direction='asc') -%}
  {%- set found = [] -%}
  {%- for column in columns %}{% do found.append(column ~ ' ' ~ direction ~ ' nulls last') %}{% endfor -%}
  {%- if columns | length == 1 %}{% do found.append(columns[0] ~ ' is null') %}{% endif -%}
  {{ return(found | join(', ')) }}
{%- endmacro %}
