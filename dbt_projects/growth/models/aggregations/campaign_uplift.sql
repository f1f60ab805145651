with response as (
    select
        campaign_id,
        count(*) as redemptions,
        count(distinct household_key) as redeemers
    from {{ source('marketing', 'redemptions') }}
    group by campaign_id
),

sides as (
    select
        campaign_id,
        targeted,
        count(*) as households,
        avg(weekly_spend_before) as before,
        avg(weekly_spend_during) as during,
        var_samp(weekly_spend_during - weekly_spend_before) / count(*) as squared_error
    from {{ ref('campaign_households') }}
    group by campaign_id, targeted
)

select
    windows.campaign_id,
    windows.campaign_type,
    windows.start_date,
    windows.end_date,
    windows.campaign_days,
    windows.baseline_start,
    windows.observed_until,
    windows.audience_size as targeted_households,
    coalesce(response.redeemers, 0) as redeemers,
    coalesce(response.redemptions, 0) as redemptions,
    round(coalesce(response.redeemers, 0) / nullif(windows.audience_size, 0), 4) as redeemer_share,
    control.households as control_households,
    {{ decimal('targeted.before', 10, 2) }} as targeted_weekly_spend_before,
    {{ decimal('targeted.during', 10, 2) }} as targeted_weekly_spend_during,
    {{ decimal('control.before', 10, 2) }} as control_weekly_spend_before,
    {{ decimal('control.during', 10, 2) }} as control_weekly_spend_during,
    {{ decimal('targeted.during - targeted.before - control.during + control.before', 10, 2) }}
        as weekly_uplift,
    {{ decimal('sqrt(targeted.squared_error + control.squared_error)', 10, 2) }}
        as weekly_uplift_error,
    windows.not_measured_because
from {{ ref('campaign_windows') }} as windows
left join response using (campaign_id)
left join sides as targeted
    on targeted.campaign_id = windows.campaign_id and targeted.targeted
left join sides as control
    on control.campaign_id = windows.campaign_id and not control.targeted
