"""Who may read what, as a law: own products, and what an agreement opens at that moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesh_defs.access.agreements import Agreement, State, Terms
from mesh_defs.access.agreements.states import Permission
from mesh_defs.access.reading.rights import Denied, Right, may_read, right_of
from mesh_defs.model import ProductRef

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ORDERS = ProductRef("shop", "orders")
ACTIVE = Agreement(
    "a1", "shop.orders", "orders", 1, "domain:insight", "why", "Ann",
    Terms("urn:c", "1.0.0", role="part"), NOW, NOW, state=State.ACTIVE,
    permission=Permission.GRANTED,
)  # fmt: skip

agreements = st.builds(
    replace,
    st.just(ACTIVE),
    product=st.sampled_from(["shop.orders", "shop.days"]),
    version=st.sampled_from([1, 2]),
    kind=st.sampled_from(["delta", "postgresql"]),
    consumer=st.sampled_from(["domain:insight", "app:till", "team:insight"]),
    state=st.sampled_from(State),
    permission=st.sampled_from(Permission),
    until=st.none() | st.dates(date(2026, 1, 1), date(2026, 3, 1)),
)


@given(st.lists(agreements, max_size=6), st.sampled_from(["domain:insight", "app:till", "x:y"]))
def test_nobody_reads_without_an_agreement_that_is_open_now(
    given: list[Agreement], consumer: str
) -> None:
    book = {f"a{i}": replace(a, id=f"a{i}") for i, a in enumerate(given)}
    found = may_read(consumer, ORDERS, 1, book, NOW)
    opening = [
        id
        for id, a in book.items()
        if (a.product, a.version, a.kind, a.consumer) == ("shop.orders", 1, "delta", consumer)
        and a.state in (State.ACTIVE, State.NOTICE_GIVEN)
        and a.permission is Permission.GRANTED
        and (a.until is None or a.until >= NOW.date())
    ]
    assert (found is None) == (not opening)
    assert found is None or (found.agreement in opening and found.role == "part")


def test_ones_own_needs_no_agreement() -> None:
    assert may_read("domain:shop", ORDERS, 7, {}, NOW) == Right("domain:shop")
    for other in ("domain:shops", "team:shop", "shop", "app:shop", "domain:"):
        assert may_read(other, ORDERS, 1, {}, NOW) is None


def test_a_clock_that_has_run_out_needs_no_entry() -> None:
    book = {"a1": replace(ACTIVE, until=NOW.date())}
    assert may_read("domain:insight", ORDERS, 1, book, NOW)
    assert may_read("domain:insight", ORDERS, 1, book, NOW + timedelta(hours=12)) is None


def test_the_widest_right_counts() -> None:
    whole = replace(ACTIVE, id="a2", consumer="app:till", terms=replace(ACTIVE.terms, role=None))
    book = {"a1": ACTIVE, "a2": whole}
    found = right_of(["domain:insight", "app:till"], ORDERS, 1, book, NOW)
    assert found == Right("app:till", "a2")
    found = right_of(["domain:insight", "app:till", "domain:shop"], ORDERS, 1, book, NOW)
    assert found == Right("domain:shop")


def test_denied_says_nothing_but_what_was_asked() -> None:
    assert str(Denied("a.b", 2)).replace("a.b", "c.d") == str(Denied("c.d", 2))
