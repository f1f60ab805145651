{# The shops keep New York time and their week begins on Monday; the tills write UTC. #}

{# A UTC timestamp without a zone, as an instant. #}
{% macro utc_instant(timestamp) -%}
  {{ return(adapter.dispatch('utc_instant')(timestamp)) }}
{%- endmacro %}

{# An instant stays one: a cast in between, because of it alone DuckDB would make a clock's time. #}
{% macro default__utc_instant(timestamp) -%}
  timezone('UTC', cast({{ timestamp }} as timestamp))
{%- endmacro %}

{% macro bigquery__utc_instant(timestamp) -%}
  timestamp({{ timestamp }}, 'UTC')
{%- endmacro %}

{# The shops' calendar day of an instant. #}
{% macro local_date(instant) -%}
  {{ return(adapter.dispatch('local_date')(instant)) }}
{%- endmacro %}

{% macro default__local_date(instant) -%}
  cast(timezone('America/New_York', {{ instant }}) as date)
{%- endmacro %}

{% macro bigquery__local_date(instant) -%}
  date({{ instant }}, 'America/New_York')
{%- endmacro %}

{# The Monday of a numbered week. Week 1 is the one that holds 1 January 2017, a Sunday. #}
{% macro week_start_of(week) -%}
  {{ return(adapter.dispatch('week_start_of')(week)) }}
{%- endmacro %}

{% macro default__week_start_of(week) -%}
  (date '2016-12-26' + 7 * (cast({{ week }} as integer) - 1))
{%- endmacro %}

{% macro bigquery__week_start_of(week) -%}
  date_add(date '2016-12-26', interval 7 * ({{ week }} - 1) day)
{%- endmacro %}
