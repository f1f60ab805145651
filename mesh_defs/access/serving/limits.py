"""How often and how much at once a token may read; no clock of its own, and no token's secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock

from mesh_defs.model import MeshError

AT_ONCE = 32
AT_ONCE_OF_A_TOKEN = 8
_PATIENCE = 30.0


class TooMuch(MeshError):
    """Asked too often, or while too much is being read; `after` so many seconds it may be tried."""

    def __init__(self, said: str, after: float) -> None:
        self.after = max(1, round(after + 0.5))
        super().__init__(f"{said} Try again in {self.after} s.")


@dataclass
class _Bucket:
    left: float
    at: float


class Rate:
    """So many requests a minute for each token; a sixth of them may come at once."""

    def __init__(self, a_minute: int, clock: Callable[[], float]) -> None:
        self._rate, self._most, self._clock = a_minute / 60, max(1.0, a_minute / 6), clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = Lock()

    def take(self, token: str) -> None:
        """Count a request. Raises TooMuch."""
        with self._lock:
            now = self._clock()
            bucket = self._buckets.setdefault(token, _Bucket(self._most, now))
            bucket.left = min(self._most, bucket.left + (now - bucket.at) * self._rate)
            bucket.at = now
            if bucket.left < 1:
                raise TooMuch("These are too many requests.", (1 - bucket.left) / self._rate)
            bucket.left -= 1


class Room:
    """How many reads go on at once: of one token, and of all."""

    def __init__(self, of_all: int = AT_ONCE, of_one: int = AT_ONCE_OF_A_TOKEN) -> None:
        self._all, self._of_one = BoundedSemaphore(of_all), of_one
        self._tokens: dict[str, BoundedSemaphore] = {}
        self._lock = Lock()

    @contextmanager
    def reading(self, token: str, patience: float = _PATIENCE) -> Iterator[None]:
        """A place among those who read, when one is free. Raises TooMuch when none is for long."""
        with self._lock:
            own = self._tokens.setdefault(token, BoundedSemaphore(self._of_one))
        # One's own first: who waits for themself keeps nobody else waiting.
        for places in (own, self._all):
            if not places.acquire(timeout=patience):
                if places is self._all:
                    own.release()
                raise TooMuch("Too much is being read at once.", patience)
        try:
            yield
        finally:
            self._all.release()
            own.release()
