{% macro with_defaults(
    relation, types, by_type={}, by_column={}, recorded_in='defaulted_columns'
) -%}
{%- set known = ['text', 'number', 'boolean', 'date', 'timestamp'] -%}
{%- if types is not mapping or not types -%}
  {{ _refuse('with_defaults', 'types', types, "each column with its type: {'category': 'text'}") }}
{%- endif -%}
{%- for type in by_type -%}
  {{ _expect_one_of('with_defaults', 'a type of by_type', type, known) }}
{%- endfor -%}
{%- for column in by_column -%}
  {{ _expect_one_of('with_defaults', 'a column of by_column', column, types.keys() | list) }}
{%- endfor -%}
{%- set defaults = {} -%}
{%- for column, type in types.items() -%}
  {{ _expect_one_of('with_defaults', "the type of " ~ column, type, known) }}
  {%- do defaults.update({column: _default_literal(
      column, type, by_column[column] if column in by_column else by_type.get(type)
  )}) -%}
{%- endfor -%}
select
    * replace (
        {%- for column, type in types.items() %}
        case when {{ _is_empty(column, type) }} then {{ defaults[column] }} else {{ _name(column) }} end
            as {{ _name(column) }}{{ ',' if not loop.last }}
        {%- endfor %}
    ),
    {{ _names_of_empty(types) }} as {{ _name(recorded_in) }}
from {{ relation }}
{%- endmacro %}

{% macro was_defaulted(column, recorded_in='defaulted_columns') -%}
  {{ return(adapter.dispatch('was_defaulted')(column, recorded_in)) }}
{%- endmacro %}

{% macro default__was_defaulted(column, recorded_in) -%}
  list_contains({{ _name(recorded_in) }}, '{{ column }}')
{%- endmacro %}

{% macro bigquery__was_defaulted(column, recorded_in) -%}
  '{{ column }}' in unnest({{ _name(recorded_in) }})
{%- endmacro %}

{% macro _is_empty(column, type) -%}
  {{ _name(column) }} is null {%- if type == 'text' %} or trim({{ _name(column) }}) = '' {%- endif %}
{%- endmacro %}

{% macro _default_literal(column, type, value) -%}
  {%- set day = '^[0-9]{4}-[0-9]{2}-[0-9]{2}' -%}
  {%- set fits = {
      'text': value is string,
      'number': value is number and value is not boolean,
      'boolean': value is boolean,
      'date': value is string and modules.re.match(day ~ '$', value),
      'timestamp': value is string and modules.re.match(day ~ ' [0-9:]{8}$', value),
  } -%}
  {%- if value is none -%}
    {{ _refuse(
        'with_defaults', 'the default of ' ~ column, 'not there',
        "one for type " ~ type ~ " in by_type, or one for the column in by_column"
    ) }}
  {%- elif not fits[type] -%}
    {{ _refuse(
        'with_defaults', 'the default of ' ~ column, value | string,
        {'text': "text", 'number': "a number", 'boolean': "true or false",
         'date': "'2017-01-31'", 'timestamp': "'2017-01-31 00:00:00'"}[type]
    ) }}
  {%- endif -%}
  {%- if type == 'text' -%}
    {{ dbt.string_literal(dbt.escape_single_quotes(value)) }}
  {%- elif type in ('date', 'timestamp') -%}
    {{ type }} '{{ value }}'
  {%- elif value is integer and value is not boolean and target.type == 'duckdb' -%}
    {#- As a text, which takes the column's type: beside the number 0, a decimal(10, 2) gets wider. -#}
    '{{ value }}'
  {%- else -%}
    {{ value | lower }}
  {%- endif -%}
{%- endmacro %}

{# The columns that are empty in a row, as an array of names; an empty one where none is. #}
{% macro _names_of_empty(types) -%}
  {{ return(adapter.dispatch('_names_of_empty')(types)) }}
{%- endmacro %}

{% macro default___names_of_empty(types) -%}
    list_concat(
        cast([] as varchar[])
        {%- for column, type in types.items() %},
        case when {{ _is_empty(column, type) }} then ['{{ column }}'] else [] end
        {%- endfor %}
    )
{%- endmacro %}

{% macro bigquery___names_of_empty(types) -%}
    array_concat(
        {%- for column, type in types.items() %}
        if({{ _is_empty(column, type) }}, ['{{ column }}'], []) {{- ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
