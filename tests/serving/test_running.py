"""The service as a process: where it listens, TLS, limits, its end, what it writes."""

from __future__ import annotations

import json
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from pyarrow import flight

import mesh
from mesh_defs.access.serving.limits import Rate, Room, TooMuch
from mesh_defs.access.serving.running import Place
from mesh_defs.model import MeshError
from tests.serving.conftest import LARGE, MESH, Served, bearer, call, environment, running
from tests.tiny_mesh import TinyMesh, build


def certificate(folder: Path) -> tuple[Path, Path]:
    """One that signs itself, for this machine."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    )
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(names, False).add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, private


def test_tls_for_both(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ssl

    cert, key = certificate(tmp_path)
    token = served.tokens["part"]
    options = ("--cert", str(cert), "--key", str(key))
    with running(served.mesh, *options, log=tmp_path / "log") as tls:
        assert tls.http.startswith("https://")
        context = ssl.create_default_context(cafile=str(cert))
        said = httpx.get(f"{tls.http}/products/shop.orders", headers=bearer(token), verify=context)
        assert said.status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{tls.http}/health")
        monkeypatch.setenv("MESH_SERVICE", tls.flight)
        monkeypatch.setenv("MESH_TOKEN", token)
        with pytest.raises(MeshError):
            mesh.read("shop.orders")
        monkeypatch.setenv("MESH_SERVICE_CA", str(cert))
        assert mesh.read("shop.orders").arrow().num_rows == 9


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "mesh.example.com"])
def test_other_machines_take_tls(host: str) -> None:
    with pytest.raises(MeshError, match="Give `--cert` and `--key`"):
        _ = Place(host).tls
    with pytest.raises(MeshError, match="TLS takes both"):
        _ = Place(host, certificate=Path("x")).tls


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_takes_none(host: str) -> None:
    assert Place(host).tls is None


def test_what_can_not_begin_is_said(served_mesh: TinyMesh, served: Served) -> None:
    taken = served.http.rpartition(":")[2]
    for options in (["--host", "0.0.0.0"], ["--port", taken], ["--cert", "nope", "--key", "nope"]):
        done = subprocess.run(
            [*MESH, "serve", "--flight-port", "0", *options], cwd=served_mesh.root,
            env=environment(), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (1, "")
        assert "Traceback" not in done.stderr


def test_ends_in_an_orderly_way(served: Served, tmp_path: Path) -> None:
    """What is being read comes to its end; nothing is left; nothing of the data is written."""
    log, token = tmp_path / "log", served.tokens["whole"]
    with running(served.mesh, log=log) as found:
        assert found.process
        url = f"{found.http}/products/shop.orders?format=arrow&where=cents>12345"
        with httpx.stream("GET", url, headers=bearer(token), timeout=30) as response:
            found.process.send_signal(signal.SIGTERM)
            whole = b"".join(response.iter_bytes())
        assert 0 < pa.ipc.open_stream(whole).read_all().num_rows < LARGE
        assert found.process.wait(20) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{found.http}/health")
    assert log.read_text() == ""


@pytest.mark.slow
def test_nobody_is_waited_for_who_does_not_go_on(served: Served, tmp_path: Path) -> None:
    token, ticket = served.tokens["whole"], flight.Ticket(b'{"product": "shop.orders"}')
    with running(served.mesh, log=tmp_path / "log") as found:
        assert found.process
        url = f"{found.http}/products/shop.orders?format=csv"
        with (
            httpx.stream("GET", url, headers=bearer(token), timeout=30) as response,
            found.client() as client,
        ):
            next(response.iter_bytes())
            reader = client.do_get(ticket, call(token))
            reader.read_chunk()
            found.process.send_signal(signal.SIGINT)
            assert found.process.wait(40) == 0


def test_too_many_requests(served: Served, tmp_path: Path) -> None:
    with running(served.mesh, "--rate", "30", log=tmp_path / "log") as found:
        said = [found.get("/products", served.tokens["part"]) for _ in range(7)]
        assert [s.status_code for s in said] == [200] * 5 + [429] * 2
        assert 1 <= int(said[-1].headers["retry-after"]) <= 3
        assert found.get("/products", served.tokens["none"]).status_code == 200
        with found.client() as client, pytest.raises(flight.FlightUnavailableError):
            for _ in range(3):
                ticket = flight.Ticket(json.dumps({"product": "shop.orders"}).encode())
                client.do_get(ticket, call(served.tokens["part"])).read_all()


def test_rate_fills_again() -> None:
    now = [0.0]
    rate = Rate(60, lambda: now[0])
    for _ in range(10):
        rate.take("a")
    with pytest.raises(TooMuch) as error:
        rate.take("a")
    assert error.value.after == 2
    rate.take("b")
    now[0] = 1.0
    rate.take("a")
    with pytest.raises(TooMuch):
        rate.take("a")


def test_room_is_given_back() -> None:
    room = Room(of_all=2, of_one=1)
    with room.reading("a", 0.01), room.reading("b", 0.01):
        for token in ("a", "c"):
            with pytest.raises(TooMuch), room.reading(token, 0.01):
                pass
    for token in ("a", "b", "c"):
        with room.reading(token, 0.01):
            pass


def test_a_ledger_that_does_not_answer_opens_nothing(tmp_path: Path) -> None:
    """Nobody is let in, nobody is told where it is, and it goes on when the ledger is back."""
    tiny, log = build(tmp_path / "mesh"), tmp_path / "log"
    with running(tiny, log=log) as found:
        token = found.token("shop", who="Shop team")
        assert found.get("/products", token).status_code == 200
        folder = tiny.home / "ledger"
        folder.rename(tmp_path / "away")
        folder.write_text("no folder")
        assert found.get("/health").status_code == 503
        said = found.get("/products", token)
        assert (said.status_code, said.json()) == (
            503, {"error": "This can't be answered now. Try again later."},
        )  # fmt: skip
        with pytest.raises(flight.FlightUnavailableError) as error:
            found.take(token, product="shop.orders")
        assert str(tmp_path) not in str(error.value)
        folder.unlink()
        (tmp_path / "away").rename(folder)
        assert found.get("/products", token).status_code == 200
    assert "The ledger at" in log.read_text()
    assert "Traceback" not in log.read_text()
