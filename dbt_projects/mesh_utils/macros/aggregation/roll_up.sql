{% macro roll_up(relation, grain=none, by=[], measures=none) -%}
{{ _expect_columns('roll_up', 'by', by, least=0) -}}
{%- if execute -%}
{%- set declared = _declared_aggregation(relation) -%}
{%- set coarser = {
    'day': ['day', 'week', 'month', 'quarter', 'year'], 'week': ['week'],
    'month': ['month', 'quarter', 'year'], 'quarter': ['quarter', 'year'], 'year': ['year'],
}[declared.grain] -%}
{%- if grain is not none and grain not in coarser -%}
  {{ _refuse(
      'roll_up', 'grain', grain,
      "one that each " ~ declared.grain ~ " of " ~ relation.identifier ~ " lies wholly in ("
      ~ coarser | join(', ') ~ "); aggregate() the rows themselves by " ~ grain
  ) }}
{%- endif -%}
{%- for column in by -%}
  {{ _expect_one_of('roll_up', 'a column of by', column, declared.by) }}
{%- endfor -%}
{%- set measures = declared.additive.keys() | list if measures is none else measures -%}
{{ _expect_columns('roll_up', 'measures', measures) -}}
{%- for measure in measures -%}
  {%- if measure in declared.non_additive -%}
    {{ _refuse(
        'roll_up', measure, declared.non_additive[measure] ~ ", which cannot be added up",
        "an additive measure. A share: roll up its parts and divide. Anything else, such as a "
        ~ "distinct count: aggregate() the rows themselves, with this measure in non_additive"
    ) }}
  {%- endif -%}
  {{ _expect_one_of('roll_up', 'a measure', measure, declared.additive.keys() | list) }}
{%- endfor -%}
{%- set columns = _names(by) -%}
{%- if grain is not none -%}
  {%- set period = _name(declared.period) -%}
  {%- do columns.insert(0, _period_start(period, grain) ~ ' as ' ~ period) -%}
{%- endif -%}
select
    {%- for column in columns %}
    {{ column }},
    {%- endfor %}
    {%- for measure in measures %}
    {{ _adding(declared.additive[measure]) }}({{ _name(measure) }}) as {{ _name(measure) }}
    {{- ',' if not loop.last }}
    {%- endfor %}
from {{ relation }}
{%- for column in columns %}
{{ 'group by ' if loop.first }}{{ loop.index }}{{ ', ' if not loop.last }}
{%- endfor %}
{%- endif -%}
{%- endmacro %}

{# What `aggregate` left with the model that a relation is of. A unit test gives it as a CTE. #}
{% macro _declared_aggregation(relation) -%}
  {%- if not graph.nodes -%}
    {{ _refuse(
        'roll_up', 'the declaration of ' ~ relation, "not known in a unit test",
        "it to be said there: overrides: {macros: {_declared_aggregation: {period: …, grain: …, "
        ~ "by: […], additive: {…}, non_additive: {…}}}}"
    ) }}
  {%- endif -%}
  {%- set name = relation | string if relation is string else relation.identifier -%}
  {%- set name = name | replace('__dbt__cte__', '') -%}
  {%- for node in graph.nodes.values() if node.resource_type == 'model'
      and name in (node.name, node.alias) and node.config.meta.aggregation -%}
    {{ return(node.config.meta.aggregation) }}
  {%- endfor -%}
  {{ _refuse('roll_up', 'relation', name, "ref() of a model whose whole body is aggregate()") }}
{%- endmacro %}
