"""Which locks each installer is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import requirements, source_locks, url_locks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .cases import Case
    from .origins import Origins
    from .projects import Project

FORMS: Mapping[str, tuple[Callable[[Case, Origins], Project | None], ...]] = {
    "pip": (*[requirements.of_pip] * 4, url_locks.pip_pylock),
    "uv": (*[requirements.of_uv] * 4, url_locks.uv_lock, url_locks.uv_pylock),
    "poetry": (source_locks.poetry,),
    "pdm": (source_locks.pdm,),
    "pipenv": (source_locks.pipenv,),
}


def project_for(installer: str, case: Case, origins: Origins) -> Project | None:
    """Return the case as the installer's project; None where the installer has no such lock."""
    forms = FORMS[installer]
    return forms[case.number % len(forms)](case, origins)
