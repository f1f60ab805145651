{# No unique key: without one, both engines append. What happened stays, so nothing is built anew. #}
{% macro events(relation, name, key, occurred_at, columns=[], recorded_at=none) -%}
{{- config(materialized='incremental', full_refresh=false, on_schema_change='append_new_columns') -}}
{{- _expect_columns('events', 'key', key) -}}
{{- _expect_columns('events', 'columns', columns, least=0) -}}
{{- _expect_written_alike('events', {} if relation is string else _columns_of(relation), key) -}}
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

{# 1.50 is `1.50` as a text on one engine and `1.5` on the other, and so are a moment's parts: an id
   made of them would be another one after a move. #}
{% macro _expect_written_alike(word, types, key) -%}
  {%- for column in key if types.get(column | lower) -%}
    {%- set type_ = types[column | lower] -%}
    {%- if _kind(type_) not in ('text', 'integer', 'date', 'boolean', 'uuid') -%}
      {{ _refuse(word, 'the type of ' ~ column ~ ' in key', type_ | lower,
                 'text, a whole number, a date or a boolean, which both engines write alike. Make a'
                 ~ ' text of it before, in a form of your own') }}
    {%- endif -%}
  {%- endfor -%}
{%- endmacro %}
