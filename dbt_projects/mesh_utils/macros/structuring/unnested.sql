{# A text without such a list has no rows; one that is no JSON, or has something else there, has
   one, which says so. #}
{% macro unnested(relation, column, path, fields=none, position='position', keep=none) -%}
{{ _expect_columns('unnested', 'keep', keep or [], least=0) -}}
{%- set fields = _fields('unnested', fields, (keep or []) + [column, position, 'unparsed']) -%}
{{ _expect_apart('unnested', relation, fields, keep, [position | lower, 'unparsed']) -}}
{%- set no_list = "case when mesh_position is null and mesh_json is not null then "
    ~ _literal(column ~ ": has no list at " ~ path) ~ " end" -%}
with read as (
    select
        *,
        {{ _json_of(column) }} as mesh_json
    from {{ relation }}
),

items as (
    {{ _items(column, path) }}
),

{{ _said('items', 'mesh_item', fields) }}

select
    {{ _kept(keep, fields, ['mesh_item', 'mesh_position']) }}
    mesh_position as {{ _name(position) }},
    {{ _typed(fields) }},
    {{ _unparsed(column, 'mesh_item', fields, path ~ '[]', [no_list]) }} as unparsed
from typed
{%- endmacro %}

{% macro _items(column, path) -%}
  {{ return(adapter.dispatch('_items')(column, path)) }}
{%- endmacro %}

{# Unnested in the list of columns: a lateral join would gather all rows before it unnests one. #}
{% macro default___items(column, path) -%}
select
        * exclude (mesh_list, mesh_no_list, mesh_items, mesh_positions),
        unnest(mesh_items) as mesh_item,
        unnest(mesh_positions) as mesh_position
    from (
        select
            *,
            case when mesh_list is not null then mesh_list when mesh_no_list then [null] end
                as mesh_items,
            case when mesh_list is not null then range(1, len(mesh_list) + 1)
                when mesh_no_list then [null] end as mesh_positions
        from (
            select
                *,
                case when {{ _json_type('mesh_json', path) }} = 'ARRAY'
                    then cast(json_extract(mesh_json, {{ _literal(path) }}) as json[]) end
                    as mesh_list,
                ({{ _name(column) }} is not null and mesh_json is null)
                or {{ _json_type('mesh_json', path) }} not in ('ARRAY', 'NULL') as mesh_no_list
            from read
        ) as listed
    ) as paired
{%- endmacro %}

{% macro bigquery___items(column, path) -%}
select
        read.*,
        item as mesh_item,
        item_offset + 1 as mesh_position
    from read
    cross join unnest(
        case when {{ _json_type('mesh_json', path) }} = 'array'
            then json_query_array(mesh_json, {{ _literal(path) }}) end
    ) as item with offset as item_offset
    union all
    select
        read.*,
        cast(null as json),
        cast(null as int64)
    from read
    where ({{ _name(column) }} is not null and mesh_json is null)
        or {{ _json_type('mesh_json', path) }} not in ('array', 'null')
{%- endmacro %}
