"""Real index servers, one each for the whole run of these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.certificates import Certificates, make_certificates
from tests.servers.nginx import NginxIndex, nginx_index
from tests.servers.pages import File
from tests.servers.pypiserver import pypiserver

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECTS = {
    "flask": [
        File(
            url="/python/simple/flask/2.0.0/flask-2.0.0-py3-none-any.whl",
            attributes={"data-requires-python": ">=3.8", "data-provenance": "https://index.example/p"},
            extra={"requires-python": ">=3.8", "upload-time": "2026-01-02T03:04:05.123456789Z", "size": 7},
        ),
        File(url="/python-upstream/simple/flask/2.0.1/flask-2.0.1.tar.gz"),
        File(url="/python-remediated/simple/flask/2.0.0%2Bcgr.1/flask-2.0.0%2Bcgr.1-py3-none-any.whl"),
    ],
    "six": [File(url="/python/files/0a1b2c/six-1.17.0-py2.py3-none-any.whl")],
}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def nginx(in_lab: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxIndex]:
    with nginx_index(tmp_path_factory.mktemp("nginx"), PROJECTS) as index:
        yield index


@pytest.fixture(scope="session")
def guarded_pypiserver(in_lab: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    files = ["six-1.17.0-py2.py3-none-any.whl", "six-1.16.0.tar.gz"]
    folder = tmp_path_factory.mktemp("pypiserver")
    with pypiserver(folder, files, username="ann", password="right") as url:
        yield url
