{# Looks at the columns that the source has now: what it renamed, retyped or moved is absorbed as it
   was declared, and what nobody declared is warned of. #}
{% macro conformed(relation, columns, ignored=[]) -%}
{{ _expect_columns('conformed', 'ignored', ignored, least=0) -}}
{%- set columns = _declared(columns) -%}
{%- set there = _columns_of(relation) -%}
{%- for found in _differences(columns, there, ignored) -%}
  {%- do exceptions.warn('conformed(): ' ~ relation ~ ', column ' ~ found.column ~ ': '
                         ~ found.problem ~ '; ' ~ found.todo) -%}
{%- endfor -%}
{%- set lines, reasons = [], [] -%}
{%- for column in columns -%}
  {%- set values = [] -%}
  {%- for name in column.names if name in there -%}
    {%- set source = adapter.quote(name) -%}
    {%- set value = _converted(source, there[name], column.type) -%}
    {%- if value != source -%}
      {%- set text = 'cast(' ~ source ~ ' as ' ~ dbt.type_string() ~ ')' -%}
      {%- do reasons.append("case when " ~ source ~ " is not null and " ~ value ~ " is null then "
          ~ _literal(name ~ ": ") ~ " || " ~ text ~ " || " ~ _literal(" is no " ~ column.type)
          ~ " end") -%}
    {%- endif -%}
    {%- for earlier in values -%}
      {%- do reasons.append("case when " ~ earlier ~ " <> " ~ value ~ " then "
          ~ _literal(column.name ~ ": " ~ name ~ " tells something else") ~ " end") -%}
    {%- endfor -%}
    {%- do values.append(value) -%}
  {%- endfor -%}
  {%- set type_ = _reading(column.type)[2] -%}
  {%- if not values -%}
    {%- set value = 'cast(null as ' ~ type_ ~ ')' -%}
  {%- elif values | length == 1 -%}
    {%- set value = values[0] -%}
  {%- else -%}
    {%- set value = 'coalesce(' ~ values | join(', ') ~ ')' -%}
  {%- endif -%}
  {%- set name = adapter.quote(column.name) -%}
  {%- do lines.append(value if value == name else value ~ ' as ' ~ name) -%}
{%- endfor -%}
select
    {{ lines | join(',\n    ') }},
    {{ _texts(reasons or ['cast(null as ' ~ dbt.type_string() ~ ')']) }} as unparsed
from {{ relation }}
{%- endmacro %}

{# A column as a type, without changing what it says; NULL where that cannot be. #}
{% macro _converted(column, from_type, to_type) -%}
  {%- set from_kind, kind = _kind(from_type), _reading(to_type)[0] -%}
  {%- set type_ = _reading(to_type)[2] -%}
  {%- if from_type | lower == type_ | lower
      or (from_kind == kind and kind != 'decimal' and target.type == 'bigquery') -%}
    {{ return(column) }}
  {%- elif kind == 'text' -%}
    {{ return('cast(' ~ column ~ ' as ' ~ type_ ~ ')') }}
  {%- elif from_kind in ('number', 'decimal') and kind == 'integer' -%}
    {{ return('case when ' ~ column ~ ' = floor(' ~ column ~ ') then '
              ~ _safe_cast(column, type_) ~ ' end') }}
  {%- elif from_kind in ('integer', 'number', 'decimal') and kind in ('number', 'decimal') -%}
    {{ return(_same_number(column, from_type, type_, kind)) }}
  {%- elif from_kind == 'integer' and kind == 'integer'
      or (from_kind == 'date' and kind.startswith('timestamp')) -%}
    {{ return(_safe_cast(column, type_)) }}
  {%- elif from_kind == 'timestamp without a zone' and kind == 'date' -%}
    {{ return('case when cast(cast(' ~ column ~ ' as date) as timestamp) = cast(' ~ column
              ~ ' as timestamp) then cast(' ~ column ~ ' as date) end') }}
  {%- endif -%}
  {{ return(_strictly('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')', to_type)) }}
{%- endmacro %}

{# A number as a type that has it exactly; NULL where it would be rounded. #}
{% macro _same_number(column, from_type, type_, kind) -%}
  {%- if kind == 'decimal' and target.type == 'bigquery' -%}
    {%- set size = _decimal_size(type_) -%}
    {%- set value = 'round(' ~ _safe_cast(column, 'numeric') ~ ', ' ~ size[1] ~ ')' -%}
    {%- set fits = ' and abs(' ~ value ~ ') < 1e' ~ size[0] -%}
  {%- else -%}
    {%- set value, fits = _safe_cast(column, type_), '' -%}
  {%- endif -%}
  {{ return('case when ' ~ _safe_cast(value, from_type) ~ ' = ' ~ column ~ fits ~ ' then ' ~ value
            ~ ' end') }}
{%- endmacro %}

{# What a type of the database is, in the words of declarations. #}
{% macro _kind(data_type) -%}
  {%- set name = (data_type | lower).split('(')[0] -%}
  {%- set naive = 'timestamp without a zone' -%}
  {{ return({
      'varchar': 'text', 'string': 'text', 'text': 'text', 'tinyint': 'integer',
      'smallint': 'integer', 'integer': 'integer', 'bigint': 'integer', 'int64': 'integer',
      'utinyint': 'integer', 'usmallint': 'integer', 'uinteger': 'integer', 'ubigint': 'integer',
      'hugeint': 'integer', 'timestamp_s': naive, 'timestamp_ms': naive, 'timestamp_ns': naive,
      'decimal': 'decimal', 'numeric': 'decimal', 'bignumeric': 'decimal', 'double': 'number',
      'float': 'number', 'float64': 'number', 'boolean': 'boolean', 'bool': 'boolean',
      'date': 'date', 'datetime': naive,
      'timestamp': 'timestamp with a zone' if target.type == 'bigquery' else naive,
      'timestamp with time zone': 'timestamp with a zone',
  }.get(name, name)) }}
{%- endmacro %}

{% macro _columns_of(relation) -%}
  {%- set found = {} -%}
  {%- if execute -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
      {%- do found.update({column.name | lower: column.dtype}) -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(found) }}
{%- endmacro %}

{% macro _declared(columns) -%}
  {%- if columns is not mapping or not columns -%}
    {{ _refuse('conformed', 'columns', columns, "each column with its type, as {'week': 'integer'}") }}
  {%- endif -%}
  {%- set found = [] -%}
  {%- for name, said in columns.items() -%}
    {%- set said = {'type': said} if said is string else said -%}
    {%- if said is not mapping or 'type' not in said or said.get('aliases', []) is string
        or said.keys() | reject('in', ['type', 'aliases', 'arrives']) | list -%}
      {{ _refuse('conformed', 'column ' ~ name, said,
                 "a type, or a mapping of `type`, `aliases` (a list) and `arrives`") }}
    {%- endif -%}
    {%- do found.append({
        'name': name | lower, 'type': said['type'], 'arrives': said.get('arrives'),
        'names': ([name] + said.get('aliases', [])) | map('lower') | list,
    }) -%}
  {%- endfor -%}
  {{ return(found) }}
{%- endmacro %}

{# What the source has that was not declared, and the other way round. #}
{% macro _differences(columns, there, ignored) -%}
  {%- set found, known = [], ignored | map('lower') | list -%}
  {%- for column in columns if there -%}
    {%- do known.extend(column.names) -%}
    {%- set present = column.names | select('in', there) | list -%}
    {%- if not present -%}
      {%- do found.append({
          'column': column.name, 'problem': 'the source has it no more, under no name',
          'todo': 'name its new one in `aliases`, or take it out of the declaration',
      }) -%}
    {%- elif column.arrives and _kind(there[present[0]]) != _kind(column.arrives) -%}
      {%- do found.append({
          'column': present[0],
          'problem': 'the source has it as ' ~ there[present[0]] | lower ~ ', not ' ~ column.arrives,
          'todo': 'look at what is in it, then say so in `arrives`',
      }) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- for name in there if name not in known -%}
    {%- do found.append({
        'column': name, 'problem': 'the source has it, and nobody declared it',
        'todo': 'declare it, or name it in the `aliases` of what it replaces, or in `ignored`',
    }) -%}
  {%- endfor -%}
  {{ return(found) }}
{%- endmacro %}
