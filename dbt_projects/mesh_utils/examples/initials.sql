select
    department,
    {{ function('initials') }}(department) as initials
from {{ ref('departments') }}
