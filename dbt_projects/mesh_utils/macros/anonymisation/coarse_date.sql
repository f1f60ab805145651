{% macro coarse_date(day, to) -%}
  {{- _expect_one_of('coarse_date', 'to', to, ['week', 'month', 'quarter', 'year']) -}}
  {{ return(adapter.dispatch('coarse_date')(day, to)) }}
{%- endmacro %}

{% macro default__coarse_date(day, to) -%}
  cast(date_trunc('{{ to }}', {{ day }}) as date)
{%- endmacro %}

{% macro bigquery__coarse_date(day, to) -%}
  date_trunc({{ day }}, {{ 'isoweek' if to == 'week' else to }})
{%- endmacro %}
