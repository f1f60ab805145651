{% macro flag_outliers(
    relation, column, method='iqr', by=[], factor=none, lower=none, upper=none
) -%}
{{ _outliers('flag_outliers', relation, column, method, by, factor, lower, upper) }}
{%- endmacro %}
