"""Two indexes of real wheel files behind nginx: Chainguard's, by tier, and PyPI's; with ranges and latency."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

from tests.conftest import lab_tool, missing
from tests.servers.process import free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_ECHO = Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")
_CONFIG = """
{modules}
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  log_format bytes '$server_port $request_method "$request_uri" $status $body_bytes_sent "$http_range" "$http_authorization"';
  access_log {folder}/access.log bytes; keepalive_requests 100000; server_tokens off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  gzip on; gzip_types application/octet-stream application/vnd.pypi.simple.v1+json;
  types {{ application/vnd.pypi.simple.v1+json json; text/html html; }}
  {servers}
}}
"""
_SERVER = """
  server {{
    listen 127.0.0.1:{port}; root {root}; index index.json; default_type application/octet-stream;
    {locations}
  }}
"""


@dataclass(frozen=True, slots=True)
class Indexes:
    """Both, running."""

    chainguard: str
    pypi: str
    log: Path

    def options(self) -> list[str]:
        """What the command line takes to ask them."""
        return ["--index-url", self.chainguard, "--pypi-url", self.pypi]

    def asked(self) -> list[str]:
        """The lines of the servers' log."""
        return self.log.read_text().splitlines() if self.log.exists() else []


def named(path: Path) -> tuple[str, str]:
    """Return the project's name and the version of a wheel or sdist."""
    if path.suffix == ".whl":
        name, version, _, _ = parse_wheel_filename(path.name)
    else:
        name, version = parse_sdist_filename(path.name)
    return canonicalize_name(name), str(version)


def write_index(site: Path, files: Iterable[Path], below: str, digests: Mapping[str, str]) -> None:
    """Write PEP 691 pages and links to files; `below` is ``python`` for a tier's folder, else empty.

    A file may lie in a folder named for its tier (``built``, ``upstream``, ``remediated``).
    """
    pages: dict[str, list[dict[str, object]]] = {}
    tiers = {"upstream": "python-upstream", "remediated": "python-remediated"}
    for file in files:
        name, version = named(file)
        tier = tiers.get(file.parent.name, below) if below else ""
        path = f"{tier}/simple/{name}/{version}/{file.name}" if below else f"packages/{file.name}"
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        if not (site / path).exists():
            (site / path).symlink_to(file.resolve())
        digest = digests.get(str(file)) or hashlib.sha256(file.read_bytes()).hexdigest()
        entry = {"filename": file.name, "url": f"/{quote(path)}", "hashes": {"sha256": digest}}
        pages.setdefault(name, []).append({**entry, "size": file.stat().st_size})
    for name, entries in pages.items():
        page = site / below / "simple" / name if below else site / "simple" / name
        page.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": entries})
        (page / "index.json").write_text(text)


@contextmanager
def two_indexes(
    folder: Path,
    chainguard: Iterable[Path],
    pypi: Iterable[Path],
    *,
    latency: float = 0,
    signed: bool = False,
    digests: Mapping[str, str] | None = None,
) -> Iterator[Indexes]:
    """Serve wheels and sdists as Chainguard's index and as PyPI.

    Args:
        folder: An empty one for pages and configuration.
        chainguard: Files of Chainguard's index.
        pypi: Files of PyPI.
        latency: Seconds before each answer (nginx's echo module).
        signed: Whether Chainguard's files are redirected to an address on another port with a signature.
        digests: sha256 by path, where they are known already.
    """
    program = lab_tool("nginx")
    if latency and not _ECHO.exists():
        missing("nginx's echo module")
    sites = {"c": folder / "c", "p": folder / "p"}
    write_index(sites["c"], chainguard, "python", digests or {})
    write_index(sites["p"], pypi, "", digests or {})
    ports = {side: free_port() for side in (*sites, "storage")}
    slow = (
        f"location / {{ echo_sleep {latency}; echo_exec /now$uri; }}"
        " location /now/ {{ internal; alias {root}/; index index.json; }}"
    )
    elsewhere = f"location ~ \\.(whl|gz)$ {{ return 302 http://127.0.0.1:{ports['storage']}$request_uri?X-Signature=GET; }}"
    servers = ""
    for side, root in (*sites.items(), ("storage", sites["c"])):
        if not root.exists():
            root.mkdir(parents=True)
        locations = slow.replace("{{", "{").replace("}}", "}").replace("{root}", str(root)) if latency else ""
        if side == "c" and signed:
            locations = elsewhere
        if side == "storage":
            locations = "if ($request_method != GET) { return 403; } " + locations
        servers += _SERVER.format(port=ports[side], root=root, locations=locations)
    (folder / "nginx.conf").write_text(
        _CONFIG.format(modules=f"load_module {_ECHO};" if latency else "", folder=folder, servers=servers)
    )
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with running(command, port=ports["p"], folder=folder):
        base = "http://127.0.0.1:{}"
        yield Indexes(
            f"{base.format(ports['c'])}/python/simple/",
            f"{base.format(ports['p'])}/simple/",
            folder / "access.log",
        )
