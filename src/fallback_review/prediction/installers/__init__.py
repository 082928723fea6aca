"""The installers' rules: a request and a listing in, the file that gets installed out. One module each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.prediction.installers.interface import Choice, Failure, Installer, InstallerOptions
from fallback_review.prediction.installers.pdm import PDM
from fallback_review.prediction.installers.pip import PIP
from fallback_review.prediction.installers.pipenv import PIPENV
from fallback_review.prediction.installers.poetry import POETRY
from fallback_review.prediction.installers.uv import PIXI, UV

if TYPE_CHECKING:
    from collections.abc import Mapping

INSTALLERS: Mapping[str, Installer] = {
    installer.name: installer for installer in (PIP, UV, POETRY, PDM, PIPENV, PIXI)
}

__all__ = ["INSTALLERS", "Choice", "Failure", "Installer", "InstallerOptions"]
