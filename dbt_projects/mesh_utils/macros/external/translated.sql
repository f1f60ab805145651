{# What was translated stands beside what the source said, in `<name>_raw`: a meaning that is wrong
   can be mended, and a code without one be found (the test `translates_all`). #}
{% macro translated(relation, columns) -%}
{%- set known = ['from', 'codes', 'seed', 'code', 'meaning', 'factor', 'unit', 'factors', 'zone',
                 'raw'] -%}
{%- if columns is not mapping or not columns -%}
  {{ _refuse('translated', 'columns', columns, "each of our columns with the source's") }}
{%- endif -%}
{%- set lines, joins = [], [] -%}
{%- for name, said in columns.items() -%}
  {%- if said is string -%}
    {%- do lines.append('source.' ~ adapter.quote(said) ~ ' as ' ~ adapter.quote(name)) -%}
  {%- else -%}
    {%- for option in said if option not in known -%}
      {{ _refuse('translated', 'an option of ' ~ name, option, 'one of ' ~ known | join(', ')) }}
    {%- endfor -%}
    {%- if 'from' not in said -%}
      {{ _refuse('translated', name, said, "`from`, the source's column") }}
    {%- endif -%}
    {%- set raw = 'source.' ~ adapter.quote(said['from']) -%}
    {%- if 'codes' in said -%}
      {%- set meant = decoded(raw, said['codes']) -%}
    {%- elif 'seed' in said -%}
      {%- if 'code' not in said or 'meaning' not in said -%}
        {{ _refuse('translated', name, 'a seed alone', "also its columns `code` and `meaning`") }}
      {%- endif -%}
      {%- set alias = adapter.quote(name ~ '_codes') -%}
      {%- do joins.append('left join (' ~ _code_book(said['seed'], said['code'], said['meaning'])
                          ~ ') as ' ~ alias ~ '\n    on ' ~ alias ~ '.code = ' ~ raw) -%}
      {%- set meant = alias ~ '.meaning' -%}
    {%- elif 'factors' in said -%}
      {%- if 'unit' not in said -%}
        {{ _refuse('translated', name, 'factors alone', "also `unit`, a column that tells which") }}
      {%- endif -%}
      {%- set meant = raw ~ ' * ' ~ decoded('source.' ~ adapter.quote(said['unit']), said['factors']) -%}
    {%- elif 'factor' in said -%}
      {%- set meant = raw ~ ' * ' ~ said['factor'] -%}
    {%- elif 'zone' in said -%}
      {%- set meant = _instant_in(raw, said['zone']) -%}
    {%- else -%}
      {{ _refuse('translated', name, said | list | join(', '),
                 'codes, seed, factor, factors or zone; to rename only, write the column alone') }}
    {%- endif -%}
    {%- do lines.append(meant ~ ' as ' ~ adapter.quote(name)) -%}
    {%- do lines.append(raw ~ ' as ' ~ adapter.quote(said.get('raw', name ~ '_raw'))) -%}
  {%- endif -%}
{%- endfor -%}
select
    {{ lines | join(',\n    ') }}
from {{ relation }} as source
{%- for join in joins %}
{{ join }}
{%- endfor %}
{%- endmacro %}

{# One row a code, so that the join multiplies no row: a code with two meanings has none. #}
{% macro _code_book(seed, code, meaning) -%}
  {%- set code, meaning = _name(code), _name(meaning) -%}
  select
        {{ code }} as code,
        case when min({{ meaning }}) = max({{ meaning }}) then min({{ meaning }}) end as meaning
    from {{ seed }}
    group by {{ code }}
{%- endmacro %}

{# What a clock in a time zone showed, as an instant. #}
{% macro _instant_in(timestamp, zone) -%}
  {%- if target.type == 'bigquery' -%}
    timestamp({{ timestamp }}, '{{ zone }}')
  {%- else -%}
    timezone('{{ zone }}', {{ timestamp }})
  {%- endif -%}
{%- endmacro %}
