"""Make the demo's lockfiles with the real uv against the demo's own server.

For maintainers: ``.venv/bin/python -m tests.cli.demo.make_locks`` writes them into the package. The base is
locked against PyPI alone, the head on top of it with Chainguard's indexes in front, as in a real move.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fallback_review.cli.demo import scene
from fallback_review.cli.demo.server import DemoIndex

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[2] / "src" / "fallback_review" / "cli" / "demo" / "data"
COMPILE = "uv pip compile requirements.in --generate-hashes --output-file requirements.txt"


def environment(index: DemoIndex, home: Path) -> dict[str, str]:
    """Return an environment in which uv sees the demo's indexes and nothing of this machine's settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("UV_", "PIP_"))}
    credentials = {
        f"UV_INDEX_{name}_{kind}": value
        for name in ("CHAINGUARD", "CHAINGUARD_REMEDIATED")
        for kind, value in (("USERNAME", index.username), ("PASSWORD", index.password))
    }
    return (
        kept
        | credentials
        | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "UV_CACHE_DIR": str(home / "cache"),
            "UV_NO_SYSTEM_CONFIG": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_CUSTOM_COMPILE_COMMAND": COMPILE,
            "NO_PROXY": "*",
        }
    )


def make(uv: str, python: str, folder: Path) -> dict[str, str]:
    """Lock both sides below `folder`; return each text with placeholders for addresses."""
    made: dict[str, str] = {}
    with DemoIndex(scene.WHEN_LOCKED) as index:
        for side in ("base", "head"):
            project = folder / side
            shutil.copytree(HERE / "project" / side, project)
            pyproject = project / "pyproject.toml"
            pyproject.write_text(index.fill(pyproject.read_text("utf-8")), encoding="utf-8")
            variables = environment(index, folder / "home")
            if side == "head":
                shutil.copy(folder / "base" / "uv.lock", project / "uv.lock")
            _run([uv, "lock", "--python", python], project, variables)
            indexes = ["--default-index", f"{index.pypi}/simple/"]
            if side == "head":
                indexes += ["--index", f"chainguard={index.chainguard}/python/simple/"]
                indexes += ["--index-strategy", "unsafe-first-match"]
            compile_ = [uv, "pip", "compile", "requirements.in", "--generate-hashes", "--no-config"]
            _run(
                [*compile_, "--python", python, "-o", "requirements.txt", *indexes],
                project / "worker",
                variables,
            )
            for name in scene.LOCKFILES:
                made[f"{side}/{name}"] = index.empty((project / name).read_text("utf-8"))
    return made


def _run(command: list[str], folder: Path, variables: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")


def main() -> None:
    """Write the lockfiles into the package's data."""
    bin_ = HERE.parent.parent / ".lab" / "installers" / "bin"
    with tempfile.TemporaryDirectory() as folder:
        for name, text in make(str(bin_ / "uv"), str(bin_ / "python"), Path(folder)).items():
            path = DATA / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
