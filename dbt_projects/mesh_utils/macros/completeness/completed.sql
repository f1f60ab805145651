{% macro completed(
    relation, period, grain, start=none, end=none, by=[], expected=none, gap='is_gap'
) -%}
{{ _expect_columns('completed', 'by', by, least=0) -}}
{%- set key, day = _names(by + [period]), _name(period) -%}
select
    given.* replace (
        {%- for column in key %}
        coalesce(given.{{ column }}, grid.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    ),
    given.{{ day }} is null and grid.{{ day }} is not null as {{ _name(gap) }}
from {{ relation }} as given
full outer join (
{{ _grid('completed', relation, period, grain, start, end, by, expected) }}
) as grid
    on {{ _period_start('given.' ~ day, grain) }} = grid.{{ day }}
    {%- for column in _names(by) %}
    and given.{{ column }} = grid.{{ column }}
    {%- endfor %}
{%- endmacro %}
