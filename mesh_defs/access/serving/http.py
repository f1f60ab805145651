"""The service over HTTP: addresses, parameters, status codes. Nothing is decided here.

Errors are `{"error": "…"}`. Rows come in chunks; a stream that breaks off has no last chunk, so
that no client takes a part for the whole.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any
from urllib.parse import quote

from anyio import CancelScope, create_task_group, to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mesh_defs.access.reading.audit import Count
from mesh_defs.access.reading.plan import Asked
from mesh_defs.access.reading.rights import Denied
from mesh_defs.access.serving.formats import FORMATS, Format, chosen
from mesh_defs.access.serving.limits import TooMuch
from mesh_defs.access.serving.service import Handed, Service, Unknown, out
from mesh_defs.model import MeshError
from mesh_defs.storage.ledger import Unreachable

_PARAMETERS = ("version", "as_of", "columns", "where", "limit", "offset", "format")
_LONGEST_BODY = 1_000_000
_LONGEST_NAME = 100
# A page says itself which scripts may run, by their hashes. What it can't say there is said here:
# it has no origin, so that nothing in it can ask this service in its reader's name, no other page
# shows it in a frame, and nobody keeps it.
_KEPT = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "sandbox allow-scripts"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Pieces(Response):
    """Bytes as they come, until they end, the right to them does, or the reader has gone."""

    def __init__(
        self,
        pieces: Iterator[bytes],
        count: Count,
        media: str,
        closing: ExitStack,
        headers: dict[str, str],
    ) -> None:
        super().__init__(media_type=media, headers=headers)
        del self.headers["content-length"]
        self._pieces, self._count, self._closing = pieces, count, closing

    def first(self) -> Pieces:
        """Make the first piece now: what can't be said in this form is an error, and no stream."""
        import pyarrow as pa

        try:
            piece = next(self._pieces, b"")
        except pa.ArrowException:
            raise MeshError("There is a type in it that this format has no word for.") from None
        self._pieces = _after(piece, self._pieces)
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def until_gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        failed: BaseException = BrokenOff()
        try:
            async with create_task_group() as group:
                group.start_soon(until_gone)
                start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
                await send(start)
                try:
                    while (piece := await to_thread.run_sync(next, self._pieces, None)) is not None:
                        self._count.bytes += len(piece)
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                except MeshError as error:
                    failed = error
                    raise
                # Put down as read before it is said to be whole.
                await to_thread.run_sync(self._closing.close)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                group.cancel_scope.cancel()
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(_break_off, self._closing, failed)


class BrokenOff(Exception):
    """Raised inside what hands out rows, where nobody takes them any more."""


def _break_off(closing: ExitStack, failed: BaseException) -> None:
    """Close what was not closed, with what it failed of. Closing twice does nothing."""
    with suppress(BrokenOff, MeshError):
        closing.__exit__(type(failed), failed, failed.__traceback__)


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def application(service: Service) -> Starlette:
    """The routes. `/health` needs no token, and tells nothing but whether anything can be read."""

    async def health(request: Request) -> Response:
        try:
            await to_thread.run_sync(service.healthy)
        except MeshError:
            return JSONResponse({"ok": False}, 503)
        return JSONResponse({"ok": True})

    async def products(request: Request) -> Response:
        return await _said(partial(_products, service, request.headers.get("authorization")))

    async def product(request: Request) -> Response:
        return await _said(partial(_product, service, request))

    async def document(request: Request) -> Response:
        return await _said(partial(_document, service, request), 'Basic realm="mesh"')

    async def query(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > _LONGEST_BODY:
                return JSONResponse({"error": "This is too long."}, 413)
        return await _said(partial(_query, service, request, body))

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/products", products),
            Route("/products/{address}", product),
            Route("/products/{address}/ports/{port}", document),
            Route("/query", query, methods=["POST"]),
        ]
    )


async def _said(answer: Callable[[], Response], asks: str = "Bearer") -> Response:
    """What is said, in a thread of its own; an error with the status that it has. `asks` is how
    a token is asked for."""
    try:
        run: Awaitable[Response] = to_thread.run_sync(answer)
        return await run
    except Unknown as error:
        return _error(error, 401, {"WWW-Authenticate": asks})
    except Denied as error:
        return _error(error, 404)
    except TooMuch as error:
        return _error(error, 429, {"Retry-After": str(error.after)})
    except Unreachable as error:
        return _error(out(error), 503)
    except MeshError as error:
        return _error(error, 400)
    except Exception as error:
        return _error(out(error), 503)


