"""A certificate authority of our own, and a certificate for this machine, for tests over TLS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """Three PEM files."""

    authority: str
    """What a client has to trust."""
    certificate: str
    key: str


def make_certificates(folder: Path) -> Certificates:
    """Write a certificate for ``localhost`` and 127.0.0.1 and its authority into `folder`."""
    authority = trustme.CA()
    own = authority.issue_cert("localhost", "127.0.0.1")
    files = Certificates(*(str(folder / name) for name in ("authority.pem", "certificate.pem", "key.pem")))
    authority.cert_pem.write_to_path(files.authority)
    own.cert_chain_pems[0].write_to_path(files.certificate)
    own.private_key_pem.write_to_path(files.key)
    return files
