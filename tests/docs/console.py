"""Runs the console blocks of a page as a reader would, and makes the edits that it shows.

A block `console` is commands after `$ `, each with what it prints. `…` alone stands for any lines,
`…` inside a line for any text; times and the number of spaces do not matter. A block with a title
is a file: `diff` is an edit of it, everything else is the file.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.pages import Block

ANY = "…"
_TIME = re.compile(r"\b\d+\.\d( s\b)")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?!:)")
_LAST_NUMBER = re.compile(r"(passed|failed)( +\S+ +)(\d+\.\d|–)$")  # noqa: RUF001


@dataclass
class Reader:
    """Somebody who follows a page in one folder, step by step."""

    folder: Path
    environment: Mapping[str, str]
    steps: int = field(default=0)

    def follow(self, block: Block) -> None:
        if block.language == "console":
            for command, expected in commands(block.text):
                self.run(command, expected, block.line)
        elif block.title:
            self.steps += 1
            if block.language == "diff":
                edit(self.folder / block.title, block.text)
            else:
                path = self.folder / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")

    def run(self, command: str, expected: list[str], line: int) -> None:
        self.steps += 1
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=300,
        )
        said = f"{done.stdout}{done.stderr}"
        assert done.returncode == 0, f"line {line}: `{command}`: {done.returncode}\n{said}"
        assert matches(expected, said), (
            f"line {line}: `{command}` says\n{said}\nwhere the page shows\n" + "\n".join(expected)
        )


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Each command of a console block, with the lines that it shows under it."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
        else:
            found[-1][1].append(line)
    return found


def edit(path: Path, diff: str) -> None:
    """Make the edit of a diff without line numbers; its context must be in the file once."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] or line for line in lines if line[0] != "+")
    after = "".join(line[1:] or line for line in lines if line[0] != "-")
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path} holds this {text.count(before)} times:\n{before}"
    path.write_text(text.replace(before, after), encoding="utf-8")


def matches(expected: list[str], said: str) -> bool:
    """Whether what was said is what the page shows."""
    if not any(line.strip() for line in expected):
        return True
    wanted = [_plain(line) for line in expected if line.strip()]
    lines = "\n".join(_plain(line) for line in said.splitlines() if line.strip())
    pattern = "\n".join(_pattern(line) for line in wanted)
    return re.fullmatch(pattern.replace("(?s:.*)\n", "(?:.*\n)*"), lines) is not None


def _pattern(line: str) -> str:
    if line == ANY:
        return "(?s:.*)"
    return ".*".join(re.escape(part) for part in line.split(ANY))


def _plain(line: str) -> str:
    line = _MOMENT.sub("MOMENT", _TIME.sub(r"N\1", line.strip()))
    return " ".join(_LAST_NUMBER.sub(r"\1\2N", line).split())
