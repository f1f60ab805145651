"""Which kinds of ports there are, and a product's own ports. What a kind does is in its module."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mesh_defs.model import DataProduct, Finding, MeshError
from mesh_defs.model.report import root_of
from mesh_defs.ports.grants import Grant, Grants
from mesh_defs.ports.places import (
    azure_place,
    bigquery_place,
    bigquery_wrong,
    bucket_place,
    delta_wrong,
    parquet_wrong,
    postgres_place,
    postgres_wrong,
)
from mesh_defs.ports.port import Kind, Port, Target
from mesh_defs.storage.servers import Address, address_of, variable_of
from mesh_defs.storage.state import State

if TYPE_CHECKING:
    from mesh_defs.ports.shelved import Shelved


def _postgres(target: Target, address: Address) -> Port:
    from mesh_defs.ports.postgres.port import PostgresPort

    return PostgresPort(target, address)


def _parquet(target: Target, address: Address) -> Port:
    from mesh_defs.ports.files.parquet import ParquetPort

    return ParquetPort(target, address)


def _bigquery(target: Target, address: Address) -> Port:
    from mesh_defs.ports.bigquery.port import BigQueryPort

    return BigQueryPort(target, address)


def _delta_on_s3(target: Target, address: Address) -> Port:
    from mesh_defs.ports.files.delta_table import DeltaOnS3

    return DeltaOnS3(target, address)


def _delta_on_azure(target: Target, address: Address) -> Port:
    from mesh_defs.ports.files.delta_table import DeltaOnAzure

    return DeltaOnAzure(target, address)


LAKE = "delta"
_WEB = ("http", "https")
_POSTGRES = ("postgres", "postgresql")
MAIL = ("smtp", "smtps")
ShelvedKind = Callable[[DataProduct, str, Address | None], "Shelved"]
KINDS = {
    "bigquery": Kind(("bigquery",), ("bigquery",), _bigquery, bigquery_place, bigquery_wrong),
    "delta-azure": Kind(("azure",), _WEB, _delta_on_azure, azure_place, delta_wrong),
    "delta-s3": Kind(("s3",), _WEB, _delta_on_s3, bucket_place, delta_wrong),
    "parquet": Kind(("s3",), _WEB, _parquet, bucket_place, parquet_wrong),
    "postgres": Kind(_POSTGRES, _POSTGRES, _postgres, postgres_place, postgres_wrong),
}
"""All that a contract's server says the place of."""


def _pdf(product: DataProduct, port: str, address: Address | None) -> Shelved:
    from mesh_defs.ports.documents.mailed import PdfPort

    return PdfPort(product, port, address)


def _dashboard(product: DataProduct, port: str, address: Address | None) -> Shelved:
    from mesh_defs.ports.documents.dashboard import DashboardPort

    return DashboardPort(product, port)


def _onnx(product: DataProduct, port: str, address: Address | None) -> Shelved:
    from mesh_defs.ports.models.model_port import ModelPort

    return ModelPort(product, port)


def _lookml(product: DataProduct, port: str, address: Address | None) -> Shelved:
    from mesh_defs.ports.documents.looker import LookmlPort
    from mesh_defs.ports.documents.looker_checks import reads_at

    try:
        there = reads_at(product, port, ports_of(product))
    except MeshError:  # said by its problems; what was made before is there all the same
        there = None
    return LookmlPort(product, port, there)


DOCUMENTS: dict[str, ShelvedKind] = {"dashboard": _dashboard, "lookml": _lookml, "pdf": _pdf}
MODEL = "onnx"
SHELVED: dict[str, ShelvedKind] = {**DOCUMENTS, MODEL: _onnx}
"""Those that lie in the state folder, as the lake does: their place follows from their names."""
_ALSO = {"postgresql": "postgres"}
_MAJOR = re.compile(r"^v?(\d+)(\.|$)")


