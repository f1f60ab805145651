{#- An incremental strategy that follows the source, not the calendar: a week is built again when
    its rows, or the model's own code, differ from when it was last built. So a corrected old week
    is picked up, a withdrawn one is taken out, and a bad batch is undone by the next good one. -#}

{%- macro weeks_now() -%}
  select *, '{{ local_md5(model.raw_code) }}' as recipe from {{ ref('promotion_weeks') }}
{%- endmacro -%}

{%- macro weeks_built() -%}
  {{ return(api.Relation.create(
      database=this.database, schema=this.schema, identifier=this.identifier ~ '_weeks_built'
  )) }}
{%- endmacro -%}

{%- macro changed_weeks() -%}
  select distinct week from (
    ({{ weeks_now() }} {{ dbt.except() }} select * from {{ weeks_built() }})
    union all
    (select * from {{ weeks_built() }} {{ dbt.except() }} {{ weeks_now() }})
  ) as differing
{%- endmacro -%}

{#- A post-hook, so that weeks and what is remembered of them are committed together. -#}
{%- macro remember_weeks() -%}
  create or replace table {{ weeks_built() }} as {{ weeks_now() }}
{%- endmacro -%}

{%- macro get_incremental_changed_weeks_sql(arguments) -%}
  delete from {{ arguments['target_relation'] }} as old
  where exists (
    select 1 from ({{ changed_weeks() }}) as changed
    where changed.week is not distinct from old.week
  );
  insert into {{ arguments['target_relation'] }} by name from {{ arguments['temp_relation'] }}
{%- endmacro -%}

{#- dbt asks this of every model. Where no week is as it was built, a new table is quicker than a
    changed one, and may have other columns. -#}
{%- macro should_full_refresh() -%}
  {%- set weekly = config.get('incremental_strategy') == 'changed_weeks' -%}
  {%- if execute and weekly and load_relation(weeks_built()) is not none -%}
    {%- set kept = run_query(weeks_now() ~ " " ~ dbt.intersect() ~ " select * from " ~ weeks_built() ~ " limit 1") -%}
    {{ return(dbt.should_full_refresh() or kept | length == 0) }}
  {%- endif -%}
  {{ return(dbt.should_full_refresh()) }}
{%- endmacro -%}
