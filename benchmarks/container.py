"""How soon the first request leaves a container that starts, against `docker run` of its bare base image."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.container.docker import DATA, exclusively, shared_daemon
from tests.container.images import BASE, IMAGE, build
from tests.container.runner import Runner
from tests.github_lab.lab import JOB

from benchmarks.measure import Row, best, milliseconds

if TYPE_CHECKING:
    from tests.container.docker import Docker

WORK = "from docker run to the container's first request"
BUDGET = 3.0
RUNS = 5
UNAUTHORIZED = (
    b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 29\r\n"
    b'Connection: close\r\n\r\n{"message":"Bad credentials"}'
)


def measure() -> list[Row]:
    """Return start and size; a row that says why not where Docker or the image is missing."""
    if not (DATA / "docker").exists():
        return [_left_out("the image is not built: run tests/container")]
    try:
        with shared_daemon() as docker, tempfile.TemporaryDirectory() as folder:
            with exclusively(DATA / "build.lock"):
                build(docker)
            return [_start(docker, Path(folder)), _size(docker)]
    except pytest.skip.Exception as reason:
        return [_left_out(str(reason))]


def _start(docker: Docker, folder: Path) -> Row:
    plain = ("run", "--rm", "--pull", "never", "--network", "host", BASE, "true")
    base = best(lambda: docker(*plain), runs=RUNS)
    ours = min(_until_first_request(docker, folder / str(number)) for number in range(RUNS))
    return Row(
        work=WORK,
        measured=milliseconds(ours),
        against=f"docker run of the bare base image = {milliseconds(base)}",
        ratio=ours / base,
        budget=BUDGET,
    )


def _until_first_request(docker: Docker, folder: Path) -> float:
    """Run the action in `folder`, made here, up to GitHub's refusal of its token; return the seconds."""
    with socket.create_server(("127.0.0.1", 0)) as github:
        asked: list[float] = []

        def refuse() -> None:
            connection, _ = github.accept()
            with connection:
                connection.recv(65536)
                asked.append(time.monotonic())
                connection.sendall(UNAUTHORIZED)

        thread = threading.Thread(target=refuse)
        thread.start()
        url = f"http://127.0.0.1:{github.getsockname()[1]}"
        environ = {
            "GITHUB_SERVER_URL": url,
            "GITHUB_API_URL": url,
            "GITHUB_GRAPHQL_URL": f"{url}/graphql",
            "GITHUB_REPOSITORY": "acme/app",
            "GITHUB_TOKEN": JOB,
        }
        runner = Runner(docker, folder, environ)
        began = time.monotonic()
        payload = {"repository": {"full_name": "acme/app"}}
        step = runner.run("workflow_dispatch", payload, {"pull-request": "1"})
        thread.join(timeout=10)
    if not asked:
        raise RuntimeError(step.log)
    return asked[0] - began


def _size(docker: Docker) -> Row:
    own, base = (int(docker("image", "inspect", "--format", "{{.Size}}", image)) for image in (IMAGE, BASE))
    return Row(
        work="image size, with the base that the tests make",
        measured=f"{own / 1e6:.0f} MB",
        against=f"the base alone = {base / 1e6:.0f} MB",
        ratio=own / base,
        budget=None,
    )


def _left_out(why: str) -> Row:
    return Row(work=WORK, measured=f"left out: {why}", against="", ratio=0, budget=None)
