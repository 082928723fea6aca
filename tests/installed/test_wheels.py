"""Wheels as files, what pip reports, and wheels that nobody should believe."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.index.credentials import Credentials
from fallback_review.index.files import FileClient, FileProblem, FileRead, UnreadableFileError
from fallback_review.index.http import Limits
from fallback_review.installed import wheels
from fallback_review.installed.places import place, read_pip_report
from fallback_review.installed.record import RecordError, read_record
from fallback_review.installed.tree import TreeError
from fallback_review.installed.wheels import read_wheel, read_whole_wheel
from fallback_review.model import Cause, Conclusion, ProjectFile
from fallback_review.model.installed import Integrity, Origin, Proof
from tests.installed.builds import members_of, packed, record_of, wheel
from tests.installed.conftest import NATIVE, World, one
from tests.installed.indexes import two_indexes
from tests.servers.scripted import RESET, answer, scripted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.lab

PLAIN = "plain-1.0-py3-none-any.whl"


def test_wheels_go_by_their_bytes(world: World, tmp_path: Path) -> None:
    shutil.copy(world.chainguard / "built" / PLAIN, tmp_path / PLAIN)
    native = f"native-1.0-{NATIVE}.whl"
    shutil.copy(world.pypi / native, tmp_path / native)
    found = world.verify(tmp_path)
    assert (found.kind, found.conclusion) == ("wheels", Conclusion.FAIL)
    assert [(each.name, each.origin, each.integrity, each.proof) for each in found.distributions] == [
        ("native", Origin.PYPI, Integrity.INTACT, Proof.WHEEL),
        ("plain", Origin.CHAINGUARD, Integrity.INTACT, Proof.WHEEL),
    ]
    assert found.received == 0
    assert world.verify(tmp_path / PLAIN).conclusion is Conclusion.PASS


def test_a_changed_wheel_goes_by_what_is_in_it(world: World, tmp_path: Path) -> None:
    members, info = members_of(world.chainguard / "built" / PLAIN)
    members["plain/core.py"] += b"EVIL = 1\n"
    (tmp_path / PLAIN).write_bytes(packed(members, info))
    found = one(world.verify(tmp_path), "plain")
    assert (found.origin, found.integrity, found.proof) == (
        Origin.CHAINGUARD,
        Integrity.CHANGED,
        Proof.RECORD,
    )
    assert [each.path for each in found.deviations] == ["plain/core.py"]
    members["plain/core.py"] = members["plain/core.py"].removesuffix(b"EVIL = 1\n")
    (tmp_path / PLAIN).write_bytes(packed(members, info, first=True))  # packed anew, and nothing else
    again = one(world.verify(tmp_path), "plain")
    assert (again.origin, again.integrity, again.proof) == (
        Origin.CHAINGUARD,
        Integrity.CHANGED,
        Proof.RECORD,
    )
    assert [each.path for each in again.deviations] == [PLAIN]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("before", "after"), [(b"", b"evil"), (b"#!/bin/sh\n", b"")])
def test_bytes_around_a_wheel_are_a_change(
    world: World, tmp_path: Path, before: bytes, after: bytes, *, full: bool
) -> None:
    (tmp_path / PLAIN).write_bytes(before + (world.chainguard / "built" / PLAIN).read_bytes() + after)
    verification = world.verify(tmp_path, full=full)
    found = one(verification, "plain")
    assert (found.origin, found.integrity) == (Origin.CHAINGUARD, Integrity.CHANGED)
    assert "its sha256 is not the one that the index lists" in found.deviations[0].detail
    assert verification.conclusion is Conclusion.FAIL


@pytest.mark.parametrize("name", ["plain-9.0-py3-none-any.whl", "plain-1.0-py2.py3-none-any.whl"])
def test_a_wheel_under_another_name_is_a_change(world: World, tmp_path: Path, name: str) -> None:
    shutil.copy(world.chainguard / "built" / PLAIN, tmp_path / name)
    verification = world.verify(tmp_path)
    found = one(verification, "plain")
    assert (found.origin, found.integrity) == (Origin.CHAINGUARD, Integrity.CHANGED)
    assert [each.detail for each in found.deviations] == [f"the index calls these bytes {PLAIN}"]
    (tmp_path / name).rename(tmp_path / PLAIN.replace("plain", "Plain"))  # a spelling is none
    assert world.verify(tmp_path).conclusion is Conclusion.PASS


def sdist(folder: Path, name: str, text: str = "") -> Path:
    """A source distribution with this text in it."""
    path = folder / f"{name}.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(f"{name}/PKG-INFO")
        data = f"Metadata-Version: 2.1\nName: {name.partition('-')[0]}\nVersion: 1.0\n{text}".encode()
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return path


def test_source_archives_beside_wheels_go_by_their_bytes(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    plain = wheel(ours / "built", "plain")
    pages = [plain, sdist(ours / "built", "rebuilt-1.0")], [plain, sdist(theirs, "public-1.0")]
    house = tmp_path / "house"
    house.mkdir()
    for path in {each.name: each for side in pages for each in side}.values():
        shutil.copy(path, house)
    sdist(house, "stranger-1.0")
    (house / "public-1.0.zip").write_bytes(b"other bytes")
    for other in ("notes.zip", "README.tar.gz", "folder-latest.tar.gz"):  # which no installer takes
        (house / other).write_bytes(b"")
    with two_indexes(tmp_path / "served", *pages) as indexes:
        found = World(tmp_path, indexes).verify(house)
        alone = World(tmp_path, indexes).verify(house / "stranger-1.0.tar.gz")
        sdist(house, "public-1.0", "# changed")
        changed = World(tmp_path, indexes).verify(house)
    assert [(each.place, each.origin, each.integrity, each.proof) for each in found.distributions] == [
        ("plain-1.0-py3-none-any.whl", Origin.UPSTREAM, Integrity.INTACT, Proof.WHEEL),
        ("public-1.0.tar.gz", Origin.PYPI, Integrity.INTACT, Proof.HASH),
        ("public-1.0.zip", Origin.UNVERIFIABLE, Integrity.NOT_CHECKED, Proof.NONE),
        ("rebuilt-1.0.tar.gz", Origin.CHAINGUARD, Integrity.INTACT, Proof.HASH),
        ("stranger-1.0.tar.gz", Origin.UNVERIFIABLE, Integrity.NOT_CHECKED, Proof.NONE),
    ]
    assert (
        one(found, "stranger").why
        == "no index knows this name; name it under private in [policy] if it is yours"
    )
    assert found.conclusion is Conclusion.FAIL
    assert (alone.kind, alone.conclusion) == ("wheels", Conclusion.UNKNOWN)
    spoilt = next(each for each in changed.distributions if each.place == "public-1.0.tar.gz")
    assert (spoilt.origin, spoilt.integrity) == (Origin.UNVERIFIABLE, Integrity.CHANGED)


def test_what_no_sha256_can_tell_in_a_folder_of_wheels_is_no_pass(world: World, tmp_path: Path) -> None:
    shutil.copy(world.chainguard / "built" / PLAIN, tmp_path / PLAIN)
    assert world.verify(tmp_path).conclusion is Conclusion.PASS
    os.mkfifo(tmp_path / "pipe-1.0-py3-none-any.whl")
    (tmp_path / "folder-1.0.tar.gz").mkdir()
    (tmp_path / "links.html").write_text('<a href="elsewhere/native-1.0-py3-none-any.whl">')
    found = world.verify(tmp_path)
    assert {(each.path, each.text) for each in found.unreadable} == {
        ("pipe-1.0-py3-none-any.whl", "the wheel could not be read: it is not an ordinary file"),
        ("folder-1.0.tar.gz", "the source archive could not be read: it is not an ordinary file"),
        (
            "links.html",
            "pip follows the links of a page among wheels, and what they lead to is not verified: take it out",
        ),
    }
    assert found.conclusion is Conclusion.UNKNOWN


def test_a_file_added_to_a_wheel_is_told(world: World, tmp_path: Path) -> None:
    members, info = members_of(world.chainguard / "built" / PLAIN)
    members["evil.pth"] = b"import os\n"
    (tmp_path / PLAIN).write_bytes(packed(members, info))
    found = one(world.verify(tmp_path), "plain")
    assert (found.origin, found.integrity) == (Origin.CHAINGUARD, Integrity.ADDED)
    assert [each.path for each in found.deviations] == ["evil.pth"]


def test_what_is_no_wheel_is_said_and_no_pass(world: World, tmp_path: Path) -> None:
    (tmp_path / PLAIN).write_bytes(b"no zip")
    (tmp_path / "no-name.whl").write_bytes(b"")
    found = world.verify(tmp_path)
    assert [each.text for each in found.unreadable] == [
        "the wheel could not be read: its name is not that of a wheel",
        "the wheel could not be read: it is not a valid zip archive",
    ]
    assert found.conclusion is Conclusion.UNKNOWN


def test_a_pip_report_goes_by_its_hashes(world: World, tmp_path: Path) -> None:
    from tests.installed.installers import Project

    project = Project("pip", tmp_path / "project", ("plain==1.0", "native==1.0"))
    project.declare(world.indexes.chainguard)
    project.run(
        "pip",
        "install",
        "-q",
        "--dry-run",
        "--ignore-installed",
        "--report",
        "report.json",
        "-r",
        "requirements.in",
    )
    found = world.verify(project.folder / "report.json")
    assert found.kind == "pip-report"
    assert [(each.name, each.origin, each.integrity, each.proof) for each in found.distributions] == [
        ("native", Origin.CHAINGUARD, Integrity.NOT_CHECKED, Proof.HASH),
        ("plain", Origin.CHAINGUARD, Integrity.NOT_CHECKED, Proof.HASH),
    ]
    assert found.conclusion is Conclusion.PASS


@pytest.mark.parametrize(
    ("item", "origin", "why"),
    [
        (
            {"download_info": {"url": "u", "archive_info": {"hashes": {"sha256": "0" * 64}}}},
            Origin.UNVERIFIABLE,
            "no index lists a file of this sha256",
        ),
        (
            {"download_info": {"url": "u", "archive_info": {}}},
            Origin.UNVERIFIABLE,
            "pip names no sha256 of its file",
        ),
        (
            {"download_info": {"url": "u", "dir_info": {}}},
            Origin.LOCAL_BUILD,
            "pip took it from a folder or a repository",
        ),
    ],
)
def test_an_item_of_a_pip_report_that_no_index_explains(
    world: World, tmp_path: Path, item: dict[str, Any], origin: Origin, why: str
) -> None:
    path = tmp_path / "report.json"
    path.write_text(
        json.dumps(
            {"pip_version": "26.3", "install": [{**item, "metadata": {"name": "Plain", "version": "1.0"}}]}
        )
    )
    found = one(world.verify(path), "plain")
    assert (found.origin, found.why, found.conclusion) == (origin, why, Conclusion.UNKNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"pip_version": "1", "install": 3}',
        '{"pip_version": "1", "install": [3]}',
        '{"pip_version": "1", "install": [{"download_info": {}, "metadata": {"name": 3}}]}',
    ],
)
def test_what_is_no_pip_report(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(TreeError, match=str(path)):
        read_pip_report(path)


def test_places_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match="there is no such file or folder"):
        place(tmp_path / "absent")
    with pytest.raises(TreeError, match="it holds no installed distribution, no wheel and no image"):
        place(tmp_path)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(TreeError, match="it is not a wheel, a pip report or an archive of an image"):
        place(tmp_path / "text")


# Wheels that nobody should believe


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def twice() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x-1.dist-info/RECORD", b"x.py,,\n")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("x-1.dist-info/RECORD", b"x.py,,\n")
    return buffer.getvalue()


def linked_outside() -> bytes:
    """A member that is a link: installers lay its target's text down as a file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo("../x.py")
        member.external_attr = 0o120777 << 16
        archive.writestr(member, "/etc/passwd")
        archive.writestr("x-1.dist-info/RECORD", b"x.py,,\n")
    return buffer.getvalue()


