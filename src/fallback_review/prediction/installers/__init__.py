"""The installers' rules: a request and a listing in, the file that gets installed out. One module each."""

from __future__ import annotations

from fallback_review.model.registry import Registry
from fallback_review.prediction.installers.interface import Choice, Failure, Installer, InstallerOptions

INSTALLERS: Registry[Installer] = Registry(
    {
        "pip": f"{__name__}.pip:PIP",
        "uv": f"{__name__}.uv:UV",
        "poetry": f"{__name__}.poetry:POETRY",
        "pdm": f"{__name__}.pdm:PDM",
        "pipenv": f"{__name__}.pipenv:PIPENV",
        "pixi": f"{__name__}.uv:PIXI",
    }
)

__all__ = ["INSTALLERS", "Choice", "Failure", "Installer", "InstallerOptions"]
