"""`make demo-ports`: the demo's product at servers that run here, for as long as somebody looks.

It starts a PostgreSQL, an S3 and an emulator of BigQuery of their own, publishes `sales.purchases`
at all three, and says how to look. Ctrl-C ends the servers; the state folder stays as it is.
Without the Python that the emulator needs, its port is left out. No test is here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

from tests import postgres, seaweed
from tests.emulator import running as emulator

PRODUCT = "sales.purchases"
_TOLD = """
PostgreSQL  psql '{apps}' -c 'select count(*) from sales.purchases_v1'
S3          AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret} \\
              aws --endpoint-url {endpoint} s3 ls --recursive s3://mesh/sales/purchases/v1/
{bigquery}
Ask for a port as somebody would, while this runs (in another terminal, with these two):
  export MESH_SERVER__APPS='{apps}'
  export MESH_SERVER__FILES='{files}'
  mesh access request sales.purchases --port apps --for app:till --as "Till crew" --purpose Refunds

Ctrl-C ends the servers.
"""


_BIGQUERY = """\
BigQuery    curl {url}/bigquery/v2/projects/local/datasets/sales/tables/purchases_v1
"""


def _warehouse(servers: ExitStack) -> str:
    """The address of an emulator of BigQuery; empty where there is none."""
    try:
        folder = Path(servers.enter_context(tempfile.TemporaryDirectory(prefix="mesh-")))
        found = servers.enter_context(emulator.running(None, folder))
    except BaseException as missing:
        if isinstance(missing, KeyboardInterrupt):
            raise
        print(f"BigQuery is left out: {missing}.", file=sys.stderr)
        return ""
    print(
        "BigQuery is an emulator: to load and to sum up 1.5 million rows takes a while.", flush=True
    )
    return found.url


def main() -> int:
    mesh = [sys.executable, "-c", "from mesh_defs.cli.main import app; app(prog_name='mesh')"]
    with ExitStack() as servers:
        try:
            database = servers.enter_context(postgres.running())
            storage = servers.enter_context(seaweed.running())
        except BaseException as missing:  # pytest's own way to say that a server is not here
            if isinstance(missing, KeyboardInterrupt):
                raise
            print(f"{missing}. Install it, and try again.", file=sys.stderr)
            return 1
        address = {"apps": database.database(), "files": storage.url}
        if warehouse := _warehouse(servers):
            address["warehouse"] = f"bigquery://local?endpoint={warehouse}"
        servers_of = {f"MESH_SERVER__{name.upper()}": url for name, url in address.items()}
        environment = {**os.environ, **servers_of}
        done = subprocess.run([*mesh, "run", PRODUCT.partition(".")[0]], env=environment)
        shown = subprocess.run(
            [*mesh, "show", PRODUCT, "--json"], env=environment, stdout=subprocess.PIPE, check=True
        )
        print()
        for port in json.loads(shown.stdout)["ports"]:
            print(f"{port['name']:<11} {port['status']}, snapshot {port['snapshot']}")
        endpoint = f"http://127.0.0.1:{storage.port}"
        bigquery = _BIGQUERY.format(url=warehouse) if warehouse else ""
        print(
            _TOLD.format(
                **address,
                bigquery=bigquery,
                key=seaweed.KEY,
                secret=seaweed.SECRET,
                endpoint=endpoint,
            )
        )
        if "--once" not in sys.argv[1:]:
            with suppress(KeyboardInterrupt):
                sys.stdin.read()
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
