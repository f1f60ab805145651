"""What is billed is in exactly one account, and what is owed follows from days, reads and price."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_defs.access.costing.accounts import (
    Datasets,
    Made,
    Reading,
    Took,
    Version,
    making,
    products_of,
    reading,
    total,
)
from mesh_defs.access.costing.charges import (
    UNITS,
    UNKNOWN,
    Owed,
    Price,
    Read,
    Span,
    Use,
    open_days,
    owed,
)
from mesh_defs.storage.bigquery.jobs import Job
from mesh_defs.storage.bigquery.labels import job_labels

DAY = date(2027, 5, 2)
OF = Datasets(
    "mesh",
    {"shop": "shop", "insight": "insight"},
    {"mesh_published_shop": "shop", "mesh_published_insight": "insight"},
    {"mesh_inputs_shop": {}, "mesh_inputs_insight": {"shop__orders": Version("shop.orders", 1)}},
    frozenset({"mesh_quarantine_shop", "mesh_quarantine_insight"}),
)
DBT = {"dbt_invocation_id": "i"}
ORDERS, DAYS = Version("shop.orders", 1), Version("shop.days", 2)


def _labels(**about: str) -> dict[str, str]:
    return job_labels("mesh", about)


def _job(
    labels: dict[str, str],
    billed: int = 0,
    kind: str = "query",
    into: str = "",
    reads: tuple[str, ...] = (),
) -> Job:
    tables = tuple((t.partition(".")[0], t.partition(".")[2]) for t in reads)
    return Job("j", DAY, kind, labels, billed, 10, tables, into)


@pytest.mark.parametrize(
    ("job", "domain", "product", "kind"),
    [
        (_job(_labels(domain="shop", product="orders", model="orders") | DBT), "shop",
         "shop.orders", "model"),
        (_job(_labels(domain="shop", model="cleaned") | DBT), "shop", None, "model"),
        (_job(_labels(domain="shop", product="orders")), "shop", "shop.orders", "audit"),
        (_job(_labels(domain="shop", product="orders"), into="mesh_private_shop"), "shop",
         "shop.orders", "audit"),
        (_job(_labels(domain="shop", product="orders"), into="mesh_published_shop"), "shop",
         "shop.orders", "publication"),
        (_job(_labels(domain="shop", product="orders"), into="mesh_quarantine_shop"), "shop",
         "shop.orders", "publication"),
        (_job(_labels(domain="shop"), kind="load", into="mesh_inputs_shop"), "shop", None, "load"),
        (_job(_labels(domain="insight"), into="mesh_inputs_insight"), "insight", None, "mount"),
        (_job(_labels(domain="gone")), "gone", None, "mount"),
        (_job(_labels(domain="shop", product="orders", port="exit")), "shop", "shop.orders",
         "delivery"),
        (_job(_labels(domain="shop", product="orders", port="exit"), kind="load", into="shop"),
         "shop", "shop.orders", "delivery"),
        (_job({}), None, None, "unlabelled"),
        (_job({"team": "x"}), None, None, "unlabelled"),
        # Another mesh's, in the same project.
        (_job(job_labels("other", {"domain": "shop"})), None, None, "unlabelled"),
    ],
)  # fmt: skip
def test_a_job_is_made_for(job: Job, domain: str | None, product: str | None, kind: str) -> None:
    assert making([job], OF) == [Made(domain, product, kind, Took(1, 0, 10))]


@pytest.mark.parametrize(
    ("reads", "products", "alone"),
    [
        (("mesh_published_shop.orders_v1",), (ORDERS,), True),
        (("mesh_published_shop.orders_v1__7",), (ORDERS,), True),
        # The view that it is mounted as, the one that is published, and the table of both.
        (("mesh_inputs_insight.shop__orders", "mesh_published_shop.orders_v1",
          "mesh_published_shop.orders_v1__7"), (ORDERS,), True),
        (("mesh_published_shop.orders_v1__7", "mesh_published_shop.days_v2__0"), (DAYS, ORDERS),
         False),
        (("mesh_published_shop.orders_v1__7", "mesh_private_insight.best"), (ORDERS,), False),
        (("mesh_published_shop.orders_v1__7", "mesh_inputs_insight.landing__x"), (ORDERS,), False),
        # As some say it: only the view, or one of what is not declared any more.
        (("mesh_inputs_insight.shop__orders",), (ORDERS,), True),
        (("mesh_inputs_insight.shop__orders", "mesh_private_insight.best"), (ORDERS,), False),
        (("mesh_inputs_insight.shop__gone",), (), False),
        # What is mounted is declared in another version by now.
        (("mesh_inputs_insight.shop__orders", "mesh_published_shop.orders_v3__7"),
         (Version("shop.orders", 3),), True),
        (("mesh_published_insight.best_v1__7",), (), False),
        (("mesh_published_shop.orders",), (), False),
        (("mesh_private_insight.best",), (), False),
        ((), (), False),
    ],
)  # fmt: skip
def test_what_a_job_reads_of_others(
    reads: tuple[str, ...], products: tuple[Version, ...], alone: bool
) -> None:
    assert products_of(_job(_labels(domain="insight"), reads=reads), OF) == (products, alone)


def test_who_reads_is_whose_job_it_is() -> None:
    jobs = [
        _job(_labels(domain="insight"), 5, reads=("mesh_published_shop.orders_v1__1",)),
        _job(_labels(domain="insight"), 7, reads=("mesh_published_shop.orders_v1__2",)),
        _job(_labels(domain="insight"), 1, reads=("mesh_published_shop.orders_v1",
                                                  "mesh_published_shop.days_v2")),
        _job(_labels(domain="shop"), 9, reads=("mesh_published_shop.orders_v1",)),
        _job({}, 3, reads=("mesh_published_shop.orders_v1",)),
    ]  # fmt: skip
    assert reading(jobs, OF) == [
        Reading("insight", (DAYS, ORDERS), Took(1, 1, 10)),
        Reading("insight", (ORDERS,), Took(2, 12, 20)),
        Reading(None, (ORDERS,), Took(1, 3, 10)),
    ]


jobs = st.builds(
    Job,
    id=st.text(max_size=3),
    day=st.just(DAY),
    kind=st.sampled_from(["query", "load", "copy"]),
    labels=st.sampled_from([
        {}, DBT, _labels(domain="shop"), _labels(domain="shop", product="orders"),
        _labels(domain="shop", product="orders") | DBT, _labels(domain="insight"),
        job_labels("other", {"domain": "shop"}),
    ]),
    billed=st.integers(0, 2**50),
    slot_ms=st.integers(0, 2**40),
    tables=st.lists(st.tuples(
        st.sampled_from(["mesh_published_shop", "mesh_published_insight", "mesh_private_shop"]),
        st.sampled_from(["orders_v1", "orders_v1__3", "days_v2", "odd"]),
    )).map(tuple),
    into=st.sampled_from(["", "mesh_published_shop", "mesh_private_shop"]),
)  # fmt: skip


@given(st.lists(jobs))
def test_nothing_that_is_billed_is_lost_or_told_twice(found: list[Job]) -> None:
    made = making(found, OF)
    assert total(made) == sum((Took(1, j.billed, j.slot_ms) for j in found), Took())
    assert len({(m.domain, m.product, m.kind) for m in made}) == len(made)
    nobodys = [j.billed for j in found if OF.domain_of(j) is None]
    assert sum(m.took.billed for m in made if m.domain is None) == sum(nobodys)
    of_others = [j.billed for j in found if products_of(j, OF)[0]]
    assert sum(r.took.billed for r in reading(found, OF)) == sum(of_others)


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("3 EUR month", Price(Fraction(3), "EUR", "month")),
        ("0.1 USD per month", Price(Fraction(1, 10), "USD", "per month")),
        ("1e-05 USD row", Price(Fraction(1, 100_000), "USD", "row")),
        ("3 EUR", Price(Fraction(3), "EUR", "")),
        ("3", Price(Fraction(3), "", "")),
        ("EUR month", None),
        ("free", None),
    ],
)
def test_a_price_as_terms_have_it(text: str, price: Price | None) -> None:
    assert Price.parse(text) == price


def _at(day: date, hour: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


MAY_1, MAY_31 = date(2027, 5, 1), date(2027, 5, 31)
ALL_OF_IT = ((_at(date(2027, 1, 1)), None),)


def _use(
    price: str | None, *reads: Read, unseen: str = "", spans: tuple[Span, ...] = ALL_OF_IT
) -> Use:
    prices = ((date.min, price),)
    return Use("a1", "domain:insight", "shop.orders", 1, spans, prices, reads, unseen)


READS = (Read(DAY, 1_000, 3_000_000), Read(MAY_31, 500, 1_000_000), Read(date(2027, 6, 1), 9, 9))


@pytest.mark.parametrize(
    ("price", "quantity", "amount"),
    [
        ("3 EUR month", Fraction(1), Fraction(3)),
        ("3 EUR per Month", Fraction(1), Fraction(3)),
        ("3 EUR /months", Fraction(1), Fraction(3)),
        ("2 EUR day", Fraction(31), Fraction(62)),
        ("7 EUR week", Fraction(31, 7), Fraction(31)),
        ("365 EUR year", Fraction(31, 365), Fraction(31)),
        ("2 EUR megabyte", Fraction(4), Fraction(8)),
        ("2 EUR MB", Fraction(4), Fraction(8)),
        ("2000 EUR gigabytes", Fraction(4, 1000), Fraction(8)),
        ("1048576 EUR mebibyte", Fraction(4_000_000, 2**20), Fraction(4_000_000)),
        ("1 EUR query", Fraction(2), Fraction(2)),
        ("1 EUR requests", Fraction(2), Fraction(2)),
        ("0.01 EUR row", Fraction(1500), Fraction(15)),
        ("0 EUR seat", None, Fraction(0)),
    ],
)
def test_what_is_owed_for_a_month(price: str, quantity: Fraction | None, amount: Fraction) -> None:
    (bill,) = owed([_use(price, *READS)], MAY_1, MAY_31)
    assert (bill.quantity, bill.amount, bill.currency, bill.note) == (quantity, amount, "EUR", "")


@pytest.mark.parametrize(
    ("use", "note"),
    [
        (_use("3 EUR seat"), "not computed: unit seat"),
        (_use("3 EUR"), "not computed: unit is not said"),
        (_use(None), "not computed: the contract has no price"),
        (_use("free"), "not computed: `free` has no amount"),
        (_use(UNKNOWN), "not computed: another price was announced for these days"),
        (_use("3 EUR row", Read(DAY, None, 5)),
         "not computed: of 1 read it is not known how many rows they had"),
        (_use("3 EUR megabyte", Read(DAY, 7), Read(DAY, 7), Read(DAY, 7, 1)),
         "not computed: of 2 reads it is not known how many bytes they had"),
        (_use("3 EUR query", unseen="nobody counts"), "not computed: nobody counts"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_not_guessed(use: Use, note: str) -> None:
    (bill,) = owed([use], MAY_1, MAY_31)
    assert (bill.quantity, bill.amount, bill.note) == (None, None, note)


def test_what_nobody_counts_does_not_matter_where_time_is_paid_for() -> None:
    (bill,) = owed([_use("3 EUR month", unseen="nobody counts")], MAY_1, MAY_31)
    assert (bill.amount, bill.note) == (Fraction(3), "")


def test_a_day_counts_on_which_it_was_open_for_a_moment() -> None:
    spans = (
        (_at(date(2027, 4, 1)), _at(date(2027, 5, 2))),  # to the midnight before the 2nd
        (_at(date(2027, 5, 10), 23), _at(date(2027, 5, 11), 1)),
        (_at(date(2027, 5, 20)), _at(date(2027, 5, 20))),  # no moment at all
        (_at(date(2027, 5, 31), 12), None),
    )
    found = open_days(_use("1 EUR day", spans=spans), MAY_1, MAY_31)
    assert [day.day for day in found] == [1, 10, 11, 31]


def test_who_could_not_read_owes_nothing() -> None:
    over = ((_at(date(2027, 1, 1)), _at(MAY_1)),)
    assert owed([_use("3 EUR month", spans=over)], MAY_1, MAY_31) == []


def test_each_price_has_its_days() -> None:
    prices = ((date.min, "30 EUR month"), (date(2027, 4, 11), "60 EUR month"))
    use = Use("a1", "domain:insight", "shop.orders", 1, ALL_OF_IT, prices)
    april = owed([use], date(2027, 4, 1), date(2027, 4, 30))
    assert [(o.since.day, o.until.day, o.price, o.amount) for o in april] == [
        (1, 10, "30 EUR month", Fraction(10)),
        (11, 30, "60 EUR month", Fraction(40)),
    ]


days = st.dates(date(2026, 11, 1), date(2028, 3, 31))
moments = st.datetimes(datetime(2026, 11, 1), datetime(2028, 3, 31), timezones=st.just(UTC))
spans = st.lists(st.tuples(moments, moments).map(lambda two: (min(two), max(two))), max_size=3).map(
    tuple
)
reads = st.lists(
    st.builds(Read, days, st.integers(0, 10**9), st.integers(0, 10**15)), max_size=5
).map(tuple)


def _sum(bills: list[Owed]) -> Fraction:
    return sum((bill.amount or Fraction() for bill in bills), Fraction())


@given(st.tuples(days, days, days).map(sorted), spans, reads, st.sampled_from(UNITS))
def test_periods_that_follow_one_another_add_up(
    three: list[date],
    open: tuple[tuple[datetime, datetime], ...],
    read: tuple[Read, ...],
    unit: str,
) -> None:
    first, middle, last = three
    prices = ((date.min, f"3 EUR {unit}"), (date(2027, 6, 15), f"0.1 EUR {unit}"))
    use = Use("a1", "domain:insight", "shop.orders", 1, open, prices, read)
    whole = owed([use], first, last)
    parts = owed([use], first, middle)
    if middle < last:
        parts += owed([use], middle + timedelta(days=1), last)
    assert _sum(parts) == _sum(whole)
