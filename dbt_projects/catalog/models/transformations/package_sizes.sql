with sizes as (
    select package_size from {{ ref('clean_articles') }}
    union distinct
    select package_size from {{ ref('article_states') }}
),

read as (
    select
        package_size,
        {{ function('package_size') }}(package_size) as size
    from sizes
    where package_size is not null
)

select
    package_size,
    cast(size.number as integer) as package_count,
    {{ decimal('size.amount', 10, 3) }} as package_amount,
    size.unit as package_unit
from read
where size is not null
