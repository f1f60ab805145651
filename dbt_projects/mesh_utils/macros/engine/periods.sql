{# Periods are named by their first day; a week begins on Monday. #}
{% macro _expect_grain(word, grain) -%}
  {{ _expect_one_of(word, 'grain', grain, ['day', 'week', 'month', 'quarter', 'year']) }}
{%- endmacro %}

{# The first day of the period that a date lies in. #}
{% macro _period_start(day, grain) -%}
  {{ return(adapter.dispatch('_period_start')(day, grain)) }}
{%- endmacro %}

{% macro default___period_start(day, grain) -%}
  cast(date_trunc('{{ grain }}', {{ day }}) as date)
{%- endmacro %}

{% macro bigquery___period_start(day, grain) -%}
  date_trunc({{ day }}, {{ 'isoweek' if grain == 'week' else grain }})
{%- endmacro %}

{# An item of FROM: every period from one first day to the last that is not after the end. #}
{% macro _each_period(start, end, grain, period) -%}
  {{ return(adapter.dispatch('_each_period')(start, end, grain, period)) }}
{%- endmacro %}

{% macro default___each_period(start, end, grain, period) -%}
  unnest(cast(generate_series({{ start }}, {{ end }}, interval 1 {{ grain }}) as date[]))
        as spine ({{ period }})
{%- endmacro %}

{% macro bigquery___each_period(start, end, grain, period) -%}
  unnest(generate_date_array({{ start }}, {{ end }}, interval 1 {{ grain }})) as {{ period }}
{%- endmacro %}
