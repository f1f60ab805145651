{% macro each_of(list, name) -%}
  {{ return(adapter.dispatch('each_of')(list, name)) }}
{%- endmacro %}

{% macro default__each_of(list, name) -%}
  unnest({{ list }}) as each_of_them ({{ name }})
{%- endmacro %}

{% macro bigquery__each_of(list, name) -%}
  unnest({{ list }}) as {{ name }}
{%- endmacro %}
