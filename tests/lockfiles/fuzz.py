"""One call for every fuzzer: hostile bytes give a result or a clear error, and nothing else."""

from __future__ import annotations

from fallback_review.lockfiles import FORMATS, LockfileError, Text, decode, parse, parse_pair, recognise
from fallback_review.lockfiles.diff import diff

PATHS = {
    "requirements.txt": "requirements.txt",
    "conda-lock.yml": "conda-lock.yml",
    **{name: name for name in FORMATS},
}


def survive(path: str, data: bytes, base: str | None = None) -> str:
    """Read `data` as the file `path`, alone and against `base`; return ``read`` or ``refused``.

    Raises:
        AssertionError: The error is not one clear line that names the file.
        Exception: Any other exception is a finding.
    """
    try:
        text = Text(path=path, text=decode(path, data))
        recognise(path, text.text)
        lockfile = parse(text)
    except LockfileError as error:
        _check_message(error, path)
        outcome = "refused"
    else:
        assert all(1 <= package.line <= text.text.count("\n") + 1 for package in lockfile.packages)
        whole = diff(lockfile, lockfile)
        assert not whole.changes
        outcome = "read"
    if base is not None:
        try:
            head = Text(path=path, text=decode(path, data))
            diff(*parse_pair(Text(path=path, text=base), head))
            diff(*parse_pair(head, Text(path=path, text=base)))
        except LockfileError as error:
            _check_message(error, path)
    return outcome


def _check_message(error: LockfileError, path: str) -> None:
    message = str(error)
    assert message.startswith(path), message
    assert "\n" not in message, message
    assert len(message) < 1000, message
