select
    states.article_id,
    {{ utc_instant('states.valid_from') }} as valid_from,
    {{ utc_instant('states.valid_to') }} as valid_to,
    states.valid_to is null as is_current,
    states.manufacturer_id,
    states.department_code,
    department_names.department,
    states.category,
    states.article_type,
    states.brand,
    states.package_size,
    sizes.package_count,
    sizes.package_amount,
    sizes.package_unit
from {{ ref('article_states') }} as states
left join {{ ref('department_names') }} as department_names using (department_code)
left join {{ ref('package_sizes') }} as sizes using (package_size)
