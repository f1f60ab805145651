{% macro completed(
    relation, period, grain, start=none, end=none, by=[], expected=none, gap='is_gap'
) -%}
{{ _expect_columns('completed', 'by', by, least=0) -}}
{%- set key = by + [period] -%}
select
    given.* replace (
        {%- for column in key %}
        coalesce(given.{{ column }}, grid.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    ),
    given.{{ period }} is null and grid.{{ period }} is not null as {{ gap }}
from {{ relation }} as given
full outer join (
{{ _grid('completed', relation, period, grain, start, end, by, expected) }}
) as grid
    on {{ _period_start('given.' ~ period, grain) }} = grid.{{ period }}
    {%- for column in by %}
    and given.{{ column }} = grid.{{ column }}
    {%- endfor %}
{%- endmacro %}
