{% macro structured(relation, column, fields=none, keep=none) -%}
{{ _expect_columns('structured', 'keep', keep or [], least=0) -}}
{%- set fields = _fields('structured', fields, (keep or []) + [column, 'unparsed']) -%}
{{ _expect_apart('structured', relation, fields, keep, ['unparsed']) -}}
with read as (
    select
        *,
        {{ _json_of(column) }} as mesh_json
    from {{ relation }}
),

{{ _said('read', 'mesh_json', fields) }}

select
    {{ _kept(keep, fields, []) }}
    {{ _typed(fields) }},
    {{ _unparsed(column, 'mesh_json', fields, '$') }} as unparsed
from typed
{%- endmacro %}

{# From the short declaration, or from the model's own columns with a `data_type`. #}
{% macro _fields(word, fields, others) -%}
  {%- if fields is none -%}
    {%- set fields = {} -%}
    {%- for column, type_ in _typed_columns().items() if column not in others -%}
      {%- do fields.update({column: type_}) -%}
    {%- endfor -%}
    {%- if execute and not fields -%}
      {{ _refuse(word, 'fields', 'left out, and no column of ' ~ model.name ~ ' has a data_type',
                 "each field with its type, as {'quantity': 'integer'}, or columns with data_type"
                 ~ " in the model's YAML (`mesh contract sync` writes them)") }}
    {%- endif -%}
  {%- elif fields is not mapping or not fields -%}
    {{ _refuse(word, 'fields', fields, "each field with its type, as {'quantity': 'integer'}") }}
  {%- endif -%}
  {%- set found = [] -%}
  {%- for name, said in fields.items() -%}
    {%- set said = {'type': said} if said is string else said -%}
    {%- if said is not mapping or 'type' not in said
        or said.keys() | reject('in', ['type', 'path', 'required']) | list -%}
      {{ _refuse(word, 'field ' ~ name, said, "a type, or a mapping of `type`, `path`, `required`") }}
    {%- endif -%}
    {%- set own = '$.' ~ (name if modules.re.fullmatch('\\w+', name) else '"' ~ name ~ '"') -%}
    {%- do found.append({
        'name': name, 'type': said['type'], 'path': said.get('path', own),
        'required': said.get('required', false), 'kind': _reading(said['type'])[0],
        'as': adapter.quote(name), 'said': adapter.quote('mesh_' ~ name),
        'nested': adapter.quote('mesh_' ~ name ~ '_nested'),
        'value': adapter.quote('mesh_' ~ name ~ '_value'),
    }) -%}
  {%- endfor -%}
  {{ return(found) }}
{%- endmacro %}

{# Of two columns of one name, an engine refuses both, or calls the second one `id_1`. What a CTE has
   is not known here. #}
{% macro _expect_apart(word, relation, fields, keep, own) -%}
  {%- set kept = keep if keep is not none else
      [] if relation is string else _columns_of(relation).keys() | list -%}
  {%- set taken = (kept + own) | map('lower') | list -%}
  {%- for field in fields if field.name | lower in taken -%}
    {{ _refuse(word, 'field ' ~ field.name, 'a column of its own already' if field.name | lower in own
               else 'a column of the relation that stays',
               "another name, with its place in `path`: {'" ~ field.name ~ "_said': {'type': '"
               ~ field.type ~ "', 'path': '" ~ field.path ~ "'}}; or the columns that stay, without it,"
               ~ " in `keep`") }}
  {%- endfor -%}
{%- endmacro %}

{# The columns of the model that have a type, in its YAML. #}
{% macro _typed_columns() -%}
  {%- set found = {} -%}
  {%- for name, said in (model.get('columns') or {}).items() if said.get('data_type') -%}
    {%- do found.update({name: said.get('data_type')}) -%}
  {%- endfor -%}
  {{ return(found) }}
{%- endmacro %}

{# What the text has for each field, as text, and what that is as its type: found once, because an
   engine does both again for each place that asks. #}
{% macro _said(from_, json, fields) -%}
said as (
    select
        *
        {%- for field in fields %},
        {{ _is_nested(json, field.path) }} as {{ field.nested }},
        {{ _scalar(json, field) }} as {{ field.said }}
        {%- endfor %}
    from {{ from_ }}
),

typed as (
    select
        *
        {%- for field in fields if field.kind != 'text' %},
        {{ _strictly(field.said, field.type) }} as {{ field.value }}
        {%- endfor %}
    from said
)
{%- endmacro %}

{% macro _kept(keep, fields, others) -%}
  {%- if keep is not none -%}
    {{ return(_names(keep) | join(',\n    ') ~ (',' if keep else '')) }}
  {%- endif -%}
  {%- set ours = ['mesh_json'] + others -%}
  {%- for field in fields -%}
    {%- do ours.extend([field.said, field.nested] + ([field.value] if field.kind != 'text' else [])) -%}
  {%- endfor -%}
  {{ return(_all_but('typed', ours) ~ ',') }}
{%- endmacro %}

{% macro _typed(fields) -%}
  {%- set lines = [] -%}
  {%- for field in fields -%}
    {%- do lines.append((field.said if field.kind == 'text' else field.value) ~ ' as ' ~ field['as']) -%}
  {%- endfor -%}
  {{ lines | join(',\n    ') }}
{%- endmacro %}

{# Why fields have no value, though the text has something there, or should. `at`: where the JSON
   is in the text. #}
{% macro _unparsed(column, json, fields, at, more=[]) -%}
  {%- set reasons = ["case when " ~ _name(column) ~ " is not null and mesh_json is null then "
                     ~ _literal(column ~ ": is no JSON") ~ " end"] + more -%}
  {%- for place in _places(fields) -%}
    {%- set where = at ~ place[1:] -%}
    {%- do reasons.append("case when lower(" ~ _json_type(json, place) ~ ") not in ('object', 'null')"
        ~ "\n            then " ~ _literal(column ~ (": is no object" if where == '$' else
                                                     ": has no object at " ~ where)) ~ " end") -%}
  {%- endfor -%}
  {%- for field in fields -%}
    {%- set said, nested = field.said, field.nested -%}
    {%- if field.kind != 'text' -%}
      {%- do reasons.append("case when " ~ said ~ " is not null and " ~ field.value ~ " is null\n            then " ~ _literal(field.name ~ ": ") ~ " || " ~ said ~ " || "
          ~ _literal(" is no " ~ field.type) ~ " end") -%}
    {%- endif -%}
    {%- do reasons.append("case when " ~ nested ~ "\n            then "
        ~ _literal(field.name ~ ": is an object or a list, and no " ~ field.type) ~ " end") -%}
    {%- if field.required -%}
      {%- do reasons.append("case when " ~ json ~ " is not null and not " ~ nested ~ " and "
          ~ said ~ " is null\n            then " ~ _literal(field.name ~ ": is missing") ~ " end") -%}
    {%- endif -%}
  {%- endfor -%}
  {{ _texts(reasons) }}
{%- endmacro %}

{# A text that is no JSON is NULL. #}
{% macro _json_of(column) -%}
  {%- if target.type == 'bigquery' -%}
    safe.parse_json({{ _name(column) }}, wide_number_mode => 'round')
  {%- else -%}
    try_cast({{ _name(column) }} as json)
  {%- endif -%}
{%- endmacro %}

{# The text of a string, number or boolean; NULL for JSON's null, an object, a list, and nothing. #}
{% macro _scalar(json, field) -%}
  {%- if target.type == 'bigquery' -%}
    json_value({{ json }}, {{ _literal(field.path) }})
  {%- else -%}
    case when not {{ field.nested }} then json_extract_string({{ json }}, {{ _literal(field.path) }}) end
  {%- endif -%}
{%- endmacro %}

{% macro _is_nested(json, path) -%}
  {%- if target.type == 'bigquery' -%}
    coalesce({{ _json_type(json, path) }} in ('object', 'array'), false)
  {%- else -%}
    coalesce({{ _json_type(json, path) }} in ('OBJECT', 'ARRAY'), false)
  {%- endif -%}
{%- endmacro %}

{# In the engine's own case of letters. #}
{% macro _json_type(json, path) -%}
  {%- if target.type == 'bigquery' -%}
    json_type(json_query({{ json }}, {{ _literal(path) }}))
  {%- else -%}
    json_type({{ json }}, {{ _literal(path) }})
  {%- endif -%}
{%- endmacro %}

{# The places in which fields are looked for: where there is no object, nothing was read. #}
{% macro _places(fields) -%}
  {%- set found = [] -%}
  {%- for field in fields if field.path.startswith('$.') -%}
    {%- set steps = modules.re.findall('[.](?:\\w+|"[^"]*")', field.path) -%}
    {%- set plain = '$' ~ steps | join == field.path -%}
    {%- for n in range(steps | length if plain else 1) -%}
      {%- set place = '$' ~ steps[:n] | join -%}
      {%- if place not in found %}{% do found.append(place) %}{% endif -%}
    {%- endfor -%}
  {%- endfor -%}
  {{ return(found) }}
{%- endmacro %}
