"""The images: a base made of Debian's packages, since none can be pulled, and the Action's on top of it."""

from __future__ import annotations

import ast
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import ROOT, lab_tool, missing
from tests.container.docker import DATA

if TYPE_CHECKING:
    from tests.container.docker import Docker

BARE, BASE, BUILD, IMAGE = (f"fallback-review-test:{tag}" for tag in ("bare", "base", "build", "action"))
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout")


def build(docker: Docker) -> None:
    """Build `IMAGE` as its Dockerfile says, on a base that stands in for both of Chainguard's images."""
    _make_base(docker)
    proxies = [word for name in PROXIES if name in os.environ for word in ("--build-arg", name)]
    bases = ["--build-arg", f"BASE={BASE}", "--build-arg", f"RUNTIME_BASE={BASE}"]
    for target in (
        ["--target", "build", "--tag", BUILD],
        ["--tag", IMAGE],
    ):  # tagged, so that both stay cached
        docker("build", "--network", "host", *proxies, *bases, *target, str(ROOT))
    docker("image", "prune", "--force")


def _make_base(docker: Docker) -> None:
    """Make the base: Debian's Python, with this machine's certificates and pip's settings, for tests only."""
    archive = _debian()
    label = f"archive={archive.stat().st_mtime_ns}"
    if not docker("image", "ls", "--quiet", "--filter", f"label={label}", BARE):
        docker("import", "--change", f"LABEL {label}", str(archive), BARE)
    context = DATA / "base"
    context.mkdir(exist_ok=True)
    certificates = Path(os.environ.get("SSL_CERT_FILE", CERTIFICATES))
    if not certificates.is_file():
        missing("the machine's file of CA certificates")
    (context / "certificates").write_bytes(certificates.read_bytes())
    (context / "pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}\n{_pip_settings()}")
    (context / "Dockerfile").write_text(
        # As Chainguard's: another user than root.
        f"FROM {BARE}\nCOPY certificates {CERTIFICATES}\nCOPY pip.conf /etc/pip.conf\nUSER 65532\n"
    )
    docker("build", "--tag", BASE, str(context))


def _debian() -> Path:
    """Return an archive of this machine's release of Debian with Python and nothing else; made once."""
    release = platform.freedesktop_os_release()
    if "debian" not in {release["ID"], *release.get("ID_LIKE", "").split()}:
        missing("Debian or a system like it, of whose packages the base image is made,")
    archive = DATA / f"{release['VERSION_CODENAME']}.tar"
    if not archive.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        unfinished = archive.with_suffix(".unfinished.tar")
        made = subprocess.run(
            [
                *(lab_tool("mmdebstrap"), "--quiet", "--mode=root", "--variant=essential"),
                "--include=ca-certificates,python3,python3-venv",
                *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "locale", "man")),
                *("--dpkgopt=force-unsafe-io", release["VERSION_CODENAME"], str(unfinished)),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert made.returncode == 0, made.stderr[-3000:]
        unfinished.rename(archive)
    return archive


def _pip_settings() -> str:
    """Return what this machine's pip is told of indexes, as lines of a pip.conf; folders stay behind."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    lines = []
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        if name in PIP_SETTINGS:
            words = [word for word in ast.literal_eval(value).split() if not word.startswith(("file:", "/"))]
            if words:
                lines.append(f"{name.removeprefix('default-')} = {' '.join(words)}\n")
    return "".join(dict.fromkeys(lines))
