{# What should be there: each period of each group. Without bounds, a group is expected from its own
   first to its own last period. A group that has no name is not expected at all. #}
{% macro _grid(word, relation, period, grain, start, end, by, expected) -%}
{{ _expect_grain(word, grain) -}}
{{ _expect_columns(word, 'by', by, least=0) -}}
{%- if expected and not (by and start and end) -%}
  {{ _refuse(
      word, 'expected', expected, "by, start and end beside it: what to expect of whom, and when"
  ) }}
{%- endif -%}
{%- set whole = start and end -%}
{%- set by, period = _names(by), _name(period) -%}
    select {{ 'distinct ' if expected }}{% for column in by %}{{ column }}, {% endfor %}{{ period }}
    from (
        select {{ 'distinct' if whole and by }}
            {%- for column in by %}
            {{ column }},
            {%- endfor %}
            {{ _period_start(start or 'min(' ~ period ~ ')', grain) }} as starts_on,
            {{ end or 'max(' ~ period ~ ')' }} as ends_on
        {%- if by or not whole %}
        from {{ expected or relation }}
        {%- endif %}
        {%- for column in by %}
        {{ 'where' if loop.first else 'and' }} {{ column }} is not null
        {%- endfor %}
        {%- if by and not whole %}
        group by {{ by | join(', ') }}
        {%- endif %}
    ) as expected
    cross join {{ _each_period('starts_on', 'ends_on', grain, period) }}
{%- endmacro %}
