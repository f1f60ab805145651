-- An event is recorded for good, and before the contract of `baskets` is audited. So only receipts
-- that could be published become one; the others wait for a batch in which they are right.
{%- set receipts %}(
        select *
        from {{ ref('baskets') }}
        where household_key is not null and store_id > 0 and units >= 0 and sales_value >= 0
        qualify count(*) over (partition by basket_id) = 1
    ) as receipts
{%- endset %}
{{ events(
    receipts,
    name='basket_purchased',
    key=['basket_id'],
    occurred_at='occurred_at',
    columns=['household_key', 'store_id', 'lines', 'sales_value', 'paid_value']
) }}
