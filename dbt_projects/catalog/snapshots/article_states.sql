{% snapshot article_states %}
{{ config(
    unique_key='article_id',
    strategy='check',
    check_cols='all',
    snapshot_meta_column_names={'dbt_valid_from': 'valid_from', 'dbt_valid_to': 'valid_to'}
) }}

-- A state once written stays for good, and is written before the contract is audited. So only rows
-- that could be published are remembered: the others fail the contract of `articles` and wait for
-- the next batch. An article missing from a batch keeps its state: the master does not delist.
select
    articles.article_id,
    articles.manufacturer_id,
    articles.department_code,
    articles.brand,
    articles.category,
    articles.article_type,
    articles.package_size
from {{ ref('clean_articles') }} as articles
inner join {{ ref('department_names') }} using (department_code)
where articles.article_id is not null
    and articles.manufacturer_id is not null
    and articles.brand in ('National', 'Private')
qualify count(*) over (partition by articles.article_id) = 1

{% endsnapshot %}
