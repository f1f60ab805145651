-- A campaign is compared with as many days before it. Only what lies wholly inside the sales log is
-- measured: a cut window would compare Christmas with a week in February.
with sales_log as (
    select
        min(business_date) as log_start,
        max(business_date) as log_end
    from {{ ref('household_days') }}
),

campaigns as (
    select
        *,
        cast({{ dbt.datediff('start_date', 'end_date', 'day') }} + 1 as integer) as campaign_days
    from {{ source('marketing', 'campaigns') }}
)

select
    campaigns.*,
    campaigns.start_date - campaigns.campaign_days as baseline_start,
    sales_log.log_end as observed_until,
    case
        when campaigns.start_date < sales_log.log_start then 'started_before_log'
        when campaigns.end_date > sales_log.log_end then 'ends_after_log'
        when campaigns.start_date - campaigns.campaign_days < sales_log.log_start
            then 'baseline_before_log'
    end as not_measured_because
from campaigns
cross join sales_log
