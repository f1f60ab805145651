-- No row is dropped here: a null or doubled key is for the contract to find. A category or type
-- that the master leaves empty gets a name of its own, so that sums by category stay whole.
with products as (
    select
        product_id as article_id,
        manufacturer_id,
        trim(department) as department_code,
        trim(brand) as brand,
        trim(product_category) as category,
        trim(product_type) as article_type,
        {{ tidied('package_size') }} as package_size
    from {{ source('landing', 'products') }}
)

{{ with_defaults(
    'products',
    types={'category': 'text', 'article_type': 'text'},
    by_type={'text': 'UNCLASSIFIED'}
) }}
