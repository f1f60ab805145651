{%- set key = ['household_key', 'coupon_upc', 'campaign_id', 'redeemed_on'] -%}
select
    {{ dbt.hash('cast(' ~ key | join(" as string) || '|' || cast(") ~ ' as string)') }}
        as redemption_id,
    {{ key | join(',\n    ') }}
from {{ ref('clean_redemptions') }}
