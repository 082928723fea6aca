"""Pipenv, 2026 (measured): `pipenv sync` and `pipenv install` hand the lock's entries to pip.

pip's rules over the one source that the entry's `index` names (none: the first source), with the lock's
hashes. Its own pip ranks plain `linux_<arch>` last.
"""

from __future__ import annotations

from fallback_review.prediction.installers.interface import Installer
from fallback_review.prediction.installers.pip import ARCHIVES, HASH, choose

PIPENV = Installer(
    name="pipenv",
    choose=choose,
    archives=ARCHIVES,
    hash_form=lambda _urls_locked: HASH,
    index_order="first-source",
    one_source=True,
)
