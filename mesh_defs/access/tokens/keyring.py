"""The keyring: makes, renews, ends and recognises tokens; whom they read for is asked here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from mesh_defs.access.acting import consumer_of, first_to_ask
from mesh_defs.access.agreements import end_of
from mesh_defs.access.reading.rights import consumers_of
from mesh_defs.access.register import Register
from mesh_defs.access.tokens.token import Secret, is_genuine, new_secret, parts_of, standing
from mesh_defs.model import Mesh, MeshError, ProductRef
from mesh_defs.model.governance import read_governance
from mesh_defs.model.names import folded
from mesh_defs.storage.ledger import Ledger, Sisters, TokenRow
from mesh_defs.storage.state import State

LASTS = timedelta(days=90)
_SEEN = timedelta(minutes=1)  # how exactly it is kept when a token was last used


class Keyring:
    """A mesh's tokens, and somebody who acts. As in `mesh access`, a name is believed."""

    def __init__(
        self, root: Path, name: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.mesh, self.name = Mesh.read(root), name
        self._state, self._clock = State.of(root), clock
        self._sisters = Sisters.open(self._state)

    def now(self) -> datetime:
        return self._clock().astimezone(UTC)

    def create(
        self,
        consumer: str | None,
        products: Sequence[str] = (),
        until: date | None = None,
        purpose: str = "",
    ) -> tuple[TokenRow, Secret]:
        """A token that reads for a consumer: all that it may read, or only some products."""
        who = consumer_of(self.mesh, consumer, self.name)
        self._speaks_for(who)
        lines = tuple(dict.fromkeys(self._line(product) for product in products))
        now, secret = self.now(), new_secret()
        expires = end_of(until) if until else now + LASTS
        if expires <= now:
            raise MeshError(f"{until} is over: a token would never be of use.")
        row = TokenRow(
            secret.id, secret.hash, who, lines, purpose, _text(now),
            self.name, _text(expires),
        )  # fmt: skip
        self._sisters.add(row)
        return row, secret

    def rotate(self, id: str) -> tuple[TokenRow, Secret]:
        """Another secret for the same token, which lasts as long again. The old one is void."""
        row = self.find(id)
        self._speaks_for(row.consumer)
        if row.revoked:
            raise MeshError(f"The token {id} is revoked. Make another one: `mesh token create`.")
        now, secret = self.now(), new_secret(id)
        began = datetime.fromisoformat(row.rotated or row.created)
        # What was made for "never" (9999-12-31) ends with the calendar.
        last = datetime.max.replace(tzinfo=UTC)
        lasts = min(datetime.fromisoformat(row.expires) - began, last - now)
        said = {"hash": secret.hash, "rotated": _text(now), "expires": _text(now + lasts)}
        if not self._sisters.change(id, said, while_not_revoked=True):
            raise MeshError(f"The token {id} was revoked meanwhile.")
        return self.find(id), secret

    def revoke(self, id: str) -> TokenRow:
        """End a token. From the next look on, which a service takes at each request, it is void."""
        row = self.find(id)
        if not self._is_governance():
            self._speaks_for(row.consumer)
        said = {"revoked": _text(self.now()), "revoked_by": self.name}
        self._sisters.change(id, said, while_not_revoked=True)
        return self.find(id)

    def find(self, id: str) -> TokenRow:
        """The token of an id, or of all that was shown of it. Raises MeshError."""
        known = parts_of(id)
        row = self._sisters.token(known[0] if known else id)
        if row is None:
            raise MeshError("There is no such token. `mesh token list --all` shows all there are.")
        return row

    def all(self, consumer: str | None = None, every: bool = False) -> list[TokenRow]:
        """The tokens that are of use, or all there ever were."""
        now = self.now()
        return [
            row
            for row in self._sisters.tokens()
            if (every or standing(row, now) == "active")
            and consumer in (None, row.consumer, row.consumer.partition(":")[2])
        ]

    def _line(self, address: str) -> str:
        """The product of an address, in all of its versions; it need not be there yet."""
        try:
            ref = ProductRef.parse(address)
        except ValueError as error:
            raise MeshError(f"{error}.") from None
        known = self.mesh.products.get(ref)
        return str(known.line if known else ref)

    def _is_governance(self) -> bool:
        from mesh_defs.access.acting import name_in

        team = read_governance(self.mesh.root)
        return bool(team and name_in(team, self.name))

    def _speaks_for(self, consumer: str) -> None:
        """Raises MeshError unless who acts is the consumer, is of it, or has asked for it."""
        names = consumers_of(self.mesh, self.name)
        if folded(consumer) in {folded(n) for n in names}:
            return
        known = {folded(n.partition(":")[2]) for n in names} | {folded(self.name)}
        book = Register(Ledger.open(self._state), self._clock).book()
        first = first_to_ask(book, consumer)
        if not consumer.startswith("domain:") and first and folded(first) in known:
            return
        raise MeshError(
            f"{self.name} does not speak for {consumer}: a domain's team does, a person for "
            "themself, and for an app or a team whoever was the first to request an agreement "
            "for it."
        )


class Gatekeeper:
    """Recognises tokens. Nothing is remembered: each look asks the ledger's database."""

    def __init__(
        self, sisters: Sisters, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._sisters, self._clock = sisters, clock

    def recognise(self, text: str) -> TokenRow | None:
        """The token, if it is one that may be used now; why it may not is told to nobody."""
        parts, now = parts_of(text), self._clock().astimezone(UTC)
        row = self._sisters.token(parts[0]) if parts else None
        if parts is None or not is_genuine(row, parts[1], now):
            return None
        assert row
        if row.last_used is None or datetime.fromisoformat(row.last_used) + _SEEN < now:
            self._sisters.change(row.id, {"last_used": _text(now)})
        return row

    def still(self, row: TokenRow) -> bool:
        """Whether a token that was recognised may still be used, with the same secret."""
        found = self._sisters.token(row.id)
        now = self._clock().astimezone(UTC)
        return found is not None and found.hash == row.hash and standing(found, now) == "active"


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
