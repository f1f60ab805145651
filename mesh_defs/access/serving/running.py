"""Running the service: both protocols in one process, on loopback unless TLS is given, until told
to stop; who may read is not decided here."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from mesh_defs.access.serving.service import Service
from mesh_defs.model import MeshError

if TYPE_CHECKING:
    from mesh_defs.access.serving.flight import FlightService

_GRACE = 10


@dataclass(frozen=True)
class Place:
    """Where the service listens; port 0 is any free one."""

    host: str = "127.0.0.1"
    port: int = 8811
    flight_port: int = 8812
    certificate: Path | None = None
    key: Path | None = None

    @property
    def tls(self) -> tuple[bytes, bytes] | None:
        """The certificate and its key. Raises MeshError for one without the other, and where other
        machines would show their tokens to everybody on the way."""
        if (self.certificate is None) != (self.key is None):
            raise MeshError("TLS takes both: `--cert FILE` and `--key FILE`.")
        if self.certificate and self.key:
            try:
                return self.certificate.read_bytes(), self.key.read_bytes()
            except OSError as error:
                raise MeshError(f"TLS can't begin: {error}.") from None
        if not _is_loopback(self.host):
            raise MeshError(
                f"{self.host} is reached by other machines, and tokens would be read on the way. "
                "Give `--cert` and `--key`; or listen on 127.0.0.1, behind a proxy that has TLS."
            )
        return None


def serve(service: Service, place: Place, ready: Callable[[str, str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told both addresses. What is being read then has
    some seconds to come to its end."""
    import anyio
    import uvicorn

    from mesh_defs.access.serving.flight import FlightService
    from mesh_defs.access.serving.http import application

    tls = place.tls
    # Uvicorn would write addresses with their conditions, which may hold product data.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).disabled = True
    with _listening(place.host, place.port) as listening:
        scheme = "grpc+tls" if tls else "grpc+tcp"
        try:
            flights = FlightService(
                service, f"{scheme}://{_bracketed(place.host)}:{place.flight_port}", tls
            )
        except Exception as error:
            raise MeshError(f"Flight can't begin on port {place.flight_port}: {error}.") from None
        config = uvicorn.Config(
            application(service),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
            ssl_certfile=place.certificate,
            ssl_keyfile=place.key,
        )

        class Server(uvicorn.Server):
            @contextmanager
            def capture_signals(self) -> Iterator[None]:
                """As Uvicorn's own, which kills the process in the end by the same signal again."""
                kinds = (signal.SIGINT, signal.SIGTERM)
                before = {kind: signal.signal(kind, self.handle_exit) for kind in kinds}
                try:
                    yield
                finally:
                    for kind, handler in before.items():
                        signal.signal(kind, handler)

            async def startup(self, sockets: list[Any] | None = None) -> None:
                # A read that waits for its turn holds a thread: there are more than may wait.
                anyio.to_thread.current_default_thread_limiter().total_tokens = 400
                await super().startup(sockets)
                host = _bracketed(place.host)
                ready(
                    f"http{'s' if tls else ''}://{host}:{listening.getsockname()[1]}",
                    f"grpc{'+tls' if tls else ''}://{host}:{flights.port}",
                )

        try:
            Server(config).run([listening])
        finally:
            _end(flights)


def _end(flights: FlightService) -> None:
    """Flight waits for whoever still reads; somebody who does not go on is not waited for."""
    ending = Thread(target=flights.shutdown, daemon=True)
    ending.start()
    ending.join(_GRACE)
    if ending.is_alive():
        sys.stdout.flush()
        os._exit(0)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise MeshError(f"HTTP can't begin on {host}:{port}: {error.strerror}.") from None
    return found


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
