"""The language: domain, product, contract, names, findings. No engine, no Dagster, no clock."""

from mesh_defs.model.contract import DataContract, read_contract
from mesh_defs.model.domain import Domain, Input, Kind, Source
from mesh_defs.model.findings import Finding, MeshError
from mesh_defs.model.mesh import Mesh, find_root
from mesh_defs.model.names import ProductRef
from mesh_defs.model.room import DataProduct, DomainRoom, read_room
from mesh_defs.model.yaml_source import YamlSource, read_yaml

__all__ = [
    "DataContract",
    "DataProduct",
    "Domain",
    "DomainRoom",
    "Finding",
    "Input",
    "Kind",
    "Mesh",
    "MeshError",
    "ProductRef",
    "Source",
    "YamlSource",
    "find_root",
    "read_contract",
    "read_room",
    "read_yaml",
]
