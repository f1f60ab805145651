{% macro snapshot_history(snapshot, meta={}, deletions=false) -%}
  {%- set columns = [] -%}
  {%- for name in ['dbt_scd_id', 'dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to']
      + (['dbt_is_deleted'] if deletions else []) -%}
    {%- do columns.append(meta.get(name, name)) -%}
  {%- endfor -%}
select
    {{ _all_but('states', columns) }},
    {{ _snapshot_instant('states.' ~ columns[2]) }} as valid_from,
    {{ _snapshot_instant('states.' ~ columns[3]) }} as valid_to,
    states.{{ columns[3] }} is null as is_current
from {{ snapshot }} as states
{%- if deletions %}
where cast(states.{{ columns[4] }} as {{ dbt.type_string() }}) <> 'True'
{%- endif %}
{%- endmacro %}

{# dbt writes UTC, on DuckDB without saying so; or a moment of the source, zone or no zone. #}
{% macro _snapshot_instant(timestamp) -%}
  {%- if target.type == 'bigquery' -%}
  cast({{ timestamp }} as timestamp)
  {%- else -%}
  {{ utc_instant(timestamp) }}
  {%- endif -%}
{%- endmacro %}
