"""A data product's descriptor (Bitol ODPS v1.1.0) as typed objects; not its contract.

Source: Bitol Open Data Product Standard v1.1.0, sections Fundamentals, Product Information
(ports), Support, Team.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from mesh_defs.model.shape import Shape

Text = Annotated[str, Field(min_length=1)]


class AuthoritativeDefinition(Shape):
    id: str | None = None
    type: Text
    url: Text
    description: str | None = None


class CustomProperty(Shape):
    id: str | None = None
    property: Text
    value: Any
    description: str | None = None


class Described(Shape):
    """Fields that ODPS allows on every element."""

    id: str | None = None
    tags: tuple[str, ...] = ()
    customProperties: tuple[CustomProperty, ...] = ()
    authoritativeDefinitions: tuple[AuthoritativeDefinition, ...] = ()


class Description(Shape):
    purpose: str | None = None
    limitations: str | None = None
    usage: str | None = None
    authoritativeDefinitions: tuple[AuthoritativeDefinition, ...] = ()
    customProperties: tuple[CustomProperty, ...] = ()


class InputPort(Described):
    name: Text
    version: str | int
    contractId: Text


class InputContract(Shape):
    id: Text
    version: str | int


class Sbom(Shape):
    type: str | None = None
    url: Text


class OutputPort(Described):
    name: Text
    description: str | None = None
    type: str | None = None
    version: str | int
    contractId: str | None = None
    sbom: tuple[Sbom, ...] = ()
    inputContracts: tuple[InputContract, ...] = ()


class ManagementPort(Described):
    name: Text
    content: str
    type: str | None = None
    url: str | None = None
    channel: str | None = None
    description: str | None = None


class Support(Described):
    channel: Text
    url: Text
    description: str | None = None
    tool: str | None = None
    scope: str | None = None
    invitationUrl: str | None = None


class TeamMember(Described):
    username: Text
    name: str | None = None
    description: str | None = None
    role: str | None = None
    dateIn: str | None = None
    dateOut: str | None = None
    replacedByUsername: str | None = None


class Team(Described):
    name: str | None = None
    description: str | None = None
    members: tuple[TeamMember, ...] = ()


class Descriptor(Described):
    """An ODPS document."""

    apiVersion: Literal["v1.0.0", "v1.1.0"]
    kind: Literal["DataProduct"]
    id: Text
    name: Text
    version: Text
    status: Literal["proposed", "draft", "active", "deprecated", "retired"]
    domain: Text
    tenant: str | None = None
    description: Description = Description()
    inputPorts: tuple[InputPort, ...] = ()
    outputPorts: Annotated[tuple[OutputPort, ...], Field(min_length=1)]
    managementPorts: tuple[ManagementPort, ...] = ()
    support: tuple[Support, ...] = ()
    team: Team | None = None
    productCreatedTs: str | None = None
