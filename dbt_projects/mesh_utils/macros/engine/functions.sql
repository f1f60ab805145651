{# dbt's own functions (`functions/`) on DuckDB, for which dbt-duckdb has none: a function is a macro
   of the workshop. One in Python is known to the connection, and the macro calls it. #}
{% macro duckdb__scalar_function_sql(target_relation) %}
create or replace macro {{ target_relation }}({{ _argument_names() }}) as ({{ model.compiled_code }})
{% endmacro %}

{% macro duckdb__scalar_function_python(target_relation) %}
create or replace macro {{ target_relation }}({{ _argument_names() }})
as mesh_python_{{ model.name }}({{ _argument_names() }})
{% endmacro %}

{% macro _argument_names() -%}
  {{ model.arguments | map(attribute='name') | join(', ') }}
{%- endmacro %}
