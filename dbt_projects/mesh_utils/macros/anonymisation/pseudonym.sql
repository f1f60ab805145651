{# The keyed hash that replaces an identifier of a person or a household: 32 hex characters, NULL
   for NULL, the same in every domain. The engine holds the key: it never is in SQL text. #}
{% macro pseudonym(identifier) -%}
  {{ return(adapter.dispatch('pseudonym')(identifier)) }}
{%- endmacro %}

{% macro duckdb__pseudonym(identifier) -%}
  mesh_secrets.main.pseudonym(cast({{ identifier }} as varchar))
{%- endmacro %}

{% macro bigquery__pseudonym(identifier) -%}
  {{ env_var("MESH_BIGQUERY_SECRETS", "mesh_secrets") }}.pseudonym(cast({{ identifier }} as string))
{%- endmacro %}

{% macro default__pseudonym(identifier) -%}
  {{ exceptions.raise_compiler_error(
      "pseudonym() has no implementation for " ~ target.type
      ~ ": add " ~ target.type ~ "__pseudonym to dbt_projects/mesh_utils/macros/pseudonym.sql"
  ) }}
{%- endmacro %}
