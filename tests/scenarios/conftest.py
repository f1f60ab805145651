"""What the stories share: the command in this process, and the demo, published once."""

from __future__ import annotations

from tests.cli.conftest import shell

__all__ = ["shell"]