@dataclass(frozen=True)
class OutputPort:
    """A port as a product's descriptor declares it."""

    product: DataProduct
    index: int

    @property
    def name(self) -> str:
        return self.product.descriptor.outputPorts[self.index].name

    @property
    def kind(self) -> str:
        """`delta` where none is said: the lake, if its contract's server is no other place."""
        said = (self.product.descriptor.outputPorts[self.index].type or LAKE).lower()
        if said == LAKE and (beyond := f"{LAKE}-{(self._server or {}).get('type')}") in KINDS:
            return beyond
        return _ALSO.get(said, said)

    @property
    def is_lake(self) -> bool:
        return self.kind == LAKE

    @property
    def is_document(self) -> bool:
        return self.kind in DOCUMENTS

    @property
    def is_shelved(self) -> bool:
        return self.kind in SHELVED

    @property
    def can_be_asked(self) -> bool:
        """Whether the environment says how to reach it; what lies in the state folder is here."""
        return self.is_shelved or bool(os.environ.get(self.variable))

    @property
    def variable(self) -> str:
        """The environment variable that says how its server is reached."""
        return variable_of(self.name)

    @cached_property
    def target(self) -> Target:
        """Where it delivers to. Raises MeshError for a port that cannot be as it is declared."""
        if findings := list(problems(self)):
            raise MeshError(findings)
        return _target(self, self._server or {})

    @property
    def location(self) -> str:
        """Where readers will find it, by the contract alone."""
        if self.is_shelved:
            return self.sound().location
        return KINDS[self.kind].place(self.target)

    def sound(self) -> Shelved:
        """The port, where it is in the state folder. Raises MeshError for what is wrong with what
        is declared of it."""
        if findings := list(problems(self)):
            raise MeshError(findings)
        address = address_of(self.name, MAIL) if self.kind == "pdf" else None
        return SHELVED[self.kind](self.product, self.name, address)

    def shelved(self) -> Shelved:
        """What lies in the state folder, whatever is wrong now with what is declared of it."""
        return SHELVED[self.kind](self.product, self.name, None)

    def open(self) -> Port | None:
        """None where the environment does not say how its server is reached."""
        if self.is_shelved:
            return self.sound()
        target, kind = self.target, KINDS[self.kind]
        address = address_of(self.name, kind.schemes)
        return kind.open(target, address) if address else None

    @property
    def _server(self) -> dict[str, Any] | None:
        found = (s for s in self.product.contract.odcs.servers or [] if s.server == self.name)
        server = next(found, None)
        return dict(server.model_dump(by_alias=True, exclude_none=True)) if server else None


def ports_of(product: DataProduct) -> tuple[OutputPort, ...]:
    """The ports of a product in its major version, the lake first."""
    wanted = product.contract.major
    ports = [
        OutputPort(product, i)
        for i, port in enumerate(product.descriptor.outputPorts)
        if port.contractId in (None, product.contract.id)
        and (major := _MAJOR.match(str(port.version)))
        and int(major[1]) == wanted
    ]
    return tuple(sorted(ports, key=lambda port: not port.is_lake))


def beyond_the_lake(product: DataProduct) -> tuple[OutputPort, ...]:
    return tuple(port for port in ports_of(product) if not port.is_lake)


def problems(port: OutputPort) -> Iterator[Finding]:
    """What keeps a port from being delivered to, in its descriptor and in its contract."""
    if port.is_lake:
        return
    if port.kind == "lookml":
        from mesh_defs.ports.documents.looker_checks import looker_problems

        yield from looker_problems(port.product, port.name, ports_of(port.product))
        return
    if port.is_document:
        from mesh_defs.ports.documents.checks import problems_of

        yield from problems_of(port.product, port.name, port.kind)
        return
    if port.kind == MODEL:
        from mesh_defs.ports.models.features import problems_of as problems_of_model

        yield from problems_of_model(port.product, port.name)
        return
    kind: Kind | None = KINDS.get(port.kind)
    if kind is None:
        known = ", ".join(f"`{name}`" for name in sorted([LAKE, *KINDS, *SHELVED]))
        yield port.product.source.finding(
            ("outputPorts", port.index, "type"),
            f"no kind of port is called `{port.kind}`",
            f"There is {known}.",
        )
        return
    contract = port.product.contract
    servers = contract.odcs.servers or []
    index = next((i for i, s in enumerate(servers) if s.server == port.name), None)
    if index is None:
        yield contract.source.finding(
            ("servers",),
            f"no server `{port.name}`, which the port of that name delivers to",
            f"Add one of the type `{kind.servers[0]}`.",
        )
    elif servers[index].type not in kind.servers:
        yield contract.source.finding(
            ("servers", index, "type"),
            f"`{servers[index].type}`, where the port `{port.name}` is of the type `{port.kind}`",
            f"Write `type: {kind.servers[0]}`.",
        )
    else:
        server = servers[index].model_dump(by_alias=True, exclude_none=True)
        if said := kind.wrong(_target(port, server)):
            yield contract.source.finding(("servers", index), said, "Mend it.")


def _target(port: OutputPort, server: dict[str, Any]) -> Target:
    product = port.product
    state = State.of(root_of(product))
    return Target(product.line, product.contract.major, port.name, server, state)


def grants_of(product: DataProduct, name: str) -> Grants | None:
    """The permissions on one of a product's ports; None for the lake, where the agreement itself is
    the permission. A port that cannot be reached says so in each verb."""
    port = next((p for p in ports_of(product) if p.name == name), None)
    if port is not None and port.is_lake:
        return None
    return _Opened(product, name, port)


class _Opened:
    """Permissions on a port that is opened anew for each verb, so that each can be refused."""

    def __init__(self, product: DataProduct, name: str, port: OutputPort | None) -> None:
        self._product = product
        self._name = name
        self._port = port

    def grant(self, wanted: Grant) -> None:
        self._open().grant(wanted)

    def revoke(self, unwanted: Grant) -> None:
        self._open().revoke(unwanted)

    def grants(self) -> frozenset[Grant]:
        return frozenset(self._open().grants())

    def _open(self) -> Port:
        if self._port is None:
            raise MeshError(f"`{self._product}` has no port `{self._name}`.")
        port = self._port.open()
        if port is None:
            raise MeshError(
                f"The port `{self._name}` of `{self._product}` is not configured: "
                f"set {self._port.variable}."
            )
        return port
