{# GoogleSQL's casts take neither precision nor scale; its columns do, and the contract's type says. #}
{% macro decimal(number, digits, places) -%}
  {%- if digits is not integer or places is not integer or places < 0 or places > 9
      or digits < places or digits - places > 29 -%}
    {{ _refuse('decimal', 'digits and places', digits ~ ' and ' ~ places,
               "whole numbers such as 10 and 2: at most 9 places, and 29 digits before them") }}
  {%- endif -%}
  {{ return(adapter.dispatch('decimal')(number, digits, places)) }}
{%- endmacro %}

{% macro default__decimal(number, digits, places) -%}
  cast({{ number }} as decimal({{ digits }}, {{ places }}))
{%- endmacro %}

{% macro bigquery__decimal(number, digits, places) -%}
  round(cast({{ number }} as numeric), {{ places }})
{%- endmacro %}
