{# Every column of a relation but these. #}
{% macro _all_but(alias, columns) -%}
  {%- set but = 'except' if target.type == 'bigquery' else 'exclude' -%}
  {{ alias }}.*{% if columns %} {{ but }} ({{ _names(columns) | join(', ') }}){% endif %}
{%- endmacro %}
