"""Real index servers, one each for the whole run of these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.nginx import NginxIndex, nginx_index
from tests.servers.pages import File
from tests.servers.pypiserver import pypiserver
from tests.servers.scripted import ScriptedServer, answer, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECTS = {
    "built": [File(url="/python/simple/built/2.0/built-2.0-py3-none-any.whl")],
    "older": [File(url="/python/simple/older/1.0/older-1.0-py3-none-any.whl")],
    "listed": [File(url="/python-upstream/simple/listed/2.0/listed-2.0-py3-none-any.whl")],
}
"""Chainguard's index: one built, one that has only an older version, one that is PyPI's own bytes."""
PUBLIC = {
    name: [
        File(url=f"https://files.pypi.test/{name}-{version}-py3-none-any.whl") for version in ("1.0", "2.0")
    ]
    for name in ("built", "older", "listed", "absent", "pip")
}
"""PyPI: its page of pip tells the host of its files."""
BASE = "built==1.0\nolder==1.0\nlisted==1.0\nabsent==1.0\n"
HEAD = "built==2.0\nolder==2.0\nlisted==2.0\nabsent==2.0\n"


@pytest.fixture(scope="session")
def chainguard(in_lab: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxIndex]:
    with nginx_index(tmp_path_factory.mktemp("chainguard"), PROJECTS) as index:
        yield index


@pytest.fixture(scope="session")
def public(in_lab: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxIndex]:
    with nginx_index(tmp_path_factory.mktemp("public"), PUBLIC) as index:
        yield index


@pytest.fixture(scope="session")
def guarded_pypiserver(in_lab: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pypiserver")
    with pypiserver(folder, ["built-2.0-py3-none-any.whl"], username="ann", password="right") as url:
        yield url


@pytest.fixture
def silent() -> Iterator[ScriptedServer]:
    """An index that has nothing and remembers whether it was asked."""
    with scripted(lambda _seen: answer(404)) as server:
        yield server
