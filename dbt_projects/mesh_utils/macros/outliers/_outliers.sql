{# Every row with the bounds of its group, whether its value is outside of them, and what else is
   said of it. Where half of a group has one value, there is no spread: its bounds are empty, and
   so is the flag, because nothing was found out. #}
{% macro _outliers(word, relation, column, method, by, factor, lower, upper, more=none) -%}
{%- set value = _name(column) -%}
{%- set below, above = _name(column ~ '_lower'), _name(column ~ '_upper') -%}
{%- set factors = {'iqr': 1.5, 'mad': 3, 'robust_zscore': 3.5, 'bounds': none} -%}
{{ _expect_one_of(word, 'method', method, factors.keys() | list) -}}
{{ _expect_columns(word, 'by', by, least=0) -}}
{%- if method == 'bounds' and (lower is none and upper is none or by or factor is not none) -%}
  {{ _refuse(word, 'method', method, "lower, upper or both beside it, and neither by nor factor") }}
{%- elif method != 'bounds' and (lower is not none or upper is not none) -%}
  {{ _refuse(word, 'method', method, "bounds where lower or upper is said: others find their own") }}
{%- elif factor is not none and (factor is not number or factor <= 0) -%}
  {{ _refuse(word, 'factor', factor, "a number above 0, such as " ~ factors[method]) }}
{%- endif -%}
select
    *,
    {% if method != 'bounds' or lower is not none %}{{ value }} < {{ below }} {%- endif %}
    {%- if method != 'bounds' or lower is not none and upper is not none %} or {% endif %}
    {%- if method != 'bounds' or upper is not none %}{{ value }} > {{ above }} {%- endif %}
        as {{ _name(column ~ '_is_outlier') }}
    {%- if more %},
    {{ more }}
    {%- endif %}
from (
{%- if method == 'bounds' %}
    select
        *
        {%- if lower is not none %},
        {{ lower }} as {{ below }}
        {%- endif %}
        {%- if upper is not none %},
        {{ upper }} as {{ above }}
        {%- endif %}
    from {{ relation }}
{%- else %}
    {{ adapter.dispatch('_with_bounds')(
        relation, column, method, by, factors[method] if factor is none else factor
    ) }}
{%- endif %}
) as bounded
{%- endmacro %}

{# A column of the scale of which `factor` are allowed on each side. 1.4826 makes the median of the
   deviations from the median comparable to a standard deviation, 1.2533 their mean. #}
{% macro _scale(method) -%}
  {%- if method == 'mad' -%}
    nullif(1.4826 * median_deviation, 0)
  {%- else -%}
    coalesce(nullif(1.4826 * median_deviation, 0), nullif(1.2533 * mean_deviation, 0))
  {%- endif -%}
{%- endmacro %}

{% macro _bounds(column, method, factor) -%}
  {%- set below, above = _name(column ~ '_lower'), _name(column ~ '_upper') -%}
  {%- if method == 'iqr' -%}
        quartile_1 - {{ factor }} * nullif(quartile_3 - quartile_1, 0) as {{ below }},
        quartile_3 + {{ factor }} * nullif(quartile_3 - quartile_1, 0) as {{ above }}
  {%- else -%}
        middle - {{ factor }} * {{ _scale(method) }} as {{ below }},
        middle + {{ factor }} * {{ _scale(method) }} as {{ above }}
  {%- endif -%}
{%- endmacro %}

{# Groups are small and rows are many: the bounds are found by group, and joined. #}
{% macro default___with_bounds(relation, column, method, by, factor) -%}
{%- set value = 'cast(' ~ _name(column) ~ ' as double)' -%}
{%- set by = _names(by) -%}
{%- set groups = by | join(', ') -%}
select
        given.*,
        bounds.{{ _name(column ~ '_lower') }},
        bounds.{{ _name(column ~ '_upper') }}
    from {{ relation }} as given
    left join (
        select
            {%- for name in by %}
            {{ name }},
            {%- endfor %}
            {{ _bounds(column, method, factor) | indent(4) }}
        from (
            select
                {%- for name in by %}
                {{ 'given.' ~ name if method == 'robust_zscore' else name }},
                {%- endfor %}
                {%- if method == 'iqr' %}
                quantile_cont({{ value }}, 0.25) as quartile_1,
                quantile_cont({{ value }}, 0.75) as quartile_3
                {%- elif method == 'mad' %}
                median({{ value }}) as middle,
                mad({{ value }}) as median_deviation
                {%- else %}
                middle,
                median(abs({{ value }} - middle)) as median_deviation,
                avg(abs({{ value }} - middle)) as mean_deviation
                {%- endif %}
            from {{ relation }} {%- if method == 'robust_zscore' %} as given
            inner join (
                select {{ groups ~ ', ' if by }}median({{ value }}) as middle
                from {{ relation }}
                {%- if by %}
                group by {{ groups }}
                {%- endif %}
            ) as middles {{ _same_group(by, 'given', 'middles') }}
            group by {% for name in by %}given.{{ name }}, {% endfor %}middle
            {%- elif by %}
            group by {{ groups }}
            {%- endif %}
        ) as measured
    ) as bounds {{ _same_group(by, 'given', 'bounds') }}
{%- endmacro %}

{% macro _same_group(by, one, other) -%}
  on {% for name in by -%}
    {{ one }}.{{ name }} is not distinct from {{ other }}.{{ name }}{{ ' and ' if not loop.last }}
  {%- else -%}
    true
  {%- endfor %}
{%- endmacro %}

{# BigQuery finds exact percentiles over windows only. #}
{% macro bigquery___with_bounds(relation, column, method, by, factor) -%}
{%- set value = 'cast(' ~ _name(column) ~ ' as float64)' -%}
{%- set group = 'over (' ~ ('partition by ' ~ _names(by) | join(', ') if by) ~ ')' -%}
{%- if method == 'iqr' -%}
select
        * except (quartile_1, quartile_3),
        {{ _bounds(column, method, factor) }}
    from (
        select
            *,
            percentile_cont({{ value }}, 0.25) {{ group }} as quartile_1,
            percentile_cont({{ value }}, 0.75) {{ group }} as quartile_3
        from {{ relation }}
    ) as measured
{%- else -%}
select
        * except (middle, median_deviation{{ ', mean_deviation' if method == 'robust_zscore' }}),
        {{ _bounds(column, method, factor) }}
    from (
        select
            *,
            percentile_cont(abs({{ value }} - middle), 0.5) {{ group }} as median_deviation
            {%- if method == 'robust_zscore' %},
            avg(abs({{ value }} - middle)) {{ group }} as mean_deviation
            {%- endif %}
        from (
            select
                *,
                percentile_cont({{ value }}, 0.5) {{ group }} as middle
            from {{ relation }}
        ) as centred
    ) as measured
{%- endif -%}
{%- endmacro %}
