select
    articles.article_id,
    articles.manufacturer_id,
    articles.department_code,
    department_names.department,
    articles.category,
    articles.article_type,
    articles.brand,
    articles.package_size,
    sizes.package_count,
    sizes.package_amount,
    sizes.package_unit
from {{ ref('clean_articles') }} as articles
left join {{ ref('department_names') }} as department_names using (department_code)
left join {{ ref('package_sizes') }} as sizes using (package_size)
