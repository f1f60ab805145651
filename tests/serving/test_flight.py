"""The service over Arrow Flight, as its own clients meet it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import flight

from tests.serving.conftest import LARGE, Served, call


def test_rows_as_they_are_asked_for(served: Served) -> None:
    found = served.take(
        served.tokens["whole"], product="shop.orders", as_of=0, columns=["cents"],
        where=[["cents", ">", 100]],
    )  # fmt: skip
    assert found.to_pylist() == [{"cents": 250}, {"cents": 1000}]
    assert served.take(served.tokens["own"], product="shop.orders").num_rows == LARGE


def test_info_is_pinned_to_a_snapshot(served: Served) -> None:
    options = call(served.tokens["part"])
    with served.client() as client:
        for descriptor in (
            flight.FlightDescriptor.for_path("shop.orders"),
            flight.FlightDescriptor.for_command(json.dumps({"product": "shop.orders"})),
        ):
            info = client.get_flight_info(descriptor, options)
            assert info.schema.names == ["order_id", "day"]
            (end,) = info.endpoints
            assert json.loads(end.ticket.ticket)["as_of"] == 1
            assert client.do_get(end.ticket, options).read_all().num_rows == 9
        (listed,) = client.list_flights(b"", options)
        assert listed.descriptor.path == [b"shop.orders"]


def test_a_stream_is_resumed(served: Served) -> None:
    token, asked = served.tokens["whole"], {"product": "shop.orders", "as_of": 1}
    first = served.take(token, **asked, limit=1_000_000)
    rest = served.take(token, **asked, offset=first.num_rows)
    whole = served.take(token, **asked)
    assert pa.concat_tables([first, rest]).combine_chunks().equals(whole.combine_chunks())


def test_no_token_no_words(served: Served) -> None:
    with served.client() as client:
        for options in (flight.FlightCallOptions(), call("mesh_0000000000_" + "x" * 43)):
            with pytest.raises(flight.FlightUnauthenticatedError):
                client.do_get(flight.Ticket(b'{"product": "shop.orders"}'), options)
            with pytest.raises(flight.FlightUnauthenticatedError):
                list(client.list_flights(b"", options))


def test_what_is_not_there_and_what_is_not_yours_are_the_same(served: Served) -> None:
    said = []
    for name in ("shop.days", "shop.nope", "nope.days"):
        with pytest.raises(flight.FlightUnauthorizedError) as error:
            served.take(served.tokens["none"], product=name)
        said.append(str(error.value).replace(name, "x.y"))
    assert len(set(said)) == 1
    assert "Traceback" not in said[0]


@pytest.mark.parametrize(
    "ticket",
    [
        b"", b"x", b"{}", b"[]", b'{"product": 1}', b'{"product": "shop.orders", "sql": "x"}',
        b'{"product": "shop.orders", "limit": "1"}', b'{"product": "shop.orders", "limit": true}',
        b'{"product": "shop.orders", "columns": [1]}', b'{"product": "shop.orders", "limit": -1}',
        b'{"product": "shop.orders", "where": "1; drop"}', b"\xff\xfe", b"[" * 100_000,
        b'{"product": "shop.orders", "columns": ["cents"], "as_of": 12}',
        b'{"product": "shop.orders", "version": 1%s}' % (b"0" * 30), b'{"product": "\\ud800.x"}',
        b'{"product": "shop.orders", "where": [["cents", ">", "\\ud800"]]}',
    ],
)  # fmt: skip
def test_tickets_that_are_none(served: Served, ticket: bytes) -> None:
    with served.client() as client, pytest.raises(pa.ArrowInvalid) as error:
        client.do_get(flight.Ticket(ticket), call(served.tokens["own"])).read_all()
    assert str(served.mesh.root) not in str(error.value)


def test_each_read_is_put_down(served: Served) -> None:
    before = len(served.reads)
    found: Any = served.take(served.tokens["part"], product="shop.orders")
    (read,) = served.reads[before:]
    assert (read.way, read.outcome, read.rows) == ("flight", "read", found.num_rows)


def test_fifty_readers_at_once(served: Served) -> None:
    def read(i: int) -> int:
        token = served.tokens[("whole", "own")[i % 2]]
        return int(served.take(token, product="shop.orders", limit=200_000 + i).num_rows)

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(read, range(50))) == [200_000 + i for i in range(50)]
