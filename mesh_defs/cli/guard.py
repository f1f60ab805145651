"""How every command ends: an error is a message on stderr and an exit code, never a traceback."""

from __future__ import annotations

import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

FAILED = 1
INTERRUPTED = 130


class MeshGroup(TyperGroup):
    """The `mesh` command. What goes wrong anywhere below it is said here."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _say("Interrupted.")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            raise  # whoever read our output has gone (`mesh list | head`); Typer ends quietly
        except Exception as error:
            if hasattr(error, "exit_code"):  # an exit, or Typer's own word on wrong arguments
                raise
            from mesh_defs.model import MeshError

            if isinstance(error, MeshError):
                _say(str(error))
            else:
                first = (str(error).strip().splitlines() or [""])[0]
                _say(
                    f"Something went wrong that mesh did not expect: {type(error).__name__}"
                    f"{': ' if first else ''}{first}\nThe traceback is in {_logged(error)}."
                )
            raise typer.Exit(FAILED) from None


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _logged(error: Exception) -> str:
    """Write the traceback to the state folder; where there is none, to the terminal."""
    text = "".join(traceback.format_exception(error))
    try:
        from mesh_defs.model import find_root
        from mesh_defs.storage.state import State

        path: Path = State.of(find_root()).home / "logs" / "mesh-error.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat()} {' '.join(sys.argv)}\n{text}\n")
    except Exception:
        _say(text)
        return "the lines above, because no log could be written"
    return str(path)
