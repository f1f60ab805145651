{% macro winsorise(
    relation, column, method='iqr', by=[], factor=none, lower=none, upper=none, type=none
) -%}
{%- set clipped -%}
case
        {%- if method != 'bounds' or lower is not none %}
        when {{ column }} < {{ column }}_lower then {{ column }}_lower
        {%- endif %}
        {%- if method != 'bounds' or upper is not none %}
        when {{ column }} > {{ column }}_upper then {{ column }}_upper
        {%- endif %}
        else {{ column }}
    end
{%- endset -%}
{{ _outliers(
    'winsorise', relation, column, method, by, factor, lower, upper,
    ('cast(' ~ clipped ~ ' as ' ~ type ~ ')' if type else clipped) ~ ' as ' ~ column ~ '_winsorised'
) }}
{%- endmacro %}
