-- No row is dropped here: a null or doubled key is for the contract to find. A category or type
-- that the master leaves empty gets a name of its own, so that sums by category stay whole.
select
    product_id as article_id,
    manufacturer_id,
    trim(department) as department_code,
    trim(brand) as brand,
    coalesce(nullif(trim(product_category), ''), 'UNCLASSIFIED') as category,
    coalesce(nullif(trim(product_type), ''), 'UNCLASSIFIED') as article_type,
    nullif(regexp_replace(trim(package_size), '\s+', ' ', 'g'), '') as package_size
from {{ source('landing', 'products') }}
