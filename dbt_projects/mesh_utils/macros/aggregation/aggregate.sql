{# `additive` and `non_additive` are left with the model in its `meta`, where `roll_up` reads them. #}
{% macro aggregate(
    relation, day, grain, period, by=[], additive={}, non_additive={}, recorded_at=none
) -%}
{{ _expect_grain('aggregate', grain) -}}
{{ _expect_columns('aggregate', 'by', by, least=0) -}}
{%- if not additive and not non_additive -%}
  {{ _refuse(
      'aggregate', 'additive', additive, "a measure: {'sales_value': 'sum(sales_value)'}"
  ) }}
{%- endif -%}
{%- for measure, expression in additive.items() -%}
  {%- if not _adding(expression) -%}
    {{ _refuse(
        'aggregate', measure, expression ~ " among the additive measures",
        "sum(…), count(…), min(…) or max(…) and nothing around it; what cannot be added up, "
        ~ "distinct counts, averages and shares, is for non_additive"
    ) }}
  {%- endif -%}
{%- endfor -%}
{%- for measure in non_additive if measure in additive -%}
  {{ _refuse('aggregate', measure, "additive and non_additive", "one of them") }}
{%- endfor -%}
{{ config(meta={'aggregation': {
    'period': period, 'grain': grain, 'by': by, 'additive': additive, 'non_additive': non_additive
}}) -}}
{%- if execute and model.config.materialized == 'by_period' and recorded_at is none -%}
  {{ _refuse(
      'aggregate', 'recorded_at', 'not said',
      "the column that tells when a row came in: `by_period` finds late rows by it"
  ) }}
{%- endif -%}
{%- set start = _period_start(_name(day), grain) -%}
{%- set period, by = _name(period), _names(by) -%}
{%- set recorded_at = _name(recorded_at) if recorded_at -%}
{%- set again = _aggregates_again() -%}
{%- set measures = additive.items() | list + non_additive.items() | list -%}
{%- if again -%}
with touched as (
    -- A period that has other rows than it was built from, or none any more.
    select {{ period }}, max(is_there) = 1 as is_there
    from (
        select {{ start }} as {{ period }}, count(*) as n, max({{ recorded_at }}) as newest,
            1 as is_there
        from {{ relation }}
        group by 1
        union all
        select {{ period }}, sum(source_rows), max(recorded_through), 0
        from {{ this }}
        group by 1
    ) as compared
    group by {{ period }}
    having count(*) < 2 or min(n) <> max(n) or min(newest) <> max(newest) or count(newest) = 1
)

{% endif -%}
select
    {{ start }} as {{ period }}
    {%- for column in by %},
    {{ column }}
    {%- endfor %}
    {%- for measure, expression in measures %},
    {{ expression }} as {{ _name(measure) }}
    {%- endfor %}
    {%- if recorded_at %},
    count(*) as source_rows,
    max({{ recorded_at }}) as recorded_through,
    '{{ _recipe() }}' as built_by
    {%- endif %}
from {{ relation }}
{%- if again %}
where {{ _or_never(start) }} in (select {{ _or_never(period) }} from touched)
{%- endif %}
group by {% for n in range(by | length + 1) %}{{ n + 1 }}{{ ', ' if not loop.last }}{% endfor %}
{%- if again %}

union all

select
    {{ period }},
    {%- for _ in by + measures %}
    null,
    {%- endfor %}
    0,
    null,
    null
from touched
where not is_there
{%- endif %}
{%- endmacro %}

{# The function that adds up what an expression makes of parts, or nothing where none does. #}
{% macro _adding(expression) -%}
  {%- set call = modules.re.match('(?is)^(sum|count|min|max)\\s*\\((.*)\\)$', expression | trim) -%}
  {%- if not call or modules.re.match('(?i)\\s*distinct\\b', call[2]) -%}
    {{ return(none) }}
  {%- endif -%}
  {%- set seen = namespace(depth=0) -%}
  {%- for sign in call[2] if sign in '()' -%}
    {%- set seen.depth = seen.depth + (1 if sign == '(' else -1) -%}
    {%- if seen.depth < 0 -%}
      {{ return(none) }}
    {%- endif -%}
  {%- endfor -%}
  {{ return('sum' if call[1] | lower == 'count' else call[1] | lower) }}
{%- endmacro %}

{# Rows without a date are a period too; a join does not find NULL, so it has a date that is none. #}
{% macro _or_never(period) -%}
  coalesce({{ period }}, date '0001-01-01')
{%- endmacro %}
