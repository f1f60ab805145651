{% test conforms(model, columns, ignored=[]) %}
{{- _expect_columns('conforms', 'ignored', ignored, least=0) -}}
{%- for found in _differences(_declared(columns), _columns_of(model), ignored) %}
select
    {{ _literal(found.column) }} as column_name,
    {{ _literal(found.problem) }} as problem,
    {{ _literal(found.todo) }} as what_to_do
{{ 'union all' if not loop.last }}
{%- else %}
select 'nothing' as column_name from (select 1 as one) as no_difference where one = 0
{%- endfor %}
{% endtest %}
