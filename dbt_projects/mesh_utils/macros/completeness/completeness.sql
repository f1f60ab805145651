{% macro completeness(
    relation, period, grain, start=none, end=none, by=[], expected=none, per=[]
) -%}
{{ _expect_columns('completeness', 'per', per, least=0) -}}
{%- for column in per -%}
  {{ _expect_one_of('completeness', 'a column of per', column, by) }}
{%- endfor -%}
select
    {%- for column in per %}
    grid.{{ column }},
    {%- endfor %}
    count(*) as periods_expected,
    count(given.{{ period }}) as periods_there,
    100.0 * count(given.{{ period }}) / nullif(count(*), 0) as completeness
from (
{{ _grid('completeness', relation, period, grain, start, end, by, expected) }}
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
