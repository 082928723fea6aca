"""Measuring how soon the first request leaves a container that starts."""

from __future__ import annotations

import os
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.container.runner import Runner
from tests.github_lab.lab import JOB

if TYPE_CHECKING:
    from tests.container.docker import Docker

UNAUTHORIZED = (
    b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 29\r\n"
    b'Connection: close\r\n\r\n{"message":"Bad credentials"}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The seconds of one start."""

    wall: float
    """From ``docker run`` to the first request; other work on the machine is in it."""
    own: float
    """Of the container's process, without what it waited for a processor that others used."""


class FirstRequest:
    """A GitHub that notes when the container first speaks to it, and knows nobody."""

    def __init__(self, docker: Docker, container: str) -> None:
        self._docker, self._container = docker, container
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.at: float | None = None
        self.own = 0.0
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def _answer(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if not connection.recv(65536):
                    return
                if self.at is None:
                    self.at, since_boot = time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME)
                    process = self._docker("inspect", "--format", "{{.State.Pid}}", self._container)
                    self.own = since_boot - _started(process) - _queued(process)
                connection.sendall(UNAUTHORIZED)

    def close(self) -> None:
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join(timeout=10)
        self._listener.close()


def _started(process: str) -> float:
    """When a process started, in seconds since the machine did: proc(5), /proc/pid/stat, field 22."""
    fields = Path("/proc", process, "stat").read_text().rpartition(")")[2].split()
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _queued(process: str) -> float:
    """How long it stood in a processor's queue: the kernel's Documentation/scheduler/sched-stats, schedstat."""
    path = Path("/proc", process, "schedstat")
    return int(path.read_text().split()[1]) / 1e9 if path.exists() else 0.0


def run_until_first_request(docker: Docker, folder: Path) -> Start:
    """Run the action in `folder`, made here, up to GitHub's refusal of its token."""
    container = f"start-{uuid4().hex}"
    github = FirstRequest(docker, container)
    try:
        environ = {
            "GITHUB_SERVER_URL": github.url,
            "GITHUB_API_URL": github.url,
            "GITHUB_GRAPHQL_URL": f"{github.url}/graphql",
            "GITHUB_REPOSITORY": "acme/app",
            "GITHUB_TOKEN": JOB,
        }
        runner = Runner(docker, folder, environ)
        payload = {"repository": {"full_name": "acme/app"}}
        began = time.monotonic()
        step = runner.run("workflow_dispatch", payload, {"pull-request": "1"}, options=("--name", container))
    finally:
        github.close()
    assert github.at is not None, step.log
    assert step.exit_code == 3, step.log
    return Start(wall=github.at - began, own=github.own)
