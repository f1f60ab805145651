{# A number that stands for what a row says: the same on one engine, another on the other. #}
{% macro row_hash(columns) -%}
  {{ return(adapter.dispatch('row_hash')(columns)) }}
{%- endmacro %}

{% macro duckdb__row_hash(columns) -%}
  hash({{ columns | join(', ') }})
{%- endmacro %}

{% macro bigquery__row_hash(columns) -%}
  farm_fingerprint(to_json_string(struct({{ columns | join(', ') }})))
{%- endmacro %}

{# Of many rows, in whatever order; a sum of 64-bit numbers needs more room than they do. #}
{% macro sum_of_hashes(columns) -%}
  sum({{ 'cast(' ~ row_hash(columns) ~ ' as numeric)' if target.type == 'bigquery' else row_hash(columns) }})
{%- endmacro %}
