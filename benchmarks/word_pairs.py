"""Each heavy word, and the SQL that one would write by hand for it. How they are measured, and over
which tables, is in `vocabulary`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """A word's call as a model has it, and the same by hand; both give a query."""

    word: str
    call: str
    by_hand: str


PAIRS = [
    Pair(
        "latest_by",
        "{{ latest_by('lines', key=['event_id'], recency=['recorded_at', 'line_id']) }}",
        """
        select * from lines
        qualify row_number() over (
            partition by event_id order by recorded_at desc, line_id desc
        ) = 1
        """,
    ),
    Pair(
        "distinct_rows",
        "{{ distinct_rows('lines', columns=['store_id', 'article_id', 'day', 'quantity']) }}",
        """
        select store_id, article_id, day, quantity, count(*) as copies
        from lines group by store_id, article_id, day, quantity
        """,
    ),
    Pair(
        "first_by_event_id",
        "{{ first_by_event_id('lines', event_id=['event_id'], occurred_at='occurred_at',"
        " recorded_at='recorded_at', within='7 days') }}",
        """
        select * from lines
        qualify coalesce(occurred_at > lag(occurred_at) over (
            partition by event_id order by occurred_at, recorded_at
        ) + interval 7 days, true)
        """,
    ),
    Pair(
        "with_defaults",
        "{{ with_defaults('lines', types={'note': 'text', 'quantity': 'number'},"
        " by_type={'text': 'NONE', 'number': 0}) }}",
        """
        select * replace (
            coalesce(nullif(trim(note), ''), 'NONE') as note, coalesce(quantity, 0) as quantity),
            list_filter([case when nullif(trim(note), '') is null then 'note' end,
                case when quantity is null then 'quantity' end],
                lambda c: c is not null) as defaulted
        from lines
        """,
    ),
    Pair(
        "completed",
        "{{ completed('lines', period='day', grain='day', by=['store_id'],"
        " start=\"date '2017-01-01'\", end=\"date '2017-12-31'\") }}",
        """
        with grid as (
            select store_id, day::date as day
            from (select distinct store_id from lines where store_id is not null),
                range(date '2017-01-01', date '2018-01-01', interval 1 day) as days(day)
        )
        select lines.* replace (coalesce(lines.store_id, grid.store_id) as store_id,
            coalesce(lines.day, grid.day) as day), lines.day is null as is_gap
        from lines
        full join grid on lines.store_id = grid.store_id and lines.day = grid.day
        """,
    ),
    Pair(
        "completeness",
        "{{ completeness('lines', period='day', grain='week', by=['store_id', 'article_id'],"
        " start=\"date '2017-01-01'\", end=\"date '2017-12-31'\", per=['store_id']) }}",
        """
        with there as (
            select store_id, article_id, count(distinct date_trunc('week', day)) as weeks
            from lines where day between date '2016-12-26' and date '2017-12-31'
            group by store_id, article_id
        )
        select store_id, 53 * count(*) as expected, sum(weeks) as found,
            100.0 * found / expected as completeness
        from there group by store_id
        """,
    ),
    Pair(
        "flag_outliers",
        "{{ flag_outliers('lines', 'amount', method='iqr', by=['store_id']) }}",
        """
        with bounds as (
            select store_id, quantile_cont(amount, 0.25) as q1, quantile_cont(amount, 0.75) as q3
            from lines group by store_id
        )
        select lines.*, q1 - 1.5 * (q3 - q1) as low, q3 + 1.5 * (q3 - q1) as high,
            amount < low or amount > high as is_outlier
        from lines left join bounds using (store_id)
        """,
    ),
    Pair(
        "winsorise",
        "{{ winsorise('lines', 'amount', method='mad', by=['store_id']) }}",
        """
        with bounds as (
            select store_id, median(amount) as middle, 1.4826 * mad(amount) as scale
            from lines group by store_id
        )
        select lines.*, middle - 3 * scale as low, middle + 3 * scale as high,
            amount < low or amount > high as is_outlier,
            least(greatest(amount, low), high) as winsorised
        from lines left join bounds using (store_id)
        """,
    ),
    Pair(
        "event_id",
        "select *, {{ event_id('line_sold', ['store_id', 'line_id']) }} as id from lines",
        "select *, md5('line_sold' || ':' || store_id || ':' || line_id) as id from lines",
    ),
    Pair(
        "history",
        "{{ history('lines', key=['article_id'], at='occurred_at', state=['store_id', 'note'],"
        " order=['line_id']) }}",
        """
        with changes as (
            select article_id, occurred_at, store_id, note,
                lag(store_id) over w as store_before, lag(note) over w as note_before,
                row_number() over w as place
            from (
                select * from lines qualify row_number() over (
                    partition by article_id, occurred_at order by line_id desc) = 1
            )
            window w as (partition by article_id order by occurred_at)
        )
        select article_id, occurred_at as valid_from,
            lead(occurred_at) over (partition by article_id order by occurred_at) as valid_to,
            valid_to is null as is_current, store_id, note
        from changes
        where place = 1 or store_id is distinct from store_before
            or note is distinct from note_before
        """,
    ),
    Pair(
        "latest_state",
        "{{ latest_state('lines', key=['article_id'], at='occurred_at',"
        " state=['store_id', 'note'], order=['line_id']) }}",
        """
        select article_id, occurred_at, store_id, note from lines
        qualify row_number() over (
            partition by article_id order by occurred_at desc, line_id desc) = 1
        """,
    ),
    Pair(
        "translated",
        "{{ translated('lines', columns={'line': 'line_id', 'kind': {'from': 'quantity',"
        " 'codes': {'1': 'one', '2': 'two', '3': 'three'}}}) }}",
        """
        select line_id as line, quantity as kind_raw,
            case quantity when 1 then 'one' when 2 then 'two' when 3 then 'three' end as kind
        from lines
        """,
    ),
    Pair(
        "aggregate",
        "{{ aggregate('lines', day='day', grain='week', period='week', by=['store_id'],"
        " additive={'lines': 'count(*)', 'amount': 'sum(amount)'},"
        " non_additive={'articles': 'count(distinct article_id)'}) }}",
        """
        select date_trunc('week', day)::date as week, store_id, count(*) as lines,
            sum(amount) as amount, count(distinct article_id) as articles
        from lines group by 1, 2
        """,
    ),
    Pair(
        "structured",
        "{{ structured('orders', 'payload', fields={"
        "'household': {'type': 'bigint', 'required': true}, 'placed_on': 'date',"
        " 'paid': {'type': 'decimal(10, 2)', 'path': '$.payment.total'}, 'channel': 'text'},"
        " keep=['line_id']) }}",
        r"""
        with read as (
            select line_id, payload, try_cast(payload as json) as doc from orders
        ),
        said as (
            select line_id, payload is not null and doc is null as no_json,
                json_type(doc) as kind, json_type(doc, '$.payment') as payment_kind,
                doc is not null as has_doc,
                json_type(doc, '$.household') in ('OBJECT', 'ARRAY') as household_nested,
                json_type(doc, '$.placed_on') in ('OBJECT', 'ARRAY') as placed_on_nested,
                json_type(doc, '$.payment.total') in ('OBJECT', 'ARRAY') as paid_nested,
                json_type(doc, '$.channel') in ('OBJECT', 'ARRAY') as channel_nested,
                case when not household_nested then doc->>'$.household' end as household_said,
                case when not placed_on_nested then doc->>'$.placed_on' end as placed_on_said,
                case when not paid_nested then doc->>'$.payment.total' end as paid_said,
                case when not channel_nested then doc->>'$.channel' end as channel
            from read
        ),
        typed as (
            select *,
                case when regexp_full_match(trim(household_said), '[+-]?[0-9]+')
                    then try_cast(trim(household_said) as bigint) end as household,
                case when regexp_full_match(trim(placed_on_said), '[0-9]{4}-[0-9]{2}-[0-9]{2}')
                    then try_cast(trim(placed_on_said) as date) end as placed_on,
                case when regexp_full_match(trim(paid_said), '[+-]?0*[0-9]{1,8}([.][0-9]{0,2}0*)?')
                    then try_cast(trim(paid_said) as decimal(10, 2)) end as paid
            from said
        )
        select line_id, household, placed_on, paid, channel, list_filter([
            case when no_json then 'payload: is no JSON' end,
            case when kind not in ('OBJECT', 'NULL') then 'payload: is no object' end,
            case when payment_kind not in ('OBJECT', 'NULL')
                then 'payload: has no object at $.payment' end,
            case when household_said is not null and household is null
                then 'household: ' || household_said || ' is no bigint' end,
            case when household_nested then 'household: is an object or a list, and no bigint' end,
            case when has_doc and household_said is null and not coalesce(household_nested, false)
                then 'household: is missing' end,
            case when placed_on_said is not null and placed_on is null
                then 'placed_on: ' || placed_on_said || ' is no date' end,
            case when placed_on_nested then 'placed_on: is an object or a list, and no date' end,
            case when paid_said is not null and paid is null
                then 'paid: ' || paid_said || ' is no decimal(10, 2)' end,
            case when paid_nested then 'paid: is an object or a list, and no decimal(10, 2)' end,
            case when channel_nested then 'channel: is an object or a list, and no text' end
        ], lambda said: said is not null) as unparsed
        from typed
        """,
    ),
    Pair(
        "unnested",
        "{{ unnested('orders', 'payload', '$.lines', fields={'article': 'bigint', 'size': 'text'},"
        " keep=['line_id']) }}",
        r"""
        with read as (
            select line_id, payload, try_cast(payload as json) as doc from orders
        ),
        listed as (
            select *, json_type(doc, '$.lines') as there,
                case there when 'ARRAY' then cast(doc->'$.lines' as json[]) end as list,
                case when payload is not null and doc is null then 'payload: is no JSON'
                    when there not in ('ARRAY', 'NULL')
                    then 'payload: has no list at $.lines' end as no_list
            from read
        ),
        items as (
            select line_id, no_list,
                unnest(case when no_list is null then list else [null] end) as item,
                unnest(case when no_list is null then range(1, len(list) + 1) else [null] end)
                    as position
            from listed
        ),
        said as (
            select *, json_type(item) as kind,
                json_type(item, '$.article') in ('OBJECT', 'ARRAY') as article_nested,
                json_type(item, '$.size') in ('OBJECT', 'ARRAY') as size_nested,
                case when not article_nested then item->>'$.article' end as article_said,
                case when not size_nested then item->>'$.size' end as size
            from items
        ),
        typed as (
            select *, case when regexp_full_match(trim(article_said), '[+-]?[0-9]+')
                then try_cast(trim(article_said) as bigint) end as article
            from said
        )
        select line_id, position, article, size, list_filter([
            no_list,
            case when kind not in ('OBJECT', 'NULL')
                then 'payload: has no object at $.lines[]' end,
            case when article_said is not null and article is null
                then 'article: ' || article_said || ' is no bigint' end,
            case when article_nested then 'article: is an object or a list, and no bigint' end,
            case when size_nested then 'size: is an object or a list, and no text' end
        ], lambda said: said is not null) as unparsed
        from typed
        """,
    ),
    Pair(
        "conformed",
        "{{ conformed(api.Relation.create(database=target.database, schema='main',"
        " identifier='extract'), columns={'line_id': 'bigint',"
        " 'article_id': {'type': 'bigint', 'aliases': ['product_id']},"
        " 'maker_id': {'type': 'bigint', 'aliases': ['maker', 'manufacturer']},"
        " 'sold_on': 'date', 'brand': 'text', 'amount': 'decimal(10, 2)'},"
        " ignored=['shelf']) }}",
        r"""
        with cast_ as (
            select line_id, product_id, maker, manufacturer, sold_on as sold_on_said, brand,
                amount as amount_said,
                case when regexp_full_match(trim(product_id), '[+-]?[0-9]+')
                    then try_cast(trim(product_id) as bigint) end as article_id,
                case when maker = floor(maker) then try_cast(maker as bigint) end as maker_id,
                case when sold_on::date::timestamp = sold_on then sold_on::date end as sold_on,
                case when try_cast(try_cast(amount as decimal(10, 2)) as double) = amount
                    then try_cast(amount as decimal(10, 2)) end as amount
            from extract
        )
        select line_id, article_id, coalesce(maker_id, manufacturer) as maker_id, sold_on, brand,
            amount, list_filter([
                case when product_id is not null and article_id is null
                    then 'product_id: ' || product_id || ' is no bigint' end,
                case when maker is not null and maker_id is null
                    then 'maker: ' || maker || ' is no bigint' end,
                case when maker_id <> manufacturer
                    then 'maker_id: manufacturer tells something else' end,
                case when sold_on_said is not null and sold_on is null
                    then 'sold_on: ' || sold_on_said || ' is no date' end,
                case when amount_said is not null and amount is null
                    then 'amount: ' || amount_said || ' is no decimal(10, 2)' end
            ], lambda said: said is not null) as unparsed
        from cast_
        """,
    ),
]
