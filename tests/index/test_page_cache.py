"""Pages that are kept between runs: used where their server confirms them, and never otherwise."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.index import page_cache as cache_module
from fallback_review.index.client import IndexClient
from fallback_review.index.credentials import Credentials
from fallback_review.index.http import ACCEPT, Limits
from fallback_review.index.page_cache import FILE, open_cache
from fallback_review.index.vex import VexFeed
from fallback_review.model import Answer, Cause
from tests.index.conftest import PROJECTS
from tests.index.indexes import chainguard, own, pypi
from tests.servers.nginx import PASSWORD, USERNAME, NginxIndex, nginx_index
from tests.servers.scripted import Seen, answer, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fallback_review.model import Index

JSON = "application/vnd.pypi.simple.v1+json"
QUICK = Limits(retries=0, question=10)
TIMES = {"Date": "Wed, 04 Nov 2026 10:00:00 GMT", "Last-Modified": "Tue, 03 Nov 2026 10:00:00 GMT"}
LATER = {"Date": "Wed, 04 Nov 2026 11:00:00 GMT", "Last-Modified": "Wed, 04 Nov 2026 10:30:00 GMT"}
SECRET = Credentials("someone-with-a-name", "a-very-secret-token")


def page(*versions: str, name: str = "six", filler: str = "", base: str = "/files/") -> bytes:
    files = [
        {
            "filename": f"{name}-{version}.tar.gz",
            "url": f"{base}{name}-{version}.tar.gz",
            "hashes": {"sha256": f"{number:064x}"},
            "filler": filler,
        }
        for number, version in enumerate(versions, start=1)
    ]
    return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()


@dataclass(slots=True)
class Site:
    """What a server has now; it knows conditions as RFC 9110 says."""

    body: bytes = field(default_factory=lambda: page("1.0"))
    headers: dict[str, str] = field(default_factory=lambda: {"ETag": '"one"'})
    status: int = 200
    content_type: str = JSON

    def reply(self, seen: Seen) -> list[object]:
        if self.status != 200:
            return answer(self.status, b"sorry", headers=self.headers)
        tag, time = seen.headers.get("if-none-match"), seen.headers.get("if-modified-since")
        if tag is not None:
            same = tag == self.headers.get("ETag")
        else:
            same = time is not None and time == self.headers.get("Last-Modified")
        if same:
            return answer(304, headers=self.headers, content_type=None)
        return answer(body=self.body, headers=self.headers, content_type=self.content_type)


class Kept:
    """A folder, and what is said of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warnings: list[str] = []

    def ask(
        self,
        index: Index,
        credentials: Credentials | None = None,
        name: str = "six",
        most_bytes: int = cache_module.MOST_BYTES,
        limits: Limits = QUICK,
    ) -> Answer:
        """Ask as one run does."""
        with (
            open_cache(self.folder, self.warnings.append, most_bytes=most_bytes) as cache,
            IndexClient(index, credentials, limits=limits, cache=cache) as client,
        ):
            return client.ask([name])[name]

    @property
    def stored(self) -> bytes:
        """Every byte of every file of the folder, and their names."""
        return b"".join(path.name.encode() + path.read_bytes() for path in sorted(self.folder.iterdir()))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "cache")


def versions(found: Answer) -> list[str | None]:
    assert found.problem is None, found.message
    return [file.version for file in found.files]


def asked_whether(seen: Seen) -> dict[str, str]:
    return {name: value for name, value in seen.headers.items() if name.startswith("if-")}


def test_a_page_is_used_once_its_server_has_confirmed_it(kept: Kept) -> None:
    site = Site()
    with scripted(site.reply) as server:
        first = kept.ask(own(server.url))
        second = kept.ask(own(server.url))
    assert first == second
    assert versions(second) == ["1.0"]
    assert [asked_whether(seen) for seen in server.seen] == [{}, {"if-none-match": '"one"'}]
    assert not kept.warnings


def test_a_page_that_changed_takes_the_place_of_the_kept_one(kept: Kept) -> None:
    site = Site()
    with scripted(site.reply) as server:
        kept.ask(own(server.url))
        site.body, site.headers = page("2.0"), {"ETag": '"two"'}
        assert versions(kept.ask(own(server.url))) == ["2.0"]
        assert versions(kept.ask(own(server.url))) == ["2.0"]
    assert [asked_whether(seen) for seen in server.seen] == [
        {},
        {"if-none-match": '"one"'},
        {"if-none-match": '"two"'},
    ]


