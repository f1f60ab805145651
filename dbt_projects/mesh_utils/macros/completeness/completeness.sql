{% macro completeness(
    relation, period, grain, start=none, end=none, by=[], expected=none, per=[]
) -%}
{{ _expect_columns('completeness', 'per', per, least=0) -}}
{%- for column in per -%}
  {{ _expect_one_of('completeness', 'a column of per', column, by) }}
{%- endfor -%}
{%- if expected -%}
{{ _completeness_of_grid(relation, period, grain, start, end, by, expected, per) }}
{%- else -%}
{{ _expect_grain('completeness', grain) -}}
{{ _expect_columns('completeness', 'by', by, least=0) -}}
{%- set by, per, period = _names(by), _names(per), _name(period) -%}
{%- set first = _period_start(start, grain) if start else 'min(row_period)' -%}
{%- set last = _period_start(end, grain) if end else 'max(row_period)' -%}
select
    {%- for column in per %}
    {{ column }},
    {%- endfor %}
    coalesce(cast(sum(expected) as bigint), 0) as periods_expected,
    coalesce(cast(sum(found) as bigint), 0) as periods_there,
    100.0 * sum(found) / nullif(sum(expected), 0) as completeness
from (
    select
        {%- for column in by %}
        {{ column }},
        {%- endfor %}
        coalesce(greatest({{ dbt.datediff(first, last, grain) }} + 1, 0), 0) as expected,
        count({% if start or end -%}
            case when {{ 'row_period >= ' ~ first if start }} {{- ' and ' if start and end }}
            {{- 'row_period <= ' ~ last if end }} then row_period end
        {%- else %}row_period{% endif %}) as found
    from (
        select distinct
            {%- for column in by %}
            {{ column }},
            {%- endfor %}
            {{ _period_start(period, grain) }} as row_period
        from {{ relation }}
        {%- for column in by %}
        {{ 'where' if loop.first else 'and' }} {{ column }} is not null
        {%- endfor %}
    ) as given
    {%- for column in by %}
    {{ 'group by ' if loop.first }}{{ column }}{{ ', ' if not loop.last }}
    {%- endfor %}
) as counted
{%- for column in per %}
{{ 'group by ' if loop.first }}{{ column }}{{ ', ' if not loop.last }}
{%- endfor %}
{%- endif -%}
{%- endmacro %}

{# Who is expected, and when, is said by another relation: in several rows, it may be, that name the
   same period of a group. #}
{% macro _completeness_of_grid(relation, period, grain, start, end, by, expected, per) -%}
{%- set grid = _grid('completeness', relation, period, grain, start, end, by, expected) -%}
{%- set by, per, period = _names(by), _names(per), _name(period) -%}
select
    {%- for column in per %}
    grid.{{ column }},
    {%- endfor %}
    count(*) as periods_expected,
    count(given.{{ period }}) as periods_there,
    100.0 * count(given.{{ period }}) / nullif(count(*), 0) as completeness
from (
{{ grid }}
) as grid
left join (
    select distinct
        {%- for column in by %}
        {{ column }},
        {%- endfor %}
        {{ _period_start(period, grain) }} as {{ period }}
    from {{ relation }}
) as given
    on given.{{ period }} = grid.{{ period }}
    {%- for column in by %}
    and given.{{ column }} = grid.{{ column }}
    {%- endfor %}
{%- for column in per %}
{{ 'group by ' if loop.first }}grid.{{ column }}{{ ', ' if not loop.last }}
{%- endfor %}
{%- endmacro %}
