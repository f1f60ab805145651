"""`mesh run`: what it says at the end, and how it ends."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from mesh_defs.cli.run import _ends_when_told, say_report
from mesh_defs.orchestration.report import DomainResult, ProductResult, RunReport
from tests.cli.conftest import Shell, steady
from tests.tiny_mesh import ORDERS, TinyMesh

REASON = (
    "sales.baskets was not published: its contract does not hold.\n"
    "  units.minimum: promised units is at least 0; 12 of 90 rows are smaller\n"
    '    {"basket_id": [1]}'
)
REPORT = """\
product         status          rows  rules                snapshot  seconds
sales.purchase  published  1,469,307  41 passed                   3      4.2
sales.baskets   failed            90  27 passed, 1 failed         0      0.3
growth.uplift   skipped            –  –                           –        –

catalog: domains/catalog/domain.yaml:3: porpoise: not a field that is known here.

sales.baskets was not published: its contract does not hold.
  units.minimum: promised units is at least 0; 12 of 90 rows are smaller
    {"basket_id": [1]}

growth.uplift: not published yet: sales.baskets v1

N s, 2 of 3 products not published. See it all in the UI: `make ui` (`mesh ui`).
"""  # noqa: RUF001


def test_the_report_says_what_went_wrong() -> None:
    purchases = ProductResult("sales.purchase", "sales", "published", "1.0.0", 3, 1_469_307, 41, 0)
    baskets = ProductResult("sales.baskets", "sales", "failed", "1.0.0", 0, 90, 27, 1)
    uplift = ProductResult("growth.uplift", "growth", "skipped", "1.0.0")
    broken = "domains/catalog/domain.yaml:3: porpoise: not a field that is known here."
    report = RunReport(
        (
            DomainResult("catalog", error=broken),
            DomainResult(
                "sales",
                (replace(purchases, seconds=4.2), replace(baskets, seconds=0.3, reason=REASON)),
            ),
            DomainResult(
                "growth", (replace(uplift, reason="not published yet: sales.baskets v1"),)
            ),
        ),
        12.3,
    )
    console = Console(file=io.StringIO(), width=100)
    with console.capture() as said:
        say_report(console, report)
    assert steady(said.get()) == steady(REPORT)


def test_a_second_run_changes_nothing(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    said = shell("run", "--json")
    assert (said.code, said.err) == (0, "")
    assert said.json["ok"] is True
    assert said.json["errors"] == {}
    assert {p["product"]: p["status"] for p in said.json["products"]} == {
        "shop.orders": "unchanged",
        "shop.days": "unchanged",
        "insight.best_day": "unchanged",
    }
    assert set(said.json["products"][0]) >= {
        "product", "domain", "version", "snapshot", "rows", "rules_passed", "rules_failed",
        "published_at", "status", "seconds", "reason",
    }  # fmt: skip


def test_plain_lines_and_a_table_when_nobody_looks(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    said = shell("run", "shop.days")
    assert said.code == 0
    assert steady(said.out) == steady(
        "   0.1 s  shop.days: unchanged, 2 rows\n"
        "product    status     rows  rules     snapshot  seconds\n"
        "shop.days  unchanged     2  7 passed         0        –\n"  # noqa: RUF001
        "\n0.1 s. See it all in the UI: `make ui` (`mesh ui`).\n"
    )


def test_an_unknown_name_names_what_there_is(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    said = shell("run", "shpo")
    assert (said.code, said.out) == (1, "")
    assert "No domain `shpo`. Domains: insight, shop." in said.err
    assert shell("run", "--jobs", "0").code == 2


def test_a_bad_batch_is_named_and_the_last_good_snapshot_answers(
    shell: Shell, tiny_mesh: TinyMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mesh = TinyMesh(tmp_path / "mesh")
    shutil.copytree(tiny_mesh.root, mesh.root)
    monkeypatch.chdir(mesh.root)
    mesh.orders.write_text(ORDERS + "4,2024-05-03,-1\n5,2024-05-03,-2\n", encoding="utf-8")
    said = shell("run", "shop.orders", "--json")
    assert said.code == 1
    (orders,) = said.json["products"]
    assert (orders["status"], orders["snapshot"], orders["rows"]) == ("failed", 0, 3)
    assert (orders["rules_passed"], orders["rules_failed"]) == (10, 1)
    assert "cents.minimum" in orders["reason"]
    assert "2 of 5 rows" in orders["reason"]
    assert '"order_id": 4' in orders["reason"]
    assert (
        shell("query", "select count(*) as n from shop.orders", "--as", "shop", "--csv").out
        == "n\n3\n"
    )
    listed = {p["product"]: p["last_attempt"] for p in shell("list", "--json").json}
    assert listed["shop.orders"] == "failed"
    page = shell("show", "shop.orders").out
    assert "Last audit" in page
    assert "cents.minimum" in page.partition("Last audit")[2]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_told_to_stop_stops(
    unpublished_mesh: TinyMesh, number: signal.Signals, code: int
) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", "from mesh_defs.cli.main import app; app(['run'])"],
        cwd=unpublished_mesh.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    give_up = time.monotonic() + 30
    while not children.read_text() and time.monotonic() < give_up:
        time.sleep(0.05)
    if number == signal.SIGINT:
        os.killpg(run.pid, number)  # a terminal tells every process of the command
    else:
        run.send_signal(number)
    assert run.wait(30) == code
    assert run.stderr is not None
    assert "Traceback" not in run.stderr.read()  # ends when the last of its processes has ended
    while _alive(run.pid) and time.monotonic() < give_up + 30:
        time.sleep(0.1)  # the fork server looks up when it has imported everything
    assert _alive(run.pid) == []


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_a_signal_that_python_drops_is_raised_again(
    number: signal.Signals, raised: type[BaseException]
) -> None:
    before = signal.getsignal(number)
    with _ends_when_told() as end:
        end()
        with suppress(KeyboardInterrupt, SystemExit):  # as in a weak reference's callback
            signal.raise_signal(number)
        with pytest.raises(raised):
            end()
    assert signal.getsignal(number) is before


def _alive(group: int) -> list[str]:
    """Processes of a group that still run; one that nobody has buried yet does not."""
    stats = [
        p.read_text(encoding="utf-8").rpartition(")")[2].split()
        for p in Path("/proc").glob("[0-9]*/stat")
        if p.exists()
    ]
    return [s[0] for s in stats if int(s[2]) == group and s[0] != "Z"]