def test_freshness_counts_for_nothing(kept: Kept) -> None:
    """An hour's life, as the server gives it, would let a cache answer by itself."""
    site = Site(headers={"ETag": '"one"', "Cache-Control": "max-age=3600, immutable", "Date": TIMES["Date"]})
    with scripted(site.reply) as server:
        for _ in range(3):
            kept.ask(own(server.url))
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Date": TIMES["Date"]},
        {"Last-Modified": TIMES["Last-Modified"]},  # without Date nobody knows whether it is old enough
        {"Last-Modified": "Wed, 04 Nov 2026 09:59:59 GMT", "Date": TIMES["Date"]},
        {"Last-Modified": "yesterday", "Date": TIMES["Date"]},
        {"ETag": '"one"', "Cache-Control": "no-store"},
        {"ETag": '"one"', "Vary": "Accept, Authorization"},
        {"ETag": '"one"', "Vary": "*"},
        {"ETag": '"one two"'},
        {"ETag": f'"{"x" * 300}"'},
    ],
)
def test_what_is_not_kept(kept: Kept, headers: dict[str, str]) -> None:
    site = Site(headers=headers)
    with scripted(site.reply) as server:
        for _ in range(2):
            assert versions(kept.ask(own(server.url))) == ["1.0"]
    assert [asked_whether(seen) for seen in server.seen] == [{}, {}]
    assert b"1.0.tar.gz" not in kept.stored


def test_a_time_alone(kept: Kept) -> None:
    site = Site(headers=TIMES)
    with scripted(site.reply) as server:
        kept.ask(own(server.url))
        assert versions(kept.ask(own(server.url))) == ["1.0"]
        site.body, site.headers = page("2.0"), LATER
        assert versions(kept.ask(own(server.url))) == ["2.0"]
    assert [asked_whether(seen) for seen in server.seen][1:] == [
        {"if-modified-since": TIMES["Last-Modified"]},
        {"if-modified-since": TIMES["Last-Modified"]},
    ]


def test_a_rolled_back_page_is_not_modified_since_and_yet_another_one(kept: Kept) -> None:
    site = Site(headers=LATER)

    def reply(seen: Seen) -> list[object]:
        """As servers that compare times: whatever is not newer is not modified."""
        if "if-modified-since" in seen.headers and site.headers is TIMES:
            return answer(304, headers=site.headers, content_type=None)
        return site.reply(seen)

    with scripted(reply) as server:
        kept.ask(own(server.url))
        site.body, site.headers = page("0.9"), TIMES
        assert versions(kept.ask(own(server.url))) == ["0.9"]
    assert [bool(asked_whether(seen)) for seen in server.seen] == [False, True, False]


def test_a_time_alone_is_nothing_where_credentials_are_sent(kept: Kept) -> None:
    """Two users' pages may have the same time; a tag stands for one page, whoever asks."""
    site = Site(headers=TIMES)
    with scripted(site.reply) as server:
        kept.ask(own(server.url))
        kept.ask(own(server.url), SECRET)
        assert versions(kept.ask(own(server.url), SECRET)) == ["1.0"]
    assert [asked_whether(seen) for seen in server.seen] == [{}, {}, {}]


def test_two_users_of_one_address(kept: Kept) -> None:
    pages = {
        base64.b64encode(f"{user}:token-of-{user}".encode()).decode(): (page(version), f'"{user}"')
        for user, version in (("ann", "1.0"), ("bob", "2.0"))
    }

    def reply(seen: Seen) -> list[object]:
        body, tag = pages[seen.headers["authorization"].removeprefix("Basic ")]
        return Site(body=body, headers={"ETag": tag}).reply(seen)

    ann, bob = Credentials("ann", "token-of-ann"), Credentials("bob", "token-of-bob")
    with scripted(reply) as server:
        for _ in range(2):
            assert versions(kept.ask(own(server.url), ann)) == ["1.0"]
            assert versions(kept.ask(own(server.url), bob)) == ["2.0"]
            assert versions(kept.ask(own(server.url), bob)) == ["2.0"]
    assert b"token-of" not in kept.stored


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (500, Cause.UNREACHABLE),
        (404, Cause.PROJECT_MISSING),
        (403, Cause.FORBIDDEN),
        (401, Cause.UNAUTHORIZED),
        (409, Cause.BLOCKED),
    ],
)
def test_an_error_after_a_kept_page_is_that_error(kept: Kept, status: int, cause: Cause) -> None:
    site = Site()
    with scripted(site.reply) as server:
        kept.ask(own(server.url))
        site.status = status
        assert kept.ask(own(server.url)).problem is cause
        site.status, site.body = 200, page("2.0")
        site.headers = {"ETag": '"two"'}
        assert versions(kept.ask(own(server.url))) == ["2.0"]


