{#- The units as the master spells them. A range of weights (18-22 LB), a size grade (80/88 CT), a
    dimension (3/4 X 18 IN) and a word (LARGE) are not an amount, and pieces with a weight are two:
    10 CT/12 OZ is the weight of ten biscuits, 5 CT/24 OZ the size of one box. They stay text. -#}
{%- set units = {
    'oz': 'OZ|OZS|Z', 'fl_oz': 'FL OZ', 'lb': 'LB|LBS', 'g': 'G|GM|GR', 'kg': 'KG',
    'ml': 'ML', 'l': 'L|LT|LTR', 'pt': 'PT', 'qt': 'QT', 'gal': 'GAL|GA',
    'ct': 'CT|PK|PC|EA', 'dz': 'DZ', 'stem': 'STEM|STEMS', 'load': 'LOAD|LOADS|LD|LDS',
    'roll': 'ROLL|ROLLS', 'sheet': 'SHEET|SHEETS', 'in': 'IN', 'ft': 'FT', 'sq_ft': 'SQ FT',
    'yd': 'YD', 'cm': 'CM'
} -%}
{%- set unit = '(' ~ units.values() | join('|') ~ ')' -%}
{%- set number = '(\d{1,4}(?:\.\d{1,4})?|\.\d{1,4})' -%}
{%- set content = '(OZ|OZS|Z|FL OZ|LB|LBS|G|GM|GR|ML|L|LT|LTR|PT|QT|GAL|GA)' -%}

with tidied as (
    select
        package_size,
        -- Around the size stand a line code (P 26 OZ), a six-digit item code, the shipping case in
        -- brackets (2.7 OZ(6)) and the kind of container (12 OZ BTL): none of them is the size.
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            upper(package_size),
            '^\([0-9A-Z]+\) ?| ?/?\([^)]*\)$|\*$', '', 'g'),
            '^(?:\d{6}|[A-Z]{1,3}) ([\d.])', '\1'),
            ' (?:\d{6}|BTL|CAN|CANS|CN|BAG|BOX|PET|NR|PLST|LOOSE|CUP|JAR|TUB|RW)$', ''),
            '^HALF ', '1/2 ') as size
    from (
        select package_size from {{ ref('clean_articles') }}
        union
        select package_size from {{ ref('article_states') }}
    )
    where package_size is not null
),

matched as (
    select
        package_size,
        regexp_extract(size, '^{{ number }}[ -]?{{ unit }}$', ['amount', 'unit']) as plain,
        regexp_extract(
            size,
            '^(?:(\d{1,3}) )?(1/[2-9]|2/3|3/4|[357]/8) ?{{ unit }}$',
            ['whole', 'part', 'unit']
        ) as fraction,
        regexp_extract(
            size,
            '^(\d{1,3}) ?(?:PK? ?/? ?|/ ?){{ number }} ?{{ content }}$',
            ['count', 'amount', 'unit']
        ) as pack,
        regexp_extract(
            size, '^(\d{1,3}) ?- ?{{ number }} ?(OZ)$', ['count', 'amount', 'unit']
        ) as dashed,
        regexp_extract(
            size,
            '^{{ number }} ?{{ content }} ?/? ?(\d{1,3}) ?PK?$',
            ['amount', 'unit', 'count']
        ) as reversed,
        regexp_extract(size, '^(GAL|QT|PT|LB|DZ|PK|EA)$') as bare
    from tidied
),

read as (
    select
        package_size,
        case
            when plain.unit <> '' then {'count': '1', 'amount': plain.amount, 'unit': plain.unit}
            when fraction.unit <> '' then {
                'count': '1',
                'amount': cast(
                    cast(coalesce(nullif(fraction.whole, ''), '0') as double)
                    + cast(split_part(fraction.part, '/', 1) as double)
                    / cast(split_part(fraction.part, '/', 2) as double) as varchar
                ),
                'unit': fraction.unit
            }
            when pack.unit <> ''
                then {'count': pack.count, 'amount': pack.amount, 'unit': pack.unit}
            when dashed.unit <> ''
                then {'count': dashed.count, 'amount': dashed.amount, 'unit': dashed.unit}
            when reversed.unit <> ''
                then {'count': reversed.count, 'amount': reversed.amount, 'unit': reversed.unit}
            when bare <> '' then {'count': '1', 'amount': '1', 'unit': bare}
        end as size
    from matched
)

select
    package_size,
    cast(size.count as integer) as package_count,
    cast(
        cast(size.amount as double) * if(size.unit = 'DZ', 12, 1) as decimal(10, 3)
    ) as package_amount,
    case
        {%- for name, spellings in units.items() %}
        when size.unit in ('{{ spellings | replace("|", "', '") }}')
            then '{{ 'ct' if name == 'dz' else name }}'
        {%- endfor %}
    end as package_unit
from read
where cast(size.amount as double) > 0 and cast(size.count as integer) > 0
