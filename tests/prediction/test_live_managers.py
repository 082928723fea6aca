"""Live: real repository managers between the origins and the installer, with good and with expired credentials."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.error import URLError

import pytest
from msgspec.structs import replace
from pypi_simple import ProjectPage

from fallback_review.model import Answer, Cause, Index, Lockfile, Outcome, Owner, ProjectFile, Verdict
from fallback_review.prediction import LAYOUTS, Context, predict
from fallback_review.prediction.listing import one
from tests.conftest import lab_tool

from .live import PASSWORD, USER, World, serving
from .test_live_installers import NAMES, NONE, entry, here, requirements, said, uv_install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEPT = ("same", "onlyp", "older", "tie", "newer", "abi", "misfit")
LOCK = Lockfile(path="requirements.txt", format="requirements.txt")

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        sys.platform != "linux" or os.uname().machine != "x86_64", reason="wheels for Linux x86_64"
    ),
]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    both = {"old": ((f"old-1.0-{NONE}",), (f"old-1.0-{NONE}",))}
    with serving(World(names={name: NAMES[name] for name in KEPT} | both, guarded=True)) as served:
        yield served


@contextmanager
def running(command: list[str], url: str) -> Iterator[None]:
    """Run a server until the block ends; by its own process only."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except URLError as error:
                if getattr(error, "code", None) is not None:
                    break  # it answers, if only with an error page
                assert process.poll() is None, "the server ended"
                if time.monotonic() > deadline:
                    raise TimeoutError("the server does not answer") from error
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def listed(index: str, name: str) -> Answer:
    """What a manager says about a project, read by an independent reader."""
    request = urllib.request.Request(f"{index}{name}/", headers={"Accept": "text/html"})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            page = ProjectPage.from_html(name, response.read().decode(), base_url=response.url)
    except urllib.request.HTTPError as error:
        problem = Cause.PROJECT_MISSING if error.code == 404 else Cause.UNREACHABLE
        return Answer(index=Index(index, Owner.OWN), name=name, problem=problem)
    files = tuple(
        ProjectFile(
            filename=each.filename,
            url=each.url.partition("#")[0],
            version=each.version,
            sha256=(each.digests or {}).get("sha256"),
        )
        for each in page.packages
    )
    return Answer(index=Index(index, Owner.OWN), name=name, files=files)


def judged(world: World, index: str, name: str, installer: str = "uv") -> Verdict:
    """The prediction through `resolver-index-url`."""
    own = Index(index, Owner.OWN)
    where = Context(
        installer=installer, indexes=(one(own),), addresses=replace(world.addresses, resolver=own)
    )
    known = {name: {**world.answers(name)[name], own: listed(index, name)}}
    verdict = predict(entry(world, name, ""), LOCK, here(), where, known)
    assert verdict is not None
    return verdict


def modelled(world: World, layout: str, name: str) -> Verdict:
    """The prediction by the layout's name alone."""
    where = Context(
        installer="uv", indexes=LAYOUTS[layout].arrange(world.addresses), addresses=world.addresses
    )
    verdict = predict(entry(world, name, ""), LOCK, here(), where, world.answers(name))
    assert verdict is not None
    return verdict


def installed(index: str, name: str, folder: Path) -> str:
    """Whose file uv really installs through the manager."""
    command = [*uv_install(), "--index-url", index, "--target", str(folder / name)]
    result = requirements(command, f"{name}==1.0\n", folder)
    if result.returncode:
        return "fails"
    return (folder / name / f"{name}.py").read_text().split("'")[1]


def call(url: str, method: str, body: dict[str, object], token: str | None = None) -> dict[str, object]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["X-Devpi-Auth"] = token
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    assert isinstance(answer, dict)
    return answer


@pytest.fixture(scope="module")
def devpi(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """devpi with two stages: one whose Chainguard credentials are good, one whose are expired."""
    folder = tmp_path_factory.mktemp("devpi")
    init = [lab_tool("devpi-init", "servers"), "--no-root-pypi", "--serverdir", str(folder / "server")]
    subprocess.run([*init, "--root-passwd", "root"], check=True, capture_output=True)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = [
        lab_tool("devpi-server", "servers"),
        "--serverdir",
        str(folder / "server"),
        "--host",
        "127.0.0.1",
    ]
    with running([*command, "--port", str(port)], f"{base}/+api"):
        login = call(f"{base}/+login", "POST", {"user": "root", "password": "root"})["result"]
        assert isinstance(login, dict)
        import base64

        token = base64.b64encode(f"root:{login['password']}".encode()).decode()
        origin = world.base.removeprefix("http://")
        mirrors = {
            "good": f"http://{USER}:{PASSWORD}@{origin}/c/",
            "expired": f"http://{USER}:old@{origin}/c/",
            "pub": f"http://{origin}/p/",
        }
        for name, url in mirrors.items():
            kind = {"type": "mirror", "mirror_url": url, "mirror_no_project_list": True, "volatile": True}
            call(f"{base}/root/{name}", "PUT", kind, token)
        for name in ("good", "expired"):
            stage = {"type": "stage", "bases": [f"root/{name}", "root/pub"], "volatile": True}
            call(f"{base}/root/corp-{name}", "PUT", stage, token)
        yield {name: f"{base}/root/corp-{name}/+simple/" for name in ("good", "expired")}


def test_devpi_with_good_credentials(world: World, devpi: dict[str, str], tmp_path: Path) -> None:
    for name in world.names:
        verdict = judged(world, devpi["good"], name)
        really = installed(devpi["good"], name, tmp_path)
        assert said(verdict).partition("/")[0] == really, name
        assert said(modelled(world, "devpi", name)).partition("/")[0] == really, name


def test_devpi_with_expired_credentials_is_told_from_a_wall_of_fallbacks(
    world: World, devpi: dict[str, str], tmp_path: Path
) -> None:
    """It answers 200 from the public layer alone, and the installer takes PyPI's file."""
    for name in world.names:
        verdict = judged(world, devpi["expired"], name)
        if world.page("c", name):
            assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, Cause.MANAGER_FELL_THROUGH), name
        else:
            assert (verdict.outcome, verdict.cause) == (Outcome.PYPI, Cause.PROJECT_MISSING), name
    assert installed(devpi["expired"], "same", tmp_path) == "p"


@pytest.mark.parametrize("password", [PASSWORD, "old"])
def test_simple_repository_server(world: World, password: str, tmp_path: Path) -> None:
    """The first repository that has the project wins; with bad credentials it must never look like PyPI's choice."""
    origin = world.base.removeprefix("http://")
    port = free_port()
    server = [lab_tool("simple-repository-server", "servers"), "--host", "127.0.0.1", "--port", str(port)]
    upstream = [f"http://{USER}:{password}@{origin}/c/", f"{world.base}/p/"]
    index = f"http://127.0.0.1:{port}/simple/"
    with running([*server, "--stream-http-resources", *upstream], index):
        for name in world.names:
            verdict = judged(world, index, name)
            if password == PASSWORD:
                really = installed(index, name, tmp_path)
                assert said(verdict).partition("/")[0] == really, name
                assert said(modelled(world, "virtual-project", name)).partition("/")[0] == really, name
            elif world.page("c", name):
                assert verdict.outcome is Outcome.UNKNOWN, name
