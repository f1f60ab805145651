-- depends_on: {{ ref('promotion_weeks') }}
{#- On BigQuery, dbt takes no incremental strategy of one's own: the table is built whole. -#}
{{ config(
    materialized='table' if target.type == 'bigquery' else 'incremental',
    incremental_strategy='changed_weeks',
    post_hook='{{ remember_weeks() }}'
) }}

{#- The anti-corruption layer: the legacy feed's codes end here. Each list goes from the least to
    the most prominent place, named as in the feed's code book (84.51°, The Complete Journey). -#}
{%- set codes = {
    'display': {
        '0': 'not_on_display', 'A': 'in_shelf', '7': 'in_aisle', '9': 'secondary_location',
        '6': 'side_aisle_end_cap', '4': 'mid_aisle_end_cap', '2': 'store_rear',
        '5': 'rear_end_cap', '1': 'store_front', '3': 'front_end_cap',
    },
    'mailer': {
        '0': 'not_on_ad', 'P': 'interior_page_coupon', 'C': 'interior_page_line_item',
        'A': 'interior_page_feature', 'X': 'free_on_interior_page', 'J': 'wrap_interior_coupon',
        'L': 'wrap_back_feature', 'F': 'back_page_feature', 'H': 'wrap_front_feature',
        'D': 'front_page_feature', 'Z': 'free_on_front_back_or_wrap',
    },
} -%}

{#- A code that the book does not have gets a name that the contract does not allow, and outranks
    all others. Enumerations, because 21 million rows of text take three times as long to write. -#}
{%- set types = {} -%}
{%- set inlined = '' if target.type == 'bigquery' else ' not materialized' %}
with
{%- for kind, named in codes.items() %}
{%- for code in '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ' if code not in named %}
{%- do named.update({code: 'unmapped code ' ~ code}) %}
{%- endfor %}
{%- set names = named.values() | list + ['unmapped code'] %}
{%- do types.update({
    kind: 'string' if target.type == 'bigquery' else "enum('" ~ names | join("', '") ~ "')"
}) %}
{{ kind }}_codes as (
    select
        code as {{ kind }}_location,
        cast(name as {{ types[kind] }}) as name,
        prominence
    from (
        {%- for code, name in named.items() %}
        select '{{ code }}' as code, '{{ name }}' as name, {{ loop.index }} as prominence
        {{- ' union all' if not loop.last }}
        {%- endfor %}
    ) as code_book
),
{% endfor %}
feed as{{ inlined }} (
    select *
    from {{ source('landing', 'promotions') }} as promotions
    {%- if is_incremental() %}
    where exists (
        select 1 from ({{ changed_weeks() }}) as changed
        where changed.week is not distinct from promotions.week
    )
    {%- endif %}
),

named as{{ inlined }} (
    select
        feed.product_id as article_id,
        feed.store_id,
        cast(feed.week as integer) as week,
        {{ week_start_of('feed.week') }} as week_start,
        coalesce(
            display_codes.name, cast('unmapped code' as {{ types['display'] }})
        ) as display_location,
        coalesce(display_codes.prominence, 99) as display_prominence,
        coalesce(
            mailer_codes.name, cast('unmapped code' as {{ types['mailer'] }})
        ) as mailer_location,
        coalesce(mailer_codes.prominence, 99) as mailer_prominence,
        {{ row_hash(['feed.product_id', 'feed.store_id', 'feed.week']) }} as key_hash
    from feed
    left join display_codes using (display_location)
    left join mailer_codes using (mailer_location)
),

-- One hash a row is all that fits in the memory of a small workshop. Two keys with one hash are no
-- harm: they meet below, and are told apart there.
repeated as (
    select {{ row_hash(['product_id', 'store_id', 'week']) }} as key_hash
    from feed
    group by 1
    having count(*) > 1
)

select
    article_id, store_id, week, week_start, display_location, mailer_location,
    cast(1 as tinyint) as feed_rows
from named
where key_hash not in (select key_hash from repeated)

union all

-- The feed tells 12,785 times on one row where an article stood and on another where it was
-- advertised, each with a 0 for the other. The placement is one: the more prominent of each counts.
-- Nine of them were on two pages of the mailer; the front page is kept.
select
    article_id, store_id, week, week_start,
    max_by(display_location, display_prominence), max_by(mailer_location, mailer_prominence),
    cast(count(*) as tinyint)
from named
where key_hash in (select key_hash from repeated)
group by article_id, store_id, week, week_start
