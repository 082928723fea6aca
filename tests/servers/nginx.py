"""nginx as an index: basic auth, slash redirects, content negotiation, latency, TLS.

Under ``/python/simple/`` it serves HTML behind basic auth, as Chainguard documents its index; files redirect
to another host. Under ``/simple/`` it serves JSON or HTML by content negotiation, open to all.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import lab_tool, missing
from tests.servers.pages import File, as_html, as_json
from tests.servers.process import free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers.certificates import Certificates

_ECHO = Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")

USERNAME = "45a0c61ea6fd977f/9f1c2d3e4b5a6978"
"""A pull token's user name holds a ``/``."""
PASSWORD = "the-right-token"

_CONFIG = """
{modules}
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log {folder}/access.log; keepalive_requests 100000; absolute_redirect on; server_tokens off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  types {{ text/html html; application/vnd.pypi.simple.v1+json json; }}
  map $http_accept $form {{ default html; "~application/vnd\\.pypi\\.simple\\.v1\\+json" json; }}
  server {{
    listen 127.0.0.1:{port} {tls};
    {certificate}
    root {folder}/site;
    location /python/simple/ {{
      auth_basic "index"; auth_basic_user_file {folder}/htpasswd; index index.html;
      location ~ \\.(whl|gz)$ {{ try_files /nope @storage; }}
    }}
    location @storage {{ return 302 {elsewhere}$uri; }}
    location ~ ^/noslash/simple/(.*)/$ {{ return 302 /python/simple/$1; }}
    location ~ ^/elsewhere/simple/(.*)$ {{
      auth_basic "index"; auth_basic_user_file {folder}/htpasswd; try_files /nope @elsewhere;
    }}
    location @elsewhere {{ return 302 {elsewhere}$uri; }}
    location /simple/ {{ index index.$form; }}
    {slow}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class NginxIndex:
    """A running nginx."""

    url: str
    """Ends without a slash."""
    log: Path

    @property
    def guarded(self) -> str:
        """The HTML index behind basic auth."""
        return f"{self.url}/python/simple/"

    @property
    def open(self) -> str:
        """The index with content negotiation."""
        return f"{self.url}/simple/"

    @property
    def slow(self) -> str:
        """The open index, each answer delayed."""
        return f"{self.url}/slow/"


@contextmanager
def nginx_index(
    folder: Path,
    projects: Mapping[str, list[File]],
    *,
    elsewhere: str = "http://127.0.0.1:9",
    latency: float = 0,
    certificates: Certificates | None = None,
) -> Iterator[NginxIndex]:
    """Run nginx with these project details.

    Args:
        folder: An empty folder for its configuration and pages.
        projects: Files by project.
        elsewhere: Where files, and everything under ``/elsewhere/``, are redirected to.
        latency: Seconds before each answer under ``/slow/`` (nginx's echo module).
        certificates: For TLS.
    """
    program = lab_tool("nginx")
    if latency and not _ECHO.exists():
        missing("nginx's echo module")
    for name, files in projects.items():
        for place in ("python/simple", "simple"):
            page = folder / "site" / place / name
            page.mkdir(parents=True)
            (page / "index.html").write_text(as_html(name, files))
            (page / "index.json").write_text(as_json(name, files))
    (folder / "htpasswd").write_text(f"{USERNAME}:{{PLAIN}}{PASSWORD}\n")
    port = free_port()
    slow = f"location /slow/ {{ echo_sleep {latency}; echo_exec /plain$uri; }}" if latency else ""
    plain = f"{folder}/site/simple/"
    slow += f"location /plain/slow/ {{ internal; alias {plain}; index index.json; }}"
    (folder / "nginx.conf").write_text(
        _CONFIG.format(
            modules=f"load_module {_ECHO};" if latency else "",
            folder=folder,
            port=port,
            tls="ssl" if certificates else "",
            certificate=f"ssl_certificate {certificates.certificate}; ssl_certificate_key {certificates.key};"
            if certificates
            else "",
            elsewhere=elsewhere,
            slow=slow,
        )
    )
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with running(command, port=port, folder=folder):
        scheme = "https" if certificates else "http"
        yield NginxIndex(f"{scheme}://127.0.0.1:{port}", folder / "access.log")
