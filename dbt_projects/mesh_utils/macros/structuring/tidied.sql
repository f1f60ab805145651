{% macro tidied(text) -%}
  {{ return(adapter.dispatch('tidied')(text)) }}
{%- endmacro %}

{% macro default__tidied(text) -%}
  nullif(trim(regexp_replace({{ text }}, '\s+', ' ', 'g')), '')
{%- endmacro %}

{% macro bigquery__tidied(text) -%}
  nullif(trim(regexp_replace({{ text }}, r'\s+', ' '), ' '), '')
{%- endmacro %}
