{# A vault only ever grows: a token that was given out once has to stand for its value for good. #}
{% macro token_vault(relation, value) -%}
{{- config(materialized='incremental', full_refresh=false) -}}
select
    value,
    {{ _new_token() }} as token,
    {{ dbt.current_timestamp() }} as tokenised_at
from (select distinct {{ value }} as value from {{ relation }}) as seen
where value is not null
{%- if is_incremental() %}
    and not exists (select 1 from {{ this }} as kept where kept.value = seen.value)
{%- endif %}
{%- endmacro %}

{% macro _new_token() -%}
  {{ return(adapter.dispatch('_new_token')()) }}
{%- endmacro %}

{# DuckDB's uuid() is random, but not so that nobody could tell the next one; hashed with the
   domain's key, it is. #}
{% macro default___new_token() -%}
  {{ pseudonym('uuid()') }}
{%- endmacro %}

{% macro bigquery___new_token() -%}
  replace(generate_uuid(), '-', '')
{%- endmacro %}
