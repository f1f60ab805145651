-- Both products tell of an article as it is today. They differ where a batch has rows that could
-- not be published: those are not remembered, and the contract of `articles` says which they are.
{{ config(severity='warn') }}

with today as (
{{ state_as_of(ref('articles_history'), dbt.current_timestamp()) }}
)

select articles.article_id
from {{ ref('articles') }} as articles
left join today using (article_id)
where
    today.article_id is null
    or today.manufacturer_id is distinct from articles.manufacturer_id
    or today.department_code is distinct from articles.department_code
    or today.category is distinct from articles.category
    or today.article_type is distinct from articles.article_type
    or today.brand is distinct from articles.brand
    or today.package_size is distinct from articles.package_size
