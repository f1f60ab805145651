{# A text as a type: only where it plainly is one, so that no engine's leniency changes a fact
   ('1.5' as an integer is 2 on DuckDB, and 'yes' a boolean); NULL otherwise. #}
{% macro _strictly(text, data_type) -%}
  {%- set kind, form, type_ = _reading(data_type) -%}
  {%- set value = 'trim(' ~ text ~ ')' -%}
  {%- if kind == 'text' -%}
    {{ text }}
  {%- elif kind == 'decimal' and target.type == 'bigquery' -%}
    {#- GoogleSQL's casts take no scale; the form has seen to it already. -#}
    case when {{ _matches(value, form) }} then safe_cast({{ value }} as numeric) end
  {%- else -%}
    case when {{ _matches(value, form) }} then {{ _safe_cast(value, type_) }} end
  {%- endif -%}
{%- endmacro %}

{# Of a declared type: its kind, the form that its texts have, its name on this engine. #}
{% macro _reading(data_type) -%}
  {%- set declared = data_type | lower | trim -%}
  {%- set on_bigquery = target.type == 'bigquery' -%}
  {%- set size = _decimal_size(declared) -%}
  {%- set day = '[0-9]{4}-[0-9]{2}-[0-9]{2}' -%}
  {%- set time = day ~ '[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?' -%}
  {%- if declared in ('text', 'string', 'varchar') -%}
    {{ return(['text', '', 'string' if on_bigquery else 'varchar']) }}
  {%- elif declared in ('integer', 'int', 'bigint', 'int64', 'smallint', 'tinyint', 'long') -%}
    {%- set here = 'bigint' if declared in ('int64', 'long') else declared -%}
    {{ return(['integer', '[+-]?[0-9]+', 'int64' if on_bigquery else here]) }}
  {%- elif size -%}
    {%- set whole = '0*[0-9]{1,' ~ size[0] ~ '}' if size[0] else '0+' -%}
    {{ return(['decimal', '[+-]?' ~ whole ~ '([.][0-9]{0,' ~ size[1] ~ '}0*)?', declared]) }}
  {%- elif declared in ('number', 'double', 'float', 'float64') -%}
    {{ return(['number', '[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?',
               'float64' if on_bigquery else 'double']) }}
  {%- elif declared in ('boolean', 'bool') -%}
    {{ return(['boolean', '(true|false|TRUE|FALSE|True|False)', 'boolean']) }}
  {%- elif declared == 'date' -%}
    {{ return(['date', day, 'date']) }}
  {%- elif declared in ('timestamp', 'datetime') -%}
    {{ return(['timestamp without a zone', time, 'datetime' if on_bigquery else 'timestamp']) }}
  {%- elif declared in ('instant', 'timestamptz', 'timestamp with time zone') -%}
    {{ return(['timestamp with a zone', time ~ '(Z|[+-][0-9]{2}:?[0-9]{2})',
               'timestamp' if on_bigquery else 'timestamptz']) }}
  {%- endif -%}
  {{ _refuse('a declaration', 'a type', data_type, 'text, integer, bigint, decimal(10, 2), number,'
             ~ ' boolean, date, timestamp or instant') }}
{%- endmacro %}

{# Of a decimal's type: how many digits it has before the point, and how many after; else nothing.
   The limits are those of BigQuery's NUMERIC. #}
{% macro _decimal_size(data_type) -%}
  {%- set sized = '(?:decimal|numeric) *[(] *([0-9]+) *(?:, *([0-9]+) *)?[)]' -%}
  {%- set size = modules.re.fullmatch(sized, data_type | lower | trim) -%}
  {%- if not size %}{{ return(none) }}{% endif -%}
  {%- set places = (size.group(2) or 0) | int -%}
  {%- set whole = size.group(1) | int - places -%}
  {%- if places > 9 or whole < 0 or whole > 29 -%}
    {{ _refuse('a declaration', 'a type', data_type,
               'decimal(10, 2) or the like: at most 9 places, and 29 digits before them') }}
  {%- endif -%}
  {{ return([whole, places]) }}
{%- endmacro %}

{% macro _matches(text, form) -%}
  {%- if target.type == 'bigquery' -%}
    regexp_contains({{ text }}, r'^{{ form }}$')
  {%- else -%}
    regexp_full_match({{ text }}, '{{ form }}')
  {%- endif -%}
{%- endmacro %}

{# A list of those texts that are there. #}
{% macro _texts(expressions) -%}
  {%- if target.type == 'bigquery' -%}
    array(select said from unnest([
        {{ expressions | join(',\n        ') }}
    ]) as said where said is not null)
  {%- else -%}
    list_filter([
        {{ expressions | join(',\n        ') }}
    ], lambda said: said is not null)
  {%- endif -%}
{%- endmacro %}

{# dbt's own `safe_cast` is a plain cast on DuckDB, which stops the run. #}
{% macro _safe_cast(expression, type_) -%}
  {{ 'safe_cast' if target.type == 'bigquery' else 'try_cast' }}({{ expression }} as {{ type_ }})
{%- endmacro %}
