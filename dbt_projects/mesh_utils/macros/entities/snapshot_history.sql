{% macro snapshot_history(snapshot, meta={}, deletions=false) -%}
  {%- set columns = [] -%}
  {%- for name in ['dbt_scd_id', 'dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to']
      + (['dbt_is_deleted'] if deletions else []) -%}
    {%- do columns.append(meta.get(name, name)) -%}
  {%- endfor -%}
  {%- set valid_to, never = 'states.' ~ columns[3], _current_until(snapshot) -%}
  {%- if never -%}
    {%- set valid_to = 'case when ' ~ valid_to ~ ' <> ' ~ never ~ ' then ' ~ valid_to ~ ' end' -%}
  {%- endif -%}
select
    {{ _all_but('states', columns) }},
    {{ _snapshot_instant('states.' ~ columns[2]) }} as valid_from,
    {{ _snapshot_instant(valid_to) }} as valid_to,
    {{ valid_to }} is null as is_current
from {{ snapshot }} as states
{%- if deletions %}
where cast(states.{{ columns[4] }} as {{ dbt.type_string() }}) <> 'True'
{%- endif %}
{%- endmacro %}

{# What the snapshot says for the end of a state that stands still, where it has been told to say
   something: its `dbt_valid_to_current`. #}
{% macro _current_until(snapshot) -%}
  {%- for node in (graph.nodes or {}).values() if execute and node.resource_type == 'snapshot'
      and node.relation_name == snapshot | string -%}
    {{ return(node.config.dbt_valid_to_current) }}
  {%- endfor -%}
  {{ return(none) }}
{%- endmacro %}

{# dbt writes UTC, on DuckDB without saying so; or a moment of the source, zone or no zone. #}
{% macro _snapshot_instant(timestamp) -%}
  {%- if target.type == 'bigquery' -%}
  cast({{ timestamp }} as timestamp)
  {%- else -%}
  {{ utc_instant(timestamp) }}
  {%- endif -%}
{%- endmacro %}
