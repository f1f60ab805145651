"""No household's number leaves its domain, and no secret the environment.

Numbers that nobody else has are planted in the sources, passwords that nobody else has in the
servers' addresses; both are searched for in all that the mesh writes, says, delivers and mails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest

from tests import postgres, seaweed
from tests.layers import layers
from tests.planted import number_in, secret_in
from tests.post import PASSWORD as MAILS
from tests.post import Post, certificate, post
from tests.scenarios.story import Said, Story, copy_of_the_demo, raw, write

pytestmark = pytest.mark.slow

PLANTED = range(7_000_000_001, 7_000_030_000)  # a household's number, and nothing else here
KEY = "k3y of all/hashes+&"
WRONG = {"apps": "wr0ng:p@st/gres", "files": "wr0ng+s3/bucket&", "monday_report": "wr0ng m@il%"}
UNHEARD = {"apps": "unh3ard:p@st/gres", "files": "unh3ard+s3/bucket&",
           "monday_report": "unh3ard m@il%"}  # fmt: skip
SECRETS = [KEY, *WRONG.values(), *UNHEARD.values(), postgres.PASSWORD, seaweed.SECRET, MAILS]
READER = "ola@example.com"
# What only its domain opens: where the numbers have to be.
PRIVATE = ("lake/*/landing/**/*", "workshops/**/*")


@dataclass
class Planted:
    """The demo, run on planted numbers: by servers that refuse, that are not there, that answer."""

    story: Story
    mails: Post
    database: str
    bucket: seaweed.Seaweed
    said: list[Said] = field(default_factory=list)

    def run(self, **urls: str) -> Said:
        servers = {f"MESH_SERVER__{name.upper()}": url for name, url in urls.items()}
        found = self.story.told(**servers).run()
        self.said.append(found)
        return found

    def say(self, *arguments: str) -> Said:
        found = self.story.mesh(*arguments)
        self.said.append(found)
        assert found.code == 0, found
        return found


def ports(said: Said) -> dict[str, str]:
    """How each port stands that has a server."""
    return {
        f"{name}.{port['name']}": port["status"]
        for name, product in said.products.items()
        for port in product["ports"]
        if port["name"] in WRONG
    }


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    folder = tmp_path_factory.mktemp("planted")
    root = copy_of_the_demo(folder / "demo")
    batches = {
        source: write(
            folder / f"{name}.parquet",
            f"select * replace (household_id + {PLANTED[0] - 1} as household_id) from old",
            old=raw(name),
        )
        for source, name in {
            "sales__transactions": "transactions",
            "customers__demographics": "demographics",
            "marketing__campaigns": "campaigns",
            "marketing__coupon_redemptions": "coupon_redemptions",
        }.items()
    }
    story = Story(root, root / ".mesh").feeding(**batches)
    story = story.told(MESH_PSEUDONYM_KEY=KEY, SSL_CERT_FILE=str(certificate(folder)))
    with ExitStack() as servers:
        database = servers.enter_context(postgres.running()).database()
        bucket = servers.enter_context(seaweed.running())
        mails = servers.enter_context(post(folder))
        found = Planted(story, mails, database, bucket)
        request(found)
        run_three_times(found)
        yield found


def request(planted: Planted) -> None:
    product, port = "growth.campaign_uplift", "monday_report"
    planted.say("access", "request", product, "--port", port, "--for", f"person:{READER}",
                "--as", READER, "--purpose", "To be searched")  # fmt: skip
    planted.say("access", "approve", "a1", "--as", "Noor Haddad")


def run_three_times(planted: Planted) -> None:
    right = {"apps": planted.database, "files": planted.bucket.url,
             "monday_report": planted.mails.url("smtps")}  # fmt: skip
    known = {"apps": postgres.PASSWORD, "files": seaweed.SECRET, "monday_report": MAILS}
    wrong = {n: right[n].replace(quoted(known[n]), quoted(WRONG[n])) for n in right}
    away = {
        "apps": f"postgresql://mesh:{quoted(UNHEARD['apps'])}@127.0.0.1:1/apps",
        "files": f"http://mesh:{quoted(UNHEARD['files'])}@127.0.0.1:1",
        "monday_report": f"smtps://mesh:{quoted(UNHEARD['monday_report'])}@localhost:1",
    }
    for urls in (wrong, away):
        assert not set(urls.values()) & set(right.values())
        said = planted.run(**urls)
        assert said.code == 1, said
        assert set(ports(said).values()) == {"failed"}, said
    assert set(planted.said[-2].statuses.values()) == {"published"}
    said = planted.run(**right)
    assert said.code == 0, said
    assert set(ports(said).values()) == {"published"}
    assert planted.mails.recipients == [READER]


def lake_files(planted: Planted) -> Iterator[Path]:
    return planted.story.home.glob("lake/*/products/**/*.parquet")


def quoted(secret: str) -> str:
    return quote(secret, safe="")


def test_no_number_and_no_secret_is_in_any_file(planted: Planted) -> None:
    home = planted.story.home
    private = {file for pattern in PRIVATE for file in home.glob(pattern)}
    leaks, searched, landed = [], set(), 0
    for file in sorted(file for file in home.rglob("*") if file.is_file()):
        name, there = str(file.relative_to(home)), list(layers(file.read_bytes()))
        there.append(name.encode())
        number, secret = number_in(there, PLANTED), secret_in(there, SECRETS)
        if file in private:
            landed += number is not None
        elif number:
            leaks.append(f"{name}: {number}")
        if secret:
            leaks.append(f"{name}: {secret}")
        searched.add(f"{name.partition('/')[0]}{file.suffix}")
    assert leaks == []
    assert landed > 4, "they are planted"
    assert searched >= {
        "lake.parquet", "lake.json", "audits.json", "logs.log", "dagster.db", "dbt.json",
        "documents.pdf", "documents.html", "documents.lkml", "documents.lookml", "documents.json",
        "models.onnx", "models.md", "models.json", "ports.json", "records.jsonl", "ledger.db",
    }  # fmt: skip


def test_no_number_and_no_secret_is_said(planted: Planted) -> None:
    planted.say("list", "--json")
    for product in planted.said[-1].json:
        if product["product"].partition(".")[0] in ("sales", "growth", "customers"):
            planted.say("show", product["product"], "--json")
            planted.say("show", product["product"])
    for said in planted.said:
        there = [*layers(said.out.encode()), *layers(said.err.encode())]
        assert number_in(there, PLANTED) is None
        assert secret_in(there, SECRETS) is None


def test_no_number_and_no_secret_is_mailed(planted: Planted) -> None:
    ((_, mail),) = planted.mails.mails
    there = list(layers(bytes(mail)))
    assert any(b"What the campaigns did" in layer for layer in there)
    assert number_in(there, PLANTED) is None
    assert secret_in(there, SECRETS) is None


def test_no_number_and_no_secret_is_in_the_bucket(planted: Planted) -> None:
    client = planted.bucket.client()
    objects = client.list_objects_v2(Bucket=seaweed.BUCKET, Prefix="sales/")["Contents"]
    assert {Path(told["Key"]).suffix for told in objects} == {".json", ".parquet"}
    searched = {sha256(file.read_bytes()).digest() for file in lake_files(planted)}
    for told in objects:
        read = client.get_object(Bucket=seaweed.BUCKET, Key=told["Key"])["Body"].read()
        there = [told["Key"].encode()]
        if sha256(read).digest() not in searched:  # what is there is the lake's, byte for byte
            there += layers(read)
        assert number_in(there, PLANTED) is None, told["Key"]
        assert secret_in(there, SECRETS) is None, told["Key"]
