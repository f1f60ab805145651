"""The service over Arrow Flight: tickets, streams, errors. What may be read is not decided here.

A ticket is JSON: `product`, and what of it. That of a flight's info is pinned to a snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import pyarrow as pa
from pyarrow import flight

from mesh_defs.access.reading.plan import Asked
from mesh_defs.access.reading.rights import Denied
from mesh_defs.access.serving.limits import TooMuch
from mesh_defs.access.serving.service import Service, Unknown, out
from mesh_defs.model import MeshError
from mesh_defs.storage.ledger import TokenRow, Unreachable

_FIELDS = ("product", "version", "as_of", "columns", "where", "limit", "offset")


class _Shown(flight.ServerMiddlewareFactory):  # type: ignore[misc]
    """Who calls, from the header `authorization`; no call goes on without."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._service = service

    def start_call(self, info: Any, headers: Mapping[str, list[str]]) -> Any:
        with _errors():
            return _Caller(self._service.admit(next(iter(headers.get("authorization", ())), None)))


class _Caller(flight.ServerMiddleware):  # type: ignore[misc]
    def __init__(self, token: TokenRow) -> None:
        super().__init__()
        self.token = token


class FlightService(flight.FlightServerBase):  # type: ignore[misc]
    """One mesh over Flight; it begins to serve when it is made."""

    def __init__(self, service: Service, location: str, tls: tuple[bytes, bytes] | None) -> None:
        self._service = service
        super().__init__(
            location,
            middleware={"token": _Shown(service)},
            tls_certificates=[tls] if tls else None,
        )

    def list_flights(self, context: Any, criteria: bytes) -> Iterator[Any]:
        with _errors():
            for readable in self._service.all_of(_token(context)):
                descriptor = flight.FlightDescriptor.for_path(readable.address)
                yield flight.FlightInfo(pa.schema([]), descriptor, [], -1, -1)

    def get_flight_info(self, context: Any, descriptor: Any) -> Any:
        with _errors():
            said = _described(descriptor)
            token = _token(context)
            readable, asked = self._found(token, said)
            none = Asked(asked.columns, asked.where, 0)
            with self._service.rows(token, "flight", readable, none) as handed:
                schema = handed.schema
                for _ in handed.batches:
                    pass
            pinned = {**said, "version": readable.major, "as_of": readable.snapshot.version}
            ticket = flight.Ticket(json.dumps(pinned).encode())
            return flight.FlightInfo(
                schema, descriptor, [flight.FlightEndpoint(ticket, [])], -1, -1
            )

    def do_get(self, context: Any, ticket: Any) -> Any:
        with _errors(), ExitStack() as stack:
            token = _token(context)
            readable, asked = self._found(token, _said(ticket.ticket))
            handed = stack.enter_context(self._service.rows(token, "flight", readable, asked))
            closing = stack.pop_all()

        def streamed() -> Iterator[Any]:
            with _errors(), closing:
                for batch in handed.batches:
                    handed.count.bytes += batch.nbytes
                    yield batch

        return flight.GeneratorStream(handed.schema, streamed())

    def _found(self, token: TokenRow, said: Mapping[str, Any]) -> tuple[Any, Asked]:
        readable = self._service.find(
            token, "flight", said["product"], said.get("version"), said.get("as_of")
        )
        columns = said.get("columns")
        asked = Asked(
            None if columns is None else tuple(columns), said.get("where"), said.get("limit"),
            said.get("offset") or 0,
        )  # fmt: skip
        return readable, asked


def _token(context: Any) -> TokenRow:
    token: TokenRow = context.get_middleware("token").token
    return token


def _described(descriptor: Any) -> dict[str, Any]:
    if descriptor.path:
        return {"product": descriptor.path[0].decode(errors="replace")}
    return _said(descriptor.command)


def _said(data: bytes) -> dict[str, Any]:
    """A ticket's fields, each of its type. Raises MeshError."""
    try:
        said = json.loads(data)
        json.dumps(said, ensure_ascii=False).encode()  # half a pair of characters is no text
    except (ValueError, RecursionError):
        said = None
    kinds: dict[str, Any] = {
        "product": str, "version": int, "as_of": int | str, "columns": list, "where": str | list,
        "limit": int, "offset": int,
    }  # fmt: skip
    if (
        not isinstance(said, dict)
        or "product" not in said
        or any(name not in kinds for name in said)
        or any(v is not None and not isinstance(v, kinds[n]) for n, v in said.items())
        or any(isinstance(v, bool) for v in said.values())
        or any(abs(v) >= 2**63 for v in said.values() if isinstance(v, int))
        or not all(isinstance(c, str) for c in said.get("columns") or ())
        or not isinstance(said["product"], str)
    ):
        raise MeshError(
            f"A ticket is JSON with `product` and, as needed, {', '.join(_FIELDS[1:])}."
        )
    return said


@contextmanager
def _errors() -> Iterator[None]:
    """Ours as Flight's, with their words and nothing else."""
    try:
        yield
    except Unknown as error:
        raise flight.FlightUnauthenticatedError(str(error)) from None
    except Denied as error:
        raise flight.FlightUnauthorizedError(str(error)) from None
    except TooMuch as error:
        raise flight.FlightUnavailableError(str(error)) from None
    except Unreachable as error:
        raise flight.FlightUnavailableError(str(out(error))) from None
    except MeshError as error:
        raise pa.ArrowInvalid(str(error)) from None
    except flight.FlightError:
        raise
    except Exception as error:
        raise flight.FlightUnavailableError(str(out(error))) from None
