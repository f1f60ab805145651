"""Mail that came back, put down where its port keeps account of who got what.

How a notification is read is the ports' matter, and when mail is sent again, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from mesh_defs.model import DataProduct, Mesh
from mesh_defs.ports.documents.bounces import Bounce
from mesh_defs.ports.documents.mailed import PdfPort
from mesh_defs.ports.kinds import ports_of
from mesh_defs.publishing.delivery import one_at_a_time
from mesh_defs.storage.state import State


@dataclass(frozen=True)
class CameBack:
    """Whose mail a notification was about."""

    product: DataProduct
    port: str
    consumer: str


def put_down(state: State, mesh: Mesh, bounce: Bounce) -> CameBack | None:
    """None where it is the newest mail of nobody: a newer one was sent, or another mesh sent it."""
    for product in mesh.products.values():
        for declared in ports_of(product):
            port = declared.shelved() if declared.is_shelved else None
            if not isinstance(port, PdfPort) or port.mailed_to(bounce.message) is None:
                continue
            with one_at_a_time(state, product):
                # Whoever was at it may have sent a newer one.
                if consumer := port.mailed_to(bounce.message):
                    port.put_down(consumer, bounce)
                    return CameBack(product, declared.name, consumer)
    return None
