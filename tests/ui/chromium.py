"""A real Chromium without a window, driven by its own protocol; nothing is downloaded."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip


def found() -> str | None:
    """The browser of this machine, if it has one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Page:
    """One tab."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self._events: list[Any] = []

    def send(self, method: str, **parameters: Any) -> Any:
        number = self._post(method, **parameters)
        while True:
            heard = json.loads(self._connection.recv(timeout=60))
            if heard.get("id") == number:
                if "error" in heard:
                    raise RuntimeError(f"{method}: {heard['error']}")
                return heard["result"]
            self._events.append(heard)

    def _post(self, method: str, **parameters: Any) -> int:
        self._number += 1
        said = {"id": self._number, "method": method, "params": parameters}
        self._connection.send(json.dumps(said))
        return self._number

    def _event(self, *methods: str) -> Any:
        """The next of these events."""
        while True:
            heard = self._events.pop(0) if self._events else None
            heard = heard or json.loads(self._connection.recv(timeout=60))
            if heard.get("method") in methods:
                return heard

    def open(self, url: str) -> None:
        self.send("Page.navigate", url=url)

    def sign_in(self, url: str, user: str, password: str) -> None:
        """Open a page for which the browser asks for a password, and type it there."""
        self.send("Fetch.enable", handleAuthRequests=True)
        self._events.clear()
        self._post("Page.navigate", url=url)
        while True:
            event = self._event("Fetch.requestPaused", "Fetch.authRequired")
            request = {"requestId": event["params"]["requestId"]}
            if event["method"] == "Fetch.authRequired":
                break
            self.send("Fetch.continueRequest", **request)
        answer = {"response": "ProvideCredentials", "username": user, "password": password}
        self.send("Fetch.continueWithAuth", **request, authChallengeResponse=answer)
        self.send("Fetch.disable")

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def text(self) -> str:
        """What a reader sees of the page."""
        return str(self.evaluate("document.body ? document.body.innerText : ''"))

    def await_text(self, *words: str, seconds: float = 60) -> str:
        """Wait until the page shows all of these."""
        deadline = time.monotonic() + seconds
        while True:
            text = self.text()
            missing = [word for word in words if word not in text]
            if not missing:
                return text
            if time.monotonic() > deadline:
                raise AssertionError(f"{missing} not on the page, which says:\n{text}")
            time.sleep(0.2)

    def await_true(self, script: str, seconds: float = 60) -> Any:
        """Wait until a JavaScript expression is true; its value."""
        deadline = time.monotonic() + seconds
        while not (value := self.evaluate(script)):
            assert time.monotonic() < deadline, f"never true: {script}\n{self.text()}"
            time.sleep(0.2)
        return value

    def click(self, script: str) -> None:
        """Click, as a mouse does, in the middle of the element that an expression finds."""
        box = f"(({script}).getBoundingClientRect())"
        x = self.evaluate(f"{box}.x + {box}.width / 2")
        y = self.evaluate(f"{box}.y + {box}.height / 2")
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.send(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )  # fmt: skip

    def screenshot(self, path: Path) -> None:
        data = self.send("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))


@contextmanager
def browser(folder: Path, width: int = 1500, height: int = 900) -> Iterator[Page]:
    """A browser with a profile of its own in a folder, and one tab."""
    command = found()
    assert command, "no chromium here"
    with subprocess.Popen(
        [command, *_FLAGS, f"--window-size={width},{height}", f"--user-data-dir={folder}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            with connect(_tab(folder), max_size=None, proxy=None) as connection:
                page = Page(connection)
                page.send("Page.enable")
                page.send("Runtime.enable")
                yield page
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            _kill_group(process.pid)


def _tab(folder: Path) -> str:
    """The address of the tab that a new browser has."""
    note = folder / "DevToolsActivePort"
    deadline = time.monotonic() + 60
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        with suppress(OSError, ValueError, IndexError):
            port = int(note.read_text().split()[0])
            with direct.open(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
                tabs = [t for t in json.load(answer) if t["type"] == "page"]
            return str(tabs[0]["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise TimeoutError("chromium does not start")


def _kill_group(pid: int) -> None:
    import os

    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
