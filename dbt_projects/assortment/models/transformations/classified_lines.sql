-- Lines of articles that the catalogue does not know keep a place of their own, so that every total
-- is that of the purchases.
{{ config(materialized='view') }}

select
    purchases.*,
    coalesce(articles.department, 'Not in Catalogue') as department,
    coalesce(articles.category, 'NOT IN CATALOGUE') as category,
    articles.brand
from {{ source('sales', 'purchases') }} as purchases
left join {{ source('catalog', 'articles') }} as articles using (article_id)