@pytest.mark.parametrize("status", [404, 500, 203, 206])
def test_only_a_200_is_kept(kept: Kept, status: int) -> None:
    site = Site(status=status)
    with scripted(site.reply) as server:
        kept.ask(own(server.url))
        kept.ask(own(server.url))
    assert [asked_whether(seen) for seen in server.seen] == [{}, {}]
    assert b"sorry" not in kept.stored


def test_a_body_that_is_cut_short_is_not_kept(kept: Kept) -> None:
    body = page("1.0")
    with scripted(lambda seen: answer(body=body, headers={"ETag": '"one"'}, length=len(body) + 1)) as server:
        assert kept.ask(own(server.url)).problem is Cause.UNREACHABLE
        assert kept.ask(own(server.url)).problem is Cause.UNREACHABLE
    assert not any(map(asked_whether, server.seen))


def test_a_body_whose_end_nobody_tells_is_not_kept(kept: Kept) -> None:
    with scripted(lambda seen: answer(body=page("1.0"), headers={"ETag": '"one"'}, length=-1)) as server:
        assert versions(kept.ask(own(server.url))) == ["1.0"]
        kept.ask(own(server.url))
    assert not any(map(asked_whether, server.seen))


def test_a_body_that_is_too_large_is_not_kept(kept: Kept) -> None:
    small = Limits(retries=0, most_bytes=1_000)
    site = Site(body=page("1.0", filler="x" * 2_000))
    with scripted(site.reply) as server:
        assert kept.ask(own(server.url), limits=small).problem is Cause.MALFORMED_INDEX
        kept.ask(own(server.url), limits=small)
    assert not any(map(asked_whether, server.seen))


def test_a_304_that_confirms_another_page_is_asked_again(kept: Kept) -> None:
    site = Site()

    def reply(seen: Seen) -> list[object]:
        if asked_whether(seen):
            return answer(304, headers={"ETag": '"another"'}, content_type=None)
        return site.reply(seen)

    with scripted(reply) as server:
        kept.ask(own(server.url))
        site.body = page("2.0")
        assert versions(kept.ask(own(server.url))) == ["2.0"]
    assert [bool(asked_whether(seen)) for seen in server.seen] == [False, True, False]


def test_a_304_that_nobody_asked_for_is_no_page(kept: Kept) -> None:
    with scripted(lambda seen: answer(304, content_type=None)) as server:
        assert kept.ask(own(server.url)).problem is Cause.MALFORMED_INDEX


def test_a_weak_tag_and_a_compressed_page(kept: Kept) -> None:
    packed = gzip.compress(page("1.0"))

    def reply(seen: Seen) -> list[object]:
        headers = {"ETag": 'W/"one"', **TIMES, "Vary": "Accept-Encoding"}
        if seen.headers.get("if-none-match") == 'W/"one"':
            return answer(304, headers=headers, content_type=None)
        return answer(body=packed, headers={**headers, "Content-Encoding": "gzip"})

    with scripted(reply) as server:
        kept.ask(own(server.url))
        assert versions(kept.ask(own(server.url))) == ["1.0"]
    assert [asked_whether(seen) for seen in server.seen] == [{}, {"if-none-match": 'W/"one"'}]


