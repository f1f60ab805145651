"""Which element of the new version is which of the old one; renames are recognised here.

Pairing the other way round gives the same pairs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from mesh_defs.contracts.changes.change import Element, same

Key = Callable[[Element], Hashable | None]
Likeness = Callable[[Element, Element], float]
Pairs = list[tuple[Element | None, Element | None]]

ALIKE = 0.8
"""From here on an element that is gone and one that is new are taken for one."""

_FACTS = (
    "physicalType",
    "logicalTypeOptions",
    "enum",
    "required",
    "unique",
    "primaryKey",
    "classification",
)


def paired(
    old: Iterable[Element] | None,
    new: Iterable[Element] | None,
    keys: Sequence[Key],
    alike: Likeness | None = None,
) -> Pairs:
    """Old elements in their order, each with its new one or None; then the new ones left.

    The first key that two elements share pairs them. Of several with the same key the first is
    paired with the first.
    """
    olds, news = list(old or ()), list(new or ())
    found: dict[int, int] = {}
    for key in keys:
        there: dict[Hashable, list[int]] = defaultdict(list)
        for i, element in enumerate(news):
            if i not in found.values() and (value := key(element)) is not None:
                there[value].append(i)
        for i, element in enumerate(olds):
            if i not in found and there.get(key(element)):
                found[i] = there[key(element)].pop(0)
    if alike:
        found |= _most_alike(olds, news, found, alike)
    taken = set(found.values())
    pairs: Pairs = [(o, news[found[i]] if i in found else None) for i, o in enumerate(olds)]
    return pairs + [(None, n) for i, n in enumerate(news) if i not in taken]


def _most_alike(
    olds: Sequence[Element], news: Sequence[Element], found: dict[int, int], alike: Likeness
) -> dict[int, int]:
    """Pairs of which each is the other's one and only best."""
    left = [i for i in range(len(olds)) if i not in found]
    right = [i for i in range(len(news)) if i not in set(found.values())]
    score = {(i, j): alike(olds[i], news[j]) for i in left for j in right}

    def alone(i: int, j: int) -> bool:
        rivals = [score[i, k] for k in right if k != j] + [score[k, j] for k in left if k != i]
        return score[i, j] >= ALIKE and all(score[i, j] > rival for rival in rivals)

    return {i: j for i, j in score if alone(i, j)}


def own_id(element: Element) -> Hashable | None:
    return element.get("id") or None


def by(*fields: str) -> Key:
    """A key of fields, the first of which has to be there."""

    def key(element: Element) -> Hashable | None:
        if not element.get(fields[0]):
            return None
        return tuple(str(element.get(f)).lower() for f in fields)

    return key


def stored_name(element: Element) -> str:
    return str(element.get("physicalName") or element.get("name") or "")


def columns_alike(old: Element, new: Element) -> float:
    """From 0 to 1, the same both ways: what is said about two columns, their type, their limits."""
    if old.get("logicalType") != new.get("logicalType"):
        return 0.0
    said, meant = (_words(e.get("description")) for e in (old, new))
    if not said or not meant:
        return 0.0
    facts = sum(same(old.get(f), new.get(f)) for f in _FACTS) / len(_FACTS)
    names = _dice(*(_pieces(stored_name(e)) for e in (old, new)))
    return 0.55 * _dice(said, meant) + 0.3 * facts + 0.15 * names


def objects_alike(old: Element, new: Element) -> float:
    """The share of columns that two objects have in common."""
    names = ({stored_name(p).lower() for p in e.get("properties") or ()} for e in (old, new))
    return _dice(*names)


def _words(text: Any) -> set[str]:
    return set(re.findall(r"\w+", str(text or "").lower()))


def _pieces(name: str) -> set[str]:
    return {name[i : i + 2].lower() for i in range(max(len(name) - 1, 1))}


def _dice(left: set[str], right: set[str]) -> float:
    """What two sets share, from 0 to 1."""
    both = len(left) + len(right)
    return 2 * len(left & right) / both if both else 0.0
