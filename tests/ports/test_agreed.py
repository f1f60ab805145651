"""Agreements on real ports: active means that a consumer reads there, and over that it does not.

For every kind beyond the lake: drift repaired both ways, processes killed at every step.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.desk import Desk
from mesh_defs.model import MeshError
from mesh_defs.storage.ledger import verify
from tests.ports.lab import FIRST, Lab
from tests.tiny_mesh import REPOSITORY

TILL = "app:till"
NOW = datetime.now(UTC)
GUARDS = "team: {name: Guards, email: g@example.com, members: [{name: Gus, role: steward}]}\n"


class Agreed:
    """A published product at a port, and people who agree about it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        (lab.root / "governance.yaml").write_text(GUARDS)
        lab.publish(FIRST)

    def desk(self, name: str, now: datetime = NOW) -> Desk:
        return Desk(self.lab.root, name, lambda: now)

    def request(self) -> str:
        made = self.desk("Till").request(
            "shop.orders", "Refunds at the till.", TILL, port=self.lab.port
        )
        return made.id

    def approved(self) -> str:
        id = self.request()
        self.desk("Ola Nord").act(id, lambda a, who, at: do.approve(a, who, at))
        return id

    def state(self, id: str) -> tuple[str, str, bool]:
        desk = self.desk("x")
        agreement = desk.register.book()[id]
        return str(agreement.state), str(agreement.permission), bool(desk.granted([agreement]))

    def reads(self, consumer: str = TILL) -> bool:
        return bool(self.lab.rows_as(consumer))

    def die(self, id: str, action: str, module: str, name: str, after: bool) -> None:
        """Act in a process that kills itself before, or after, a function of the platform."""
        script = _KILLER.format(
            root=str(self.lab.root), id=id, module=module, name=name, after=after, action=action
        )
        environment = {
            **os.environ, self.lab.variable: self.lab.url(), "PYTHONPATH": str(REPOSITORY),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, timeout=120
        )
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.fixture
def agreed(granting: Lab) -> Agreed:
    return Agreed(granting)


def test_from_asking_to_reading_to_its_end(agreed: Agreed) -> None:
    id = agreed.request()
    assert agreed.state(id) == ("requested", "none", False)
    assert not agreed.reads()
    agreed.desk("Ola Nord").act(id, lambda a, who, at: do.approve(a, who, at))
    assert agreed.state(id) == ("active", "granted", True)
    assert agreed.reads()
    agreed.desk("Till").act(id, lambda a, who, at: do.cancel(a, who, at, "enough"))
    assert agreed.reads(), "the notice runs"
    found = agreed.desk("x", NOW + timedelta(days=31)).reconcile()
    assert [str(e.event) for e in found.done if e.agreement == id] == ["revoked", "ended"]
    assert agreed.state(id) == ("ended", "revoked", False)
    assert not agreed.reads()


def test_it_is_no_agreement_for_the_lake(agreed: Agreed) -> None:
    agreed.approved()
    assert [g.consumer for g in agreed.desk("x").targets.lake.grants()] == ["domain:insight"]


def test_suspended_is_denied_at_once_and_resumed_reads_again(agreed: Agreed) -> None:
    id = agreed.approved()
    agreed.desk("Gus").act(id, lambda a, who, at: do.suspend(a, who, at, "a leak"))
    assert agreed.state(id) == ("suspended", "revoked", False)
    assert not agreed.reads()
    agreed.desk("Gus").act(id, lambda a, who, at: do.resume(a, who, at))
    assert agreed.reads()


def test_a_grant_that_was_lost_is_given_again(agreed: Agreed) -> None:
    id = agreed.approved()
    agreed.lab.grants.revoke(agreed.lab.wanted(TILL))  # by hand, at the server
    assert not agreed.reads()
    assert agreed.state(id) == ("active", "granted", False)
    found = agreed.desk("x").reconcile()
    assert [str(e.event) for e in found.done if e.agreement == id] == ["grant lost", "granted"]
    assert found.ok
    assert agreed.reads()
    again = agreed.desk("x").reconcile()
    assert (again.done, again.orphans, again.ok) == ([], [], True)


def test_a_grant_that_nobody_agreed_to_is_taken_back(agreed: Agreed) -> None:
    agreed.approved()
    thief = agreed.lab.wanted("app:thief")
    agreed.lab.grants.grant(thief)  # by hand, at the server
    assert agreed.reads("app:thief")
    found = agreed.desk("x").reconcile()
    assert found.orphans == [thief]
    assert not agreed.reads("app:thief")
    assert agreed.reads(), "who has an agreement goes on reading"


SOME = {"property": "readableRows", "value": "cents > 100"}


def role_of_the_till(lab: Lab, *opens: dict[str, str]) -> None:
    """The contract's one role opens this, or everything."""
    role = {"role": "till", **({"customProperties": list(opens)} if opens else {})}
    lab.change(lambda contract: contract.update(roles=[role]))