def test_two_forms_of_one_address(kept: Kept) -> None:
    """The feed asks for JSON alone, an index for a page in any form: neither gets what is kept for the other."""
    document = b'{"statements": []}'

    def reply(seen: Seen) -> list[object]:
        ours = seen.headers["accept"] == "application/json"
        return Site(body=document if ours else page("1.0", name="six")).reply(seen)

    with scripted(reply) as server, open_cache(kept.folder, kept.warnings.append) as cache:
        for _ in range(2):
            with (
                IndexClient(own(f"{server.url}/pypi"), limits=QUICK, cache=cache) as index,
                VexFeed(server.url, limits=QUICK, cache=cache) as feed,
            ):
                # Both ask for the same address.
                index._page = feed._page = lambda name: "same"  # type: ignore[method-assign]  # see above
                feed._base = f"{server.url}/pypi"
                assert versions(index.ask(["six"])["six"]) == ["1.0"]
                assert feed.ask(["six"])["six"].problem is None
    assert {seen.path for seen in server.seen} == {"/pypi/same"}
    assert [bool(asked_whether(seen)) for seen in server.seen] == [False, False, True, True]


def test_html_and_json_of_nginx(kept: Kept, nginx: NginxIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """nginx chooses by Accept and does not say so."""
    sizes = []
    for accept in (ACCEPT, "text/html", ACCEPT, "text/html"):
        monkeypatch.setattr(IndexClient, "_accept", accept)
        found = kept.ask(own(nginx.open), name="flask")
        assert len(found.files) == 3
        sizes.append(found.files[0].size)
    assert sizes == [7, None, 7, None]  # only JSON tells sizes


@pytest.mark.lab
def test_nginx_behind_basic_auth(kept: Kept, tmp_path: Path) -> None:
    right = Credentials(USERNAME, PASSWORD)
    with nginx_index(tmp_path, PROJECTS) as nginx:
        index = chainguard(nginx.guarded)
        first, second = (kept.ask(index, right, name="flask") for _ in range(2))
        refused = kept.ask(index, Credentials(USERNAME, "expired"), name="flask")
        nobody = kept.ask(index, name="flask")
        log = [line.split('"')[2].split()[0] for line in nginx.log.read_text().splitlines()]
    assert first == second
    assert len(second.files) == 3
    assert refused.problem is nobody.problem is Cause.UNAUTHORIZED
    assert log == ["200", "304", "401", "401"]


def test_a_redirected_page_is_kept_under_the_address_that_has_it(kept: Kept) -> None:
    site, target = Site(), "/old/"

    def reply(seen: Seen) -> list[object]:
        if seen.path == "/six/":
            return answer(302, headers={"Location": target, "ETag": '"one"'})
        body = page("1.0" if seen.path == "/old/" else "2.0")
        return Site(body=body, headers=site.headers).reply(seen)

    with scripted(reply) as server:
        first = kept.ask(own(server.url))
        assert kept.ask(own(server.url)) == first
        assert first.url == f"{server.url}/old/"
        target = "/new/"
        found = kept.ask(own(server.url))
    assert versions(found) == ["2.0"]
    assert found.url == f"{server.url}/new/"
    assert [(seen.path, bool(asked_whether(seen))) for seen in server.seen] == [
        ("/six/", False),
        ("/old/", False),
        ("/six/", False),
        ("/old/", True),
        ("/six/", False),
        ("/new/", False),
    ]


def test_an_address_with_a_query_is_not_kept(kept: Kept) -> None:
    def reply(seen: Seen) -> list[object]:
        if seen.path == "/six/":
            return answer(302, headers={"Location": "/signed/?X-Signature=0123456789abcdef"})
        return Site().reply(seen)

    with scripted(reply) as server:
        for _ in range(2):
            assert versions(kept.ask(own(server.url))) == ["1.0"]
    assert not any(map(asked_whether, server.seen))
    assert b"0123456789abcdef" not in kept.stored
    assert b"six-1.0.tar.gz" not in kept.stored


def test_no_file_holds_a_credential(kept: Kept) -> None:
    site = Site(headers={"ETag": '"one"', "Set-Cookie": "session=cookie-0f1e2d", "Vary": "Cookie, Accept"})
    with scripted(site.reply) as server:
        address = server.url.replace("://", "://userinfo-name:userinfo-token@")
        kept.ask(own(f"{address}/private-place/"), SECRET)
        kept.ask(own(f"{address}/private-place/"), SECRET)
    assert asked_whether(server.seen[1])
    pair = base64.b64encode(f"{SECRET.username}:{SECRET.password}".encode())
    for secret in (
        SECRET.username.encode(),
        SECRET.password.encode(),
        pair,
        b"userinfo",
        b"cookie-0f1e2d",
        b"authorization",
        b"private-place",
        str(server.port).encode(),
    ):
        assert secret not in kept.stored.lower() + kept.stored
    assert b"six-1.0.tar.gz" in kept.stored


@pytest.mark.parametrize(
    "base",
    [
        "https://ann:token-2b7e@files.example/",
        "https://token-2b7e@files.example/",
        "https://files.example/?token=token-2b7e&file=",
        f"https://files.example/{SECRET.password}/",
    ],
)
def test_a_page_that_repeats_a_credential_is_not_kept(kept: Kept, base: str) -> None:
    site = Site(body=page("1.0", base=base))
    with scripted(site.reply) as server:
        for _ in range(2):
            kept.ask(own(server.url), SECRET)
    assert not any(map(asked_whether, server.seen))
    assert b"token" not in kept.stored


def test_a_page_that_became_one_that_is_not_kept_goes(kept: Kept) -> None:
    site = Site()
    with scripted(site.reply) as server:
        kept.ask(own(server.url))
        site.headers = {}
        kept.ask(own(server.url))
        kept.ask(own(server.url))
    assert [bool(asked_whether(seen)) for seen in server.seen] == [False, True, False]


def _overwrite(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1_000)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _bits_of_the_page(path: Path) -> None:
    data = path.read_bytes()
    assert data.count(b"six-1.0.tar.gz") == 2
    path.write_bytes(data.replace(b"six-1.0.tar.gz", b"six-9.9.tar.gz"))


def _bits_of_its_kind(path: Path) -> None:
    data = path.read_bytes()
    assert JSON.encode() in data
    path.write_bytes(data.replace(JSON.encode(), JSON.replace("json", "html").encode()))


def _another_program(path: Path) -> None:
    path.unlink()
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('CREATE TABLE entries (a)')"
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)


