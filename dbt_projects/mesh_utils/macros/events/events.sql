{# No unique key: without one, both engines append. What happened stays, so nothing is built anew. #}
{% macro events(relation, name, key, occurred_at, columns=[], recorded_at=none) -%}
{{- config(materialized='incremental', full_refresh=false, on_schema_change='append_new_columns') -}}
{{- _expect_columns('events', 'key', key) -}}
{{- _expect_columns('events', 'columns', columns, least=0) -}}
with happened as (
    select
        {{ event_id(name, key) }} as event_id,
        '{{ name }}' as event_name,
        {{ occurred_at }} as occurred_at,
        {{ recorded_at or dbt.current_timestamp() }} as recorded_at,
        {{ _names(key + columns) | join(',\n        ') }}
    from {{ relation }}
)

select *
from happened
where true
{%- if is_incremental() %}
    and not exists (select 1 from {{ this }} as recorded where recorded.event_id = happened.event_id)
{%- endif %}
qualify row_number() over (partition by event_id order by occurred_at nulls last) = 1
{%- endmacro %}
