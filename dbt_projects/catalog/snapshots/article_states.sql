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
    article_id, manufacturer_id, department_code, brand, category, article_type, package_size
from {{ ref('clean_articles') }}
inner join {{ ref('department_names') }} using (department_code)
where article_id is not null
    and manufacturer_id is not null
    and brand in ('National', 'Private')
qualify count(*) over (partition by article_id) = 1

{% endsnapshot %}
