-- The range at a glance, for the team itself: how broad each department is and how much of its
-- master data is usable.
select
    department,
    count(*) as articles,
    count(distinct manufacturer_id) as manufacturers,
    round(avg(if(brand = 'Private', 1, 0)), 3) as private_label_share,
    round(avg(if({{ was_defaulted('category') }}, 1, 0)), 3) as unclassified_share,
    round(count(package_amount) / nullif(count(package_size), 0), 3) as package_sizes_read
from {{ ref('clean_articles') }}
left join {{ ref('department_names') }} using (department_code)
left join {{ ref('package_sizes') }} using (package_size)
group by department