def test_a_role_that_opens_a_part_is_not_given_the_whole(granting_rows: Lab) -> None:
    agreed = Agreed(granting_rows)
    role_of_the_till(agreed.lab)
    id = agreed.approved()
    assert agreed.state(id) == ("active", "granted", True)
    role_of_the_till(agreed.lab, SOME)
    found = agreed.desk("x").reconcile()
    assert [str(e.event) for e in found.done] == ["grant lost", "grant failed"]
    assert [a.id for a in found.stuck] == [id]
    assert "can only open the whole" in str(found.stuck[0].error)
    assert (agreed.state(id), agreed.reads()) == (("approved", "provisioning", False), False)
    with pytest.raises(MeshError, match="Not at this port: the role `till` opens a part"):
        agreed.desk("News").request("shop.orders", "x", "app:news", port=agreed.lab.port)
    role_of_the_till(agreed.lab)
    assert agreed.desk("x").reconcile().ok
    assert (agreed.state(id), agreed.reads()) == (("active", "granted", True), True)


def test_what_holds_no_rows_shows_to_all_what_was_declared(declared: Lab) -> None:
    agreed = Agreed(declared)
    role_of_the_till(agreed.lab, SOME)
    id = agreed.approved()
    assert (agreed.state(id), agreed.reads()) == (("active", "granted", True), True)
    assert agreed.desk("x").reconcile().done == []


def test_a_port_that_is_not_configured_is_an_error_of_the_agreement(
    granting_rows: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed = Agreed(granting_rows)
    monkeypatch.delenv(agreed.lab.variable)
    id = agreed.approved()
    agreement = agreed.desk("x").register.book()[id]
    assert (str(agreement.state), str(agreement.permission)) == ("approved", "provisioning")
    assert agreed.lab.variable in (agreement.error or "")
    monkeypatch.setenv(agreed.lab.variable, agreed.lab.url())
    assert agreed.desk("x").reconcile().ok
    assert agreed.state(id) == ("active", "granted", True)


def test_a_port_that_is_not_there_cannot_be_asked_for(agreed: Agreed) -> None:
    with pytest.raises(MeshError, match=r"no port `moon`\. It has `orders` \(delta\), `exit`"):
        agreed.desk("Till").request("shop.orders", "Refunds.", TILL, port="moon")


_PORT, _LEDGER = "mesh_defs.ports.kinds", "mesh_defs.storage.ledger.store"
_DAILY = ("_Opened.grant", "_Opened.revoke")
_STEPS = [
    ("approve", _LEDGER, "Ledger.append"),
    ("approve", _PORT, "_Opened.grant"),
    ("approve", _PORT, "_Opened.grants"),
    ("suspend", _LEDGER, "Ledger.append"),
    ("suspend", _PORT, "_Opened.revoke"),
    ("suspend", _PORT, "_Opened.grants"),
]


def _moments() -> list[Any]:
    """Done at the port and not put down is tried every day; `make test-all` tries all."""
    return [
        pytest.param(
            step, after, id=f"{step[0]} {step[2]}-{'after' if after else 'before'}",
            marks=() if after and step[2] in _DAILY else pytest.mark.slow,
        )
        for step in _STEPS
        for after in (False, True)
    ]  # fmt: skip


@pytest.mark.parametrize(("step", "after"), _moments())
def test_killed_at_any_step_it_comes_to_what_was_decided(
    agreed: Agreed, step: tuple[str, str, str], after: bool
) -> None:
    action, module, name = step
    id = agreed.request() if action == "approve" else agreed.approved()
    agreed.die(id, action, module, name, after)
    decided = not (name == "Ledger.append" and not after)
    found = agreed.desk("x").reconcile()
    assert found.ok, (found.stuck, found.troubles)
    wanted = {
        ("approve", True): ("active", "granted", True),
        ("approve", False): ("requested", "none", False),
        ("suspend", True): ("suspended", "revoked", False),
        ("suspend", False): ("active", "granted", True),
    }[action, decided]
    assert agreed.state(id) == wanted
    assert agreed.reads() is wanted[2]
    assert list(verify(*agreed.desk("x").register.ledger.whole())) == []
    again = agreed.desk("x").reconcile()
    assert (again.done, again.orphans) == ([], [])


_KILLER = """
import os, signal
from importlib import import_module
from pathlib import Path
from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.desk import Desk

desk = Desk(Path({root!r}), "Ola Nord" if {action!r} == "approve" else "Gus")
owner = import_module({module!r})
for part in {name!r}.split(".")[:-1]:
    owner = getattr(owner, part)
name = {name!r}.rpartition(".")[2]
real = getattr(owner, name)

def deadly(*args, **kwargs):
    if not {after}:
        os.kill(os.getpid(), signal.SIGKILL)
    found = real(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)
    return found

setattr(owner, name, deadly)
if {action!r} == "approve":
    desk.act({id!r}, lambda a, who, at: do.approve(a, who, at))
else:
    desk.act({id!r}, lambda a, who, at: do.suspend(a, who, at, "a leak"))
"""
