with states as (
{{ snapshot_history(
    ref('article_states'), meta={'dbt_valid_from': 'valid_from', 'dbt_valid_to': 'valid_to'}
) }}
)

select
    states.article_id,
    states.valid_from,
    states.valid_to,
    states.is_current,
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
from states
left join {{ ref('department_names') }} as department_names using (department_code)
left join {{ ref('package_sizes') }} as sizes using (package_size)
