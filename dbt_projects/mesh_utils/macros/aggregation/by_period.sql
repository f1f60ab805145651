{# Replaces the periods that `aggregate` found touched, and no other. Everything is built anew where
   nothing is built yet, or by another text of the model. #}
{% materialization by_period, default -%}
  {%- if not _aggregates_again() -%}
    {{ return(_as_table()) }}
  {%- endif -%}
  {%- set period = _name(config.get('meta').aggregation.period) -%}
  {%- set fresh = _scratch_relation() -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {%- do run_query(create_table_as(True, fresh, sql)) -%}
  {%- set touched = run_query('select distinct ' ~ period ~ ' from ' ~ fresh) -%}
  {%- call statement('main') -%}
    {%- if touched | length -%}
      {{ _replace_periods(fresh, period, touched.columns[0].values()) }}
    {%- else -%}
      select 'no period was touched' as nothing
    {%- endif -%}
  {%- endcall -%}
  {%- do persist_docs(this, model) -%}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- do adapter.commit() -%}
  {%- do adapter.drop_relation(fresh.incorporate(type='table')) -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [this.incorporate(type='table')]}) }}
{%- endmaterialization %}

{# Whether this run of the model replaces what was touched, and not everything. #}
{% macro _aggregates_again() -%}
  {%- if not execute or model.config.materialized != 'by_period' or should_full_refresh() -%}
    {{ return(false) }}
  {%- endif -%}
  {%- set built = load_relation(this) -%}
  {%- if built is none or not built.is_table -%}
    {{ return(false) }}
  {%- endif -%}
  {%- if 'built_by' not in adapter.get_columns_in_relation(built) | map(attribute='name') -%}
    {{ return(false) }}
  {%- endif -%}
  {{ return(run_query(
      "select 1 from " ~ this ~ " where built_by <> '" ~ _recipe() ~ "' limit 1"
  ) | length == 0) }}
{%- endmacro %}

{% macro _recipe() -%}
  {{ return(local_md5(model.raw_code)) }}
{%- endmacro %}

{% macro _as_table() -%}
  {{ return(adapter.dispatch('_as_table')()) }}
{%- endmacro %}

{% macro duckdb___as_table() -%}
  {{ return(materialization_table_duckdb()) }}
{%- endmacro %}

{% macro bigquery___as_table() -%}
  {{ return(materialization_table_bigquery()) }}
{%- endmacro %}

{% macro _scratch_relation() -%}
  {{ return(adapter.dispatch('_scratch_relation')()) }}
{%- endmacro %}

{% macro default___scratch_relation() -%}
  {{ return(make_temp_relation(this).include(database=false, schema=false)) }}
{%- endmacro %}

{% macro bigquery___scratch_relation() -%}
  {{ return(make_temp_relation(this)) }}
{%- endmacro %}

{% macro _replace_periods(fresh, period, touched) -%}
  {{ return(adapter.dispatch('_replace_periods')(fresh, period, touched)) }}
{%- endmacro %}

{% macro default___replace_periods(fresh, period, touched) -%}
delete from {{ this }}
where {{ _or_never(period) }} in (select {{ _or_never(period) }} from {{ fresh }});
insert into {{ this }} by name select * from {{ fresh }} where source_rows > 0
{%- endmacro %}

{# One statement, so that nobody sees the one half of it; dates as literals, so that of a table that
   is partitioned by them only those are read. #}
{% macro bigquery___replace_periods(fresh, period, touched) -%}
{%- set columns = adapter.get_columns_in_relation(this) | map(attribute='quoted') | join(', ') -%}
merge into {{ this }} as built
using (select * from {{ fresh }} where source_rows > 0) as fresh
on false
when not matched by source and (
    {%- for day in touched %}
    built.{{ period }} {{ 'is null' if day is none else "= date '" ~ day ~ "'" }}
    {{- ' or' if not loop.last }}
    {%- endfor %}
) then delete
when not matched then insert ({{ columns }}) values ({{ columns }})
{%- endmacro %}