@pytest.mark.parametrize(
    "damage", [_overwrite, _cut, _empty, _bits_of_the_page, _bits_of_its_kind, _another_program]
)
def test_a_damaged_file_is_as_if_nothing_were_kept(kept: Kept, damage: Callable[[Path], None]) -> None:
    site = Site()
    with scripted(site.reply) as server:
        first = kept.ask(own(server.url))
        damage(kept.folder / FILE)
        assert kept.ask(own(server.url)) == first
        # At the latest after another run it is whole again.
        for _ in range(2):
            assert kept.ask(own(server.url)) == first
    assert not asked_whether(server.seen[1])
    assert asked_whether(server.seen[3])


@pytest.mark.parametrize("seed", range(40))
def test_any_damage_is_a_page_that_is_asked_for(kept: Kept, seed: int) -> None:
    chance = random.Random(seed)
    site = Site(body=page(*(f"{number}.0" for number in range(200))))
    with scripted(site.reply) as server:
        first = kept.ask(own(server.url))
        data = bytearray((kept.folder / FILE).read_bytes())
        for _ in range(chance.choice((1, 30, 3_000))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (kept.folder / FILE).write_bytes(data)
        assert kept.ask(own(server.url)) == first
        assert kept.ask(own(server.url)) == first


def test_damage_that_shows_late_is_thrown_away_at_the_end(kept: Kept) -> None:
    """The first look may succeed where a page of the file that nobody looked at yet is broken."""
    site = Site(body=page(*(f"{number}.0" for number in range(2_000))))
    with scripted(site.reply) as server:
        first = kept.ask(own(server.url))
        path = kept.folder / FILE
        data = path.read_bytes()
        whole = 4096
        path.write_bytes(
            data[:whole]
            + b"".join(
                b"\xff" * whole
                if b".0.tar.gz" in data[at : at + whole] or at > 5 * whole
                else data[at : at + whole]
                for at in range(whole, len(data), whole)
            )
        )
        for _ in range(3):
            assert kept.ask(own(server.url)) == first
    assert asked_whether(server.seen[-1])
    assert not kept.warnings


def test_a_folder_that_cannot_be_made(kept: Kept) -> None:
    kept.folder.write_text("a file")
    with scripted(Site().reply) as server:
        for _ in range(2):
            assert versions(kept.ask(own(server.url))) == ["1.0"]
    assert (
        kept.warnings
        == [f"The cache folder {kept.folder} can't be used (File exists): the review goes on without it."] * 2
    )


def test_a_file_that_cannot_be_opened(kept: Kept) -> None:
    (kept.folder / FILE).mkdir(parents=True)
    with scripted(Site().reply) as server:
        assert versions(kept.ask(own(server.url))) == ["1.0"]
    [warning] = kept.warnings
    assert "can't be used (unable to open database file): the review goes on without it." in warning


def test_a_disk_that_is_full(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = cache_module._opened

    def small(*given: Any) -> Any:
        storage = opened(*given)
        assert storage.connection is not None
        storage.connection.execute("PRAGMA max_page_count = 12")  # as SQLite itself says that nothing fits
        return storage

    monkeypatch.setattr(cache_module, "_opened", small)
    site = Site(body=page("1.0", filler="x" * 100_000))
    with scripted(site.reply) as server:
        assert versions(kept.ask(own(server.url))) == ["1.0"]
        assert versions(kept.ask(own(server.url))) == ["1.0"]
    assert (
        kept.warnings
        == [f"The cache folder {kept.folder} could not keep everything (database or disk is full)."] * 2
    )


@contextmanager
def sized(size: int) -> Iterator[Any]:
    """A server with a page of that size for each name."""

    def reply(seen: Seen) -> list[object]:
        name = seen.path.strip("/")
        return Site(body=page("1.0", name=name, filler="x" * size), headers={"ETag": f'"{name}"'}).reply(seen)

    with scripted(reply) as server:
        yield server


def test_old_pages_go(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_UNUSED", 0.0)
    most = 1_000_000
    with sized(100_000) as server:
        for number in range(40):
            kept.ask(own(server.url), name=f"name-{number}", most_bytes=most)
            kept.ask(own(server.url), name="name-0", most_bytes=most)  # in use all the time
        size = sum(path.stat().st_size for path in kept.folder.iterdir())
        assert most / 2 < size < most * 1.5
        kept.ask(own(server.url), name="name-39", most_bytes=most)
        kept.ask(own(server.url), name="name-1", most_bytes=most)
    assert [(seen.path, bool(asked_whether(seen))) for seen in server.seen[-3:]] == [
        ("/name-0/", True),
        ("/name-39/", True),
        ("/name-1/", False),
    ]
    assert not kept.warnings


def test_a_page_that_would_push_out_many_is_not_kept(kept: Kept) -> None:
    with sized(300_000) as server:
        for _ in range(2):
            kept.ask(own(server.url), most_bytes=1_000_000)
    assert not any(map(asked_whether, server.seen))


PROCESS = """
import sys
from pathlib import Path
from fallback_review.index.client import IndexClient
from fallback_review.index.page_cache import open_cache
from fallback_review.model import Index, Owner
folder, url = sys.argv[1:]
warnings = []
for turn in range(5):
    with open_cache(Path(folder), warnings.append) as cache:
        with IndexClient(Index(url, Owner.OWN), cache=cache) as client:
            answers = client.ask([f"name-{number}" for number in range(40)])
    wrong = [each for name, each in answers.items()
             if each.problem or [file.filename for file in each.files] != [f"{name}-1.0.tar.gz"]]
    if wrong or warnings:
        sys.exit(f"{wrong[:1]} {warnings}")
"""


def test_several_processes_at_once(kept: Kept) -> None:
    with sized(20_000) as server:
        command = [sys.executable, "-c", PROCESS, str(kept.folder), server.url]
        running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        assert [(process.communicate()[1], process.returncode) for process in running] == [("", 0)] * 3
        asked = len(server.seen)
        assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 0
    assert all(map(asked_whether, server.seen[asked:]))
    assert len(server.seen) == asked + 5 * 40


def test_one_of_two_processes_finds_the_file_damaged(kept: Kept) -> None:
    """It begins a new file beneath the other, which goes on."""
    site = Site()
    with scripted(site.reply) as server, open_cache(kept.folder, kept.warnings.append) as cache:
        with IndexClient(own(server.url), limits=QUICK, cache=cache) as client:
            first = client.ask(["six"])["six"]
        (kept.folder / FILE).write_bytes(b"no database" * 1_000)
        assert kept.ask(own(server.url)) == first
        with IndexClient(own(server.url), limits=QUICK, cache=cache) as client:
            assert client.ask(["six"])["six"] == first
    with scripted(site.reply) as server:
        assert versions(kept.ask(pypi(server.url))) == ["1.0"]
