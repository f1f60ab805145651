{% macro winsorise(
    relation, column, method='iqr', by=[], factor=none, lower=none, upper=none, type=none
) -%}
{%- set value, below, above = _name(column), _name(column ~ '_lower'), _name(column ~ '_upper') -%}
{%- set clipped -%}
case
        {%- if method != 'bounds' or lower is not none %}
        when {{ value }} < {{ below }} then {{ below }}
        {%- endif %}
        {%- if method != 'bounds' or upper is not none %}
        when {{ value }} > {{ above }} then {{ above }}
        {%- endif %}
        else {{ value }}
    end
{%- endset -%}
{{ _outliers(
    'winsorise', relation, column, method, by, factor, lower, upper,
    ('cast(' ~ clipped ~ ' as ' ~ type ~ ')' if type else clipped)
    ~ ' as ' ~ _name(column ~ '_winsorised')
) }}
{%- endmacro %}
