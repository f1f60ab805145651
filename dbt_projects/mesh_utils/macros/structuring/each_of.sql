{% macro each_of(list, name) -%}
  {{ return(adapter.dispatch('each_of')(list, name)) }}
{%- endmacro %}

{% macro default__each_of(list, name) -%}
  unnest({{ list }}) as each_of_them ({{ _name(name) }})
{%- endmacro %}

{% macro bigquery__each_of(list, name) -%}
  unnest({{ list }}) as {{ _name(name) }}
{%- endmacro %}
