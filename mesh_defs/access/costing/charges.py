"""What a consumer owes by an agreement: its price, the days on which it was open, what was read.

Pure and exact. A unit that can't be computed honestly is said to be none; nothing is guessed.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

Span = tuple[datetime, datetime | None]
"""From when to when it might be read; None where that has not ended."""

UNKNOWN = "?"
"""In place of a price: another one was announced, and which is not known."""
_PRICE = re.compile(r"(?P<amount>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?: (?P<currency>[A-Z]{3}))?"
                    r"(?: (?P<unit>.+))?", re.IGNORECASE)  # fmt: skip
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Price:
    """An amount of money for a unit, as ODCS has them (priceAmount, priceCurrency, priceUnit)."""

    amount: Fraction
    currency: str
    unit: str

    @classmethod
    def parse(cls, text: str) -> Price | None:
        """`3 EUR month`, as the terms of an agreement have it; None for what says no amount."""
        found = _PRICE.fullmatch(text.strip())
        if found is None:
            return None
        currency = (found["currency"] or "").upper()
        return cls(Fraction(found["amount"]), currency, (found["unit"] or "").strip())


@dataclass(frozen=True)
class Read:
    """A consumer has read once. None where nobody has counted."""

    day: date
    rows: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Use:
    """What a bill takes of an agreement. `prices`: from which day on there is which price, the
    first from ever; None for none. `unseen`: why its reads are not all known, if so."""

    agreement: str
    consumer: str
    product: str
    version: int
    open: tuple[Span, ...]
    prices: tuple[tuple[date, str | None], ...]
    reads: tuple[Read, ...] = ()
    unseen: str = ""


@dataclass(frozen=True)
class Owed:
    """For some days of one agreement under one price. `amount` is None where it was not computed,
    and `note` says why."""

    agreement: str
    consumer: str
    product: str
    version: int
    since: date
    until: date
    price: str | None
    quantity: Fraction | None
    amount: Fraction | None
    currency: str
    note: str = ""


def owed(uses: Iterable[Use], since: date, until: date) -> list[Owed]:
    """What is owed for the days of a period, both included; nothing for who could not read then."""
    return [bill for use in uses for bill in _bills(use, since, until)]


def open_days(use: Use, since: date, until: date) -> list[date]:
    """The days of a period on which it might be read, if only for a moment (UTC)."""
    days = (since + i * _DAY for i in range((until - since).days + 1))
    return [day for day in days if any(_touches(span, day) for span in use.open)]


def _bills(use: Use, since: date, until: date) -> Iterator[Owed]:
    for begin, end, price in _priced(use.prices, since, until):
        days = open_days(use, begin, end)
        reads = [read for read in use.reads if begin <= read.day <= end]
        if not days and not reads:
            continue
        bill = _Bill(days, reads, use.unseen)
        quantity, amount, currency, note = bill.of(price)
        yield Owed(
            use.agreement, use.consumer, use.product, use.version, begin, end,
            None if price == UNKNOWN else price, quantity, amount, currency, note,
        )  # fmt: skip


def _priced(
    prices: Sequence[tuple[date, str | None]], since: date, until: date
) -> Iterator[tuple[date, date, str | None]]:
    """The days of a period, in pieces of one price each."""
    for i, (begin, price) in enumerate(prices):
        end = prices[i + 1][0] - _DAY if i + 1 < len(prices) else until
        begin, end = max(begin, since), min(end, until)
        if begin <= end:
            yield begin, end, price


def _touches(span: Span, day: date) -> bool:
    begin, end = span
    midnight = datetime.combine(day, time(), UTC)
    opened = begin < midnight + _DAY
    return opened and (end is None or (end > midnight and end > begin))


@dataclass(frozen=True)
class _Bill:
    days: list[date]
    reads: list[Read]
    unseen: str

    def of(self, said: str | None) -> tuple[Fraction | None, Fraction | None, str, str]:
        """Quantity, amount, currency, and why not."""
        if said is None:
            return None, None, "", "not computed: the contract has no price"
        if said == UNKNOWN:
            return None, None, "", "not computed: another price was announced for these days"
        price = Price.parse(said)
        if price is None:
            return None, None, "", f"not computed: `{said}` has no amount"
        unit = _named(price.unit)
        if unit in _TIMES:
            quantity = sum((_TIMES[unit](day) for day in self.days), Fraction())
            return quantity, quantity * price.amount, price.currency, ""
        if price.amount == 0:
            return None, Fraction(), price.currency, ""
        if unit not in _READS:
            return None, None, price.currency, f"not computed: unit {price.unit or 'is not said'}"
        if self.unseen:
            return None, None, price.currency, f"not computed: {self.unseen}"
        counted = [_READS[unit](read) for read in self.reads]
        missing = sum(each is None for each in counted)
        if missing:
            reads = f"{missing} read{'s' * (missing > 1)}"
            return None, None, price.currency, (
                f"not computed: of {reads} it is not known how many {_WHAT[unit]} they had"
            )  # fmt: skip
        quantity = sum((each for each in counted if each is not None), Fraction())
        return quantity, quantity * price.amount, price.currency, ""


def _named(unit: str) -> str:
    """`Months`, `per month`, `/month` and `month` are one unit."""
    plain = re.sub(r"^(?:per\b|a\b|/)\s*", "", unit.strip().lower()).strip()
    known = plain.removesuffix("s")
    return _ALIASES.get(known, _ALIASES.get(plain, known))


def _bytes(size: int) -> Callable[[Read], Fraction | None]:
    return lambda read: None if read.bytes is None else Fraction(read.bytes, size)


# A day of a month of 30 days is a thirtieth of it: the prices of periods that follow one another
# add up to that of both.
_TIMES: Mapping[str, Callable[[date], Fraction]] = {
    "day": lambda _: Fraction(1),
    "week": lambda _: Fraction(1, 7),
    "month": lambda day: Fraction(1, monthrange(day.year, day.month)[1]),
    "year": lambda day: Fraction(1, 366 if isleap(day.year) else 365),
}
_SIZES = {
    "byte": 1, "kilobyte": 10**3, "megabyte": 10**6, "gigabyte": 10**9, "terabyte": 10**12,
    "petabyte": 10**15, "kibibyte": 2**10, "mebibyte": 2**20, "gibibyte": 2**30,
    "tebibyte": 2**40, "pebibyte": 2**50,
}  # fmt: skip
_READS: Mapping[str, Callable[[Read], Fraction | None]] = {
    **{unit: _bytes(size) for unit, size in _SIZES.items()},
    "query": lambda _: Fraction(1),
    "row": lambda read: None if read.rows is None else Fraction(read.rows),
}
_WHAT = {**dict.fromkeys(_SIZES, "bytes"), "query": "queries", "row": "rows"}
_ALIASES = {
    "kb": "kilobyte", "mb": "megabyte", "gb": "gigabyte", "tb": "terabyte", "pb": "petabyte",
    "kib": "kibibyte", "mib": "mebibyte", "gib": "gibibyte", "tib": "tebibyte", "pib": "pebibyte",
    "queries": "query", "read": "query", "request": "query", "record": "row",
}  # fmt: skip
UNITS = (*_TIMES, *_READS)
"""Those that can be computed, each also in the plural and as `per …`."""
