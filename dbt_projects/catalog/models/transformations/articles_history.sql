with states as (
{{ snapshot_history(
    ref('article_states'), meta={'dbt_valid_from': 'valid_from', 'dbt_valid_to': 'valid_to'}
) }}
)

select
    states.*,
    department_names.department,
    sizes.package_count,
    sizes.package_amount,
    sizes.package_unit
from states
left join {{ ref('department_names') }} as department_names using (department_code)
left join {{ ref('package_sizes') }} as sizes using (package_size)
