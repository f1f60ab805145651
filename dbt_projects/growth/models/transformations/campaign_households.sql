-- Every household that shopped in the year takes part in every measured campaign, written to or
-- not, whether or not it came: staying away is an answer too.
with households as (
    select distinct household_key from {{ ref('household_days') }}
),

measured as (
    select * from {{ ref('campaign_windows') }} where not_measured_because is null
),

written_to as (
    select
        measured.campaign_id,
        household_key
    from measured
    cross join {{ each_of('measured.audience', 'household_key') }}
),

spend as (
    select
        measured.campaign_id,
        days.household_key,
        sum(if(days.business_date < measured.start_date, days.spend, 0)) as before,
        sum(if(days.business_date >= measured.start_date, days.spend, 0)) as during
    from measured
    inner join {{ ref('household_days') }} as days
        on days.business_date between measured.baseline_start and measured.end_date
    group by measured.campaign_id, days.household_key
)

select
    measured.campaign_id,
    households.household_key,
    written_to.household_key is not null as targeted,
    coalesce(spend.before, 0) * 7.0 / measured.campaign_days as weekly_spend_before,
    coalesce(spend.during, 0) * 7.0 / measured.campaign_days as weekly_spend_during
from measured
cross join households
left join written_to using (campaign_id, household_key)
left join spend using (campaign_id, household_key)
