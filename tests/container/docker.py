"""A Docker daemon of the tests' own, shared by the workers of one test run and stopped by the last of them.

It reaches no network of its own making (no bridge, no iptables) and keeps its images below .lab, so that a second
run builds little. Needs root and Debian's docker.io.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tests.conftest import LAB, lab_tool, missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DATA = LAB / "container"
CONTAINERD = "fallback-review-tests"


class Docker:
    """The daemon's command line."""

    def __init__(self, folder: Path) -> None:
        self._program = lab_tool("docker")
        self._environ = {
            **os.environ,
            "DOCKER_HOST": f"unix://{folder}/docker.sock",
            "DOCKER_CONFIG": str(folder),  # nobody's own contexts and credential helpers
            "DOCKER_BUILDKIT": "0",  # Debian's docker.io has no buildx
        }

    def command(self, *words: str) -> list[str]:
        return [self._program, *words]

    def environ(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {**self._environ, **(more or {})}

    def try_(self, *words: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever its exit code; a hanging one is an error."""
        return subprocess.run(
            self.command(*words),
            env=self.environ(environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def answers(self) -> bool:
        return self.try_("version", "--format", "{{.Server.Version}}").returncode == 0

    def __call__(self, *words: str) -> str:
        """Run a command that must succeed; return what it printed."""
        done = self.try_(*words)
        assert done.returncode == 0, f"docker {words[0]}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout.strip()


def require() -> None:
    """Skip, or fail under REQUIRE_LAB=1, where no daemon can run."""
    if os.geteuid() != 0:
        missing("root, which Docker's daemon needs,")
    for program in ("docker", "dockerd", "containerd", "runc", "setsid"):
        lab_tool(program)


@contextmanager
def shared_daemon() -> Iterator[Docker]:
    """Start the daemon, or join the one that another worker of this checkout has started."""
    require()
    checkout = hashlib.sha256(str(LAB).encode()).hexdigest()[:8]
    folder = Path(tempfile.gettempdir(), f"fallback-review-{checkout}")  # short: sockets' paths are limited
    folder.mkdir(mode=0o700, exist_ok=True)
    docker = Docker(folder)
    with (folder / "users.lock").open("w") as users:
        with exclusively(folder / "daemon.lock"):
            fcntl.flock(users, fcntl.LOCK_SH)
            if not docker.answers():
                _start(docker, folder)
        try:
            yield docker
        finally:
            with exclusively(folder / "daemon.lock"):
                if _is_last(users):
                    _stop(folder / "docker.pid")
                    _unmount(folder, DATA)


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Hold a file's lock against the other workers."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(docker: Docker, folder: Path) -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    with (folder / "docker.log").open("wb") as log:
        subprocess.run(
            # Detached: the worker that starts it may end before the others.
            [
                *(lab_tool("setsid"), "--fork", lab_tool("dockerd")),
                *("--host", f"unix://{folder}/docker.sock", "--pidfile", str(folder / "docker.pid")),
                *("--data-root", str(DATA / "docker"), "--exec-root", str(folder / "exec")),
                # Where the machine's own Docker runs, nothing is shared with it.
                *(
                    "--containerd-namespace",
                    CONTAINERD,
                    "--containerd-plugins-namespace",
                    f"{CONTAINERD}-plugins",
                ),
                *("--bridge", "none", "--iptables=false", "--ip6tables=false"),
                *("--default-ulimit", "nofile=20000:20000", "--log-level", "error"),
            ],
            stdout=log,
            stderr=log,
            check=True,
        )
    end = time.monotonic() + 30
    while not docker.answers():
        if time.monotonic() > end:
            said = (folder / "docker.log").read_text(errors="replace")[-3000:]
            missing(f"what a Docker daemon needs (it says: {said})")
        time.sleep(0.1)


def _is_last(users: TextIO) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop(pidfile: Path) -> None:
    """Stop the daemon by the process id that it wrote; it removes that file when it has ended."""
    os.kill(int(pidfile.read_text()), signal.SIGTERM)
    end = time.monotonic() + 30
    while pidfile.exists():
        if time.monotonic() > end:
            raise TimeoutError("the Docker daemon did not stop")
        time.sleep(0.05)


def _unmount(*folders: Path) -> None:
    """Unmount what the daemon left below `folders`: its own data folder, and the host's network namespace."""
    places = [Path(line.split()[1]) for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in reversed(places):  # the last mounted first
        if any(place.is_relative_to(folder) for folder in folders):
            # Whatever of the daemon has not quite ended may still hold it.
            subprocess.run([lab_tool("umount"), "--lazy", str(place)], check=True)
