{# A value of Jinja as SQL says it. #}
{% macro _literal(value) -%}
  {%- if value is none -%}
    null
  {%- elif value is boolean or value is number -%}
    {{ value | lower }}
  {%- else -%}
    {{ dbt.string_literal(dbt.escape_single_quotes(value | string)) }}
  {%- endif -%}
{%- endmacro %}