def _error(error: MeshError, status: int, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": str(error)}, status, headers)


def _products(service: Service, shown: str | None) -> Response:
    token = service.admit(shown)
    return JSONResponse(
        [
            {
                "product": r.address,
                "version": r.major,
                "snapshot": r.snapshot.version,
                "rows": None if r.narrowing.rows is not None else r.snapshot.metadata.get("rows"),
            }
            for r in service.all_of(token)
        ]
    )


def _product(service: Service, request: Request) -> Response:
    token = service.admit(request.headers.get("authorization"))
    said = request.query_params
    if unknown := sorted({*said.keys()} - {*_PARAMETERS}):
        raise MeshError(f"There is no parameter `{unknown[0]}`. There is {', '.join(_PARAMETERS)}.")
    if "," in said.get("offset", ""):
        raise MeshError("`offset` is one number.")
    form = _form(said.get("format"), request)
    columns = said.get("columns")
    asked = Asked(
        tuple(c.strip() for c in columns.split(",")) if columns is not None else None,
        where_of(said.get("where")),
        _number(said.get("limit"), "limit"),
        _number(said.get("offset"), "offset") or 0,
    )
    version = _number(said.get("version"), "version")
    address = request.path_params["address"]
    readable = service.find(token, "http", address, version, said.get("as_of"))
    headers = {"Mesh-Snapshot": str(readable.snapshot.version), "Mesh-Version": str(readable.major)}
    with ExitStack() as stack:
        handed = stack.enter_context(service.rows(token, "http", readable, asked))
        return _rows(handed, form, stack, headers)


def _rows(handed: Handed, form: Format, stack: ExitStack, headers: dict[str, str]) -> Pieces:
    pieces = form.encode(handed.schema, handed.batches)
    return Pieces(pieces, handed.count, form.media, stack.pop_all(), headers).first()


def _document(service: Service, request: Request) -> Response:
    token = service.admit(request.headers.get("authorization"), browsers=True)
    said = request.query_params
    if unknown := sorted({*said.keys()} - {"version"}):
        raise MeshError(f"There is no parameter `{unknown[0]}`. There is version.")
    address, port = request.path_params["address"], request.path_params["port"]
    way = f"http port {port[:_LONGEST_NAME]}"
    version = _number(said.get("version"), "version")
    shown = service.find_document(token, way, address, port, version)
    opens, name = shown.file.media.startswith("text/html"), quote(shown.file.name, safe="")
    headers = {
        "Mesh-Snapshot": str(shown.number),
        "Mesh-Version": str(shown.major),
        "Content-Disposition": f"{'inline' if opens else 'attachment'}; filename*=UTF-8''{name}",
        **_KEPT,
    }
    with ExitStack() as stack:
        pieces, count = stack.enter_context(service.pieces(token, way, shown))
        return Pieces(pieces, count, shown.file.media, stack.pop_all(), headers)


def _query(service: Service, request: Request, body: bytes) -> Response:
    token = service.admit(request.headers.get("authorization"))
    try:
        said = json.loads(body)
        sql = said["sql"]
        name = said.get("format")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sql = name = None
    if not isinstance(sql, str) or not isinstance(name, str | None):
        raise MeshError('Send JSON: `{"sql": "select …", "format": "csv"}`.')
    form = _form(name, request)
    with ExitStack() as stack:
        handed = stack.enter_context(service.answer(token, "http query", sql))
        return _rows(handed, form, stack, {})


def _form(name: str | None, request: Request) -> Format:
    found = chosen(name, request.headers.get("accept"))
    if found is None:
        raise MeshError(f"There is no such format. There is {', '.join(FORMATS)}.")
    return found


def where_of(text: str | None) -> Any:
    """A condition in SQL, or triples as JSON."""
    if text is None or not text.lstrip().startswith("["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise MeshError("`where` begins as JSON, and is none.") from None


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise MeshError(f"`{name}` is a whole number, not `{text[:40]}`.")
    return int(text)
