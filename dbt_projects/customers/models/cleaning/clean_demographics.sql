-- The last model in which a household has its number. No row is dropped: a missing or doubled
-- household is for the contract to find. A code the survey does not know becomes NULL and fails it.
{{ translated(source('landing', 'demographics'), columns={
    'household_id': 'household_id', 'age': 'age', 'income': 'income',
    'home_ownership': 'home_ownership', 'marital_status': 'marital_status',
    'adults': {'from': 'household_comp', 'codes': {
        '1 Adult No Kids': 1, '1 Adult Kids': 1, '2 Adults No Kids': 2, '2 Adults Kids': 2,
    }},
    'children': {'from': 'kids_count', 'codes': {'0': 0, '1': 1, '2': 2, '3+': 3}},
    'household_size': {
        'from': 'household_size', 'codes': {'1': 1, '2': 2, '3': 3, '4': 4, '5+': 5},
    },
}) }}