def truncated() -> bytes:
    return zipped({"x-1.dist-info/RECORD": b"x.py,,\n" * 100})[:-30]


def broken_member() -> bytes:
    data = bytearray(zipped({"x-1.dist-info/RECORD": b"x.py,sha256=AAAA,1\n" * 100}))
    data[60:70] = bytes(10)
    return bytes(data)


def encrypted() -> bytes:
    data = bytearray(zipped({"x-1.dist-info/RECORD": b"x.py,,\n"}))
    data[6] |= 1
    data[data.rindex(b"PK\1\2") + 8] |= 1
    return bytes(data)


def unknown_compression() -> bytes:
    data = bytearray(zipped({"x-1.dist-info/RECORD": b"x.py,,\n"}))
    data[8] = 99
    data[data.rindex(b"PK\1\2") + 10] = 99
    return bytes(data)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"no zip", "not a valid zip archive"),
    "empty": (lambda: b"", "not a valid zip archive"),
    "truncated": (truncated, "not a valid zip archive"),
    "broken member": (broken_member, "not a valid zip archive"),
    "encrypted": (encrypted, "not a valid zip archive"),
    "unknown compression": (unknown_compression, "not a valid zip archive"),
    "no RECORD": (lambda: zipped({"x.py": b""}), "has no RECORD"),
    "two dist-infos": (
        lambda: zipped({"x-1.dist-info/RECORD": b"", "y-1.dist-info/RECORD": b""}),
        "more than one RECORD",
    ),
    "two members of one name": (twice, "two members of one name"),
    "RECORD names a path above": (
        lambda: zipped({"x-1.dist-info/RECORD": b"../../evil.py,,\n"}),
        "leads outside",
    ),
    "RECORD names an absolute path": (
        lambda: zipped({"x-1.dist-info/RECORD": b"/etc/passwd,,\n"}),
        "leads outside",
    ),
    "RECORD names a drive": (lambda: zipped({"x-1.dist-info/RECORD": b"C:/evil.py,,\n"}), "leads outside"),
    "RECORD with backslashes": (
        lambda: zipped({"x-1.dist-info/RECORD": b"..\\evil.py,,\n"}),
        "leads outside",
    ),
    "a member leads above": (linked_outside, "leads outside"),
    "RECORD lists a file twice": (
        lambda: zipped({"x-1.dist-info/RECORD": b"x.py,,1\nx.py,,2\n"}),
        "one file twice",
    ),
    "RECORD is not UTF-8": (lambda: zipped({"x-1.dist-info/RECORD": b"\xff\n"}), "not UTF-8"),
    "RECORD is not CSV": (lambda: zipped({"x-1.dist-info/RECORD": b'"' + b"x" * 200_000 + b"\n"}), "not CSV"),
    "RECORD is a bomb": (
        lambda: zipped({"x-1.dist-info/RECORD": b"\0" * (wheels.MOST_RECORD + 1)}),
        "larger than 64 MB",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_wheel_ends_in_a_clear_line(case: str) -> None:
    make, words = HOSTILE[case]
    with pytest.raises(UnreadableFileError, match=words):
        read_wheel(io.BytesIO(make()))


def test_limits_of_a_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = wheel(tmp_path, "big", files={"big.py": "x" * 1000})
    monkeypatch.setattr(wheels, "MOST_UNPACKED", 500)
    with path.open("rb") as file, pytest.raises(UnreadableFileError, match="unpacks to more than"):
        read_whole_wheel(file)
    monkeypatch.setattr(wheels, "MOST_MEMBERS", 2)
    with path.open("rb") as file, pytest.raises(UnreadableFileError, match="more than 2 members"):
        read_wheel(file)
    monkeypatch.setattr("fallback_review.installed.record.MOST_ROWS", 1)
    with pytest.raises(RecordError, match="more than 1 rows"):
        read_record(b"a,,\nb,,\n")


@pytest.mark.parametrize("lie", ["changed", "missing"])
def test_a_wheel_that_is_not_as_its_record_says_is_refused_whole(tmp_path: Path, lie: str) -> None:
    members = {"x.py": b"one"}
    record = record_of({"x.py": b"two"} if lie == "changed" else {**members, "y.py": b""}, "x-1.dist-info")
    data = packed(members, "x-1.dist-info", record=record)
    assert read_wheel(io.BytesIO(data)).checked is False
    words = "not as its own RECORD says" if lie == "changed" else "does not hold"
    with pytest.raises(UnreadableFileError, match=words):
        read_whole_wheel(io.BytesIO(data))


def test_rows_of_unknown_hashes_are_kept_without() -> None:
    rows = read_record(b'a,md5=abc,1\n"b,c",sha256=***,x\nd,sha256=AAAA,\n\ne\n')
    assert [(row.path, row.hash, row.size) for row in rows] == [
        ("a", None, 1),
        ("b,c", None, None),
        ("d", None, None),
        ("e", None, None),
    ]


# Reading by range


def served(data: bytes, *, ranges: bool = True, lie: str = "") -> Callable[[Any], list[object]]:
    def reply(seen: Any) -> list[object]:
        asked = seen.headers.get("range", "")
        assert seen.method == "GET"
        assert seen.headers["accept-encoding"] == "identity"
        if not ranges:
            return answer(200, data, content_type="application/octet-stream")
        start, _, end = asked.removeprefix("bytes=").partition("-")
        first = int(start) if start else max(len(data) - int(end), 0)
        last = int(end) if start and end else len(data) - 1
        told = {
            "total": f"bytes {first}-{last}/{len(data) + 1}",
            "none": "pages 1-2/3",
            "short": f"bytes {first}-{last}/{len(data)}",
        }
        body = data[first : last + 1]
        body = body[:-1] if lie == "short" else b"" if lie == "empty" else body
        header = told.get(lie, f"bytes {first}-{last}/{len(data)}")
        return answer(206, body, content_type="application/octet-stream", headers={"Content-Range": header})

    return reply


def read(
    reply: Callable[[Any], Any],
    *,
    limits: Limits | None = None,
    whole: bool = False,
    sha256: str | None = None,
) -> Any:
    with scripted(reply) as server:
        file = ProjectFile(
            filename="x-1-py3-none-any.whl", url=f"{server.url}/x.whl", version="1", sha256=sha256
        )
        quick = limits or Limits(connect=2, read=2, question=5, total=10, retries=0)
        with FileClient(f"{server.url}/simple/", whole=whole, limits=quick) as client:
            (found,) = client.read([file], read_whole_wheel if whole else read_wheel).values()
    return found


def large(*, first: bool) -> bytes:
    """A wheel with a directory that 64 KiB do not hold, and RECORD at its other end."""
    members = {f"x/{'module' * 8}{number}.py": f"{number * 7919}".encode() for number in range(3_000)}
    return packed(members, "x-1.dist-info", first=first)


@pytest.mark.parametrize("first", [True, False], ids=["RECORD first", "RECORD last"])
def test_a_large_directory_and_a_record_far_off_take_a_few_parts(*, first: bool) -> None:
    data = large(first=first)
    found = read(served(data))
    assert isinstance(found, FileRead)
    assert len(found.value.rows) == 3_000
    assert found.requests <= 4
    assert found.received < len(data)
    assert not found.whole


def test_a_server_without_ranges_sends_the_whole_file() -> None:
    data = large(first=True)
    found = read(served(data, ranges=False))
    assert (found.requests, found.received, len(found.value.rows)) == (1, len(data), 3_000)


@pytest.mark.parametrize(
    ("reply", "cause", "words"),
    [
        (lambda _: answer(404), Cause.NO_COMPATIBLE_FILE, "answered 404"),
        (lambda _: answer(401), Cause.UNAUTHORIZED, "answered 401"),
        (lambda _: answer(403), Cause.FORBIDDEN, "answered 403"),
        (lambda _: answer(409), Cause.BLOCKED, "answered 409"),
        (lambda _: answer(599), Cause.UNREACHABLE, "answered 599"),
        (lambda _: [RESET], Cause.UNREACHABLE, "could not be read"),
        (lambda _: answer(200, b"x" * 2_000_000), Cause.MALFORMED_INDEX, "larger than 1 MB"),
        (served(large(first=True), lie="none"), Cause.MALFORMED_INDEX, "an invalid range"),
        (served(large(first=True), lie="short"), Cause.MALFORMED_INDEX, "an invalid range"),
        (served(b"PK" * 200_000), Cause.MALFORMED_INDEX, "not a valid zip archive"),
        (lambda _: [1, *answer(200, b"x")] * 20, Cause.UNREACHABLE, "could not be read"),
    ],
)
def test_what_a_server_does_instead_ends_in_a_clear_line(reply: Any, cause: Cause, words: str) -> None:
    limits = Limits(connect=1, read=0.5, question=1, total=3, retries=0, most_bytes=1024 * 1024)
    found = read(reply, limits=limits)
    assert isinstance(found, FileProblem)
    assert (found.cause, words in found.message) == (cause, True), found
    assert found.message.startswith("x-1-py3-none-any.whl could not be read")


def test_a_wheel_in_too_many_parts_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fallback_review.index.files.MOST_PARTS", 1)
    found = read(served(large(first=True)))
    assert isinstance(found, FileProblem)
    assert "too many parts" in found.message


def test_whole_wheels_are_held_to_the_digest_that_the_index_lists() -> None:
    data = large(first=True)
    wrong = read(served(data, ranges=False), whole=True, sha256="0" * 64)
    assert isinstance(wrong, FileProblem)
    assert "not those whose sha256 the index lists" in wrong.message
    refused = read(lambda _: answer(404), whole=True)
    assert isinstance(refused, FileProblem)
    assert refused.cause is Cause.NO_COMPATIBLE_FILE


def test_credentials_stay_with_the_index_where_files_lie_elsewhere(world: World, tmp_path: Path) -> None:
    path = world.chainguard / "built" / PLAIN
    url = world.indexes.chainguard.replace("simple/", f"simple/plain/1.0/{PLAIN}")
    file = ProjectFile(filename=path.name, url=url, version="1.0")
    before = len(world.indexes.asked())
    with FileClient(world.indexes.chainguard, Credentials("reader", "s3cret")) as client:
        (found,) = client.read([file], read_wheel).values()
    assert isinstance(found, FileRead)
    lines = world.indexes.asked()[before:]
    sent = {line.split()[0]: "Basic" in line for line in lines if PLAIN in line}
    assert sorted(sent.values()) == [False, True]  # the storage behind the redirect got none
    assert all(" GET " in line for line in lines)
