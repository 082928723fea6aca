"""On which Python a lock is judged: the settings', as far as the lock is for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fallback_review.lockfiles import Text
from fallback_review.pipeline.compare import compare, whole
from fallback_review.pipeline.context import addresses_of, prepare
from fallback_review.settings import validation

if TYPE_CHECKING:
    from fallback_review.pipeline.compare import ComparedLockfile

SETTINGS = validation.validate({"targets": {"python": ["3.12", "3.13"], "platforms": ["linux-x86_64"]}})
POETRY = '[metadata]\nlock-version = "2.1"\npython-versions = "{}"\n'
PIPFILE = json.dumps({"_meta": {"requires": {"python_version": "{}"}}})


def text(path: str, content: str) -> Text:
    return Text(path=path, text=content)


def pythons(base: Text | None, head: Text) -> list[str]:
    return judged_on(compare(base, head))


def judged_on(compared: ComparedLockfile) -> list[str]:
    prepared = prepare(compared, SETTINGS, addresses_of(SETTINGS.indexes))
    return [target.python for target in prepared.targets]


@pytest.mark.parametrize(
    ("path", "lock"),
    [
        ("uv.lock", 'version = 1\nrequires-python = "{}"\n'),
        ("pylock.toml", 'lock-version = "1.0"\nrequires-python = "{}"\n'),
        ("pdm.lock", '[metadata]\nlock_version = "4.5.0"\n[[metadata.targets]]\nrequires_python = "{}"\n'),
    ],
)
def test_a_lock_that_no_installer_takes_with_another_python(path: str, lock: str) -> None:
    assert pythons(text(path, lock.format(">=3.12")), text(path, lock.format(">=3.13"))) == ["3.13"]


def test_a_pull_request_can_not_choose_where_poetrys_lock_is_judged() -> None:
    old, new = (text("poetry.lock", POETRY.format(python)) for python in (">=3.12", ">=3.13"))
    assert pythons(old, new) == ["3.12", "3.13"]
    assert pythons(new, old) == ["3.13"]
    assert pythons(None, new) == ["3.13"]
    assert judged_on(whole(new)) == ["3.13"]


def test_a_pull_request_can_not_choose_where_pipenvs_lock_is_judged() -> None:
    old, new = (text("Pipfile.lock", PIPFILE.replace("{}", python)) for python in ("3.12", "3.13"))
    assert pythons(old, new) == ["3.12"]
    assert pythons(None, new) == ["3.13"]
