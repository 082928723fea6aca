"""Pages that a folder keeps between runs; each is used only where its server confirms it, now.

hishel decides what may be kept and what a 304 confirms (RFC 9111), and keeps the pages in an SQLite file that
several processes may share. Beyond that, this module keeps

- no answer but a whole 200 with a validator, and no page that holds a credential or a link with one;
- no address: the file knows a question by its digest alone, and addresses with a query are left out;
- no page by its time alone where credentials were sent: two users' pages may have the same time. An entity
  tag stands for the very page that a server would send (RFC 9110, 8.8.3), whoever asks.
"""

from __future__ import annotations

import hashlib
import logging
import re
import sqlite3
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from hishel import (
    CacheMiss,
    CacheOptions,
    Entry,
    Headers,
    IdleClient,
    InvalidateEntries,
    NeedRevalidation,
    NeedToBeUpdated,
    Request,
    Response,
    SqliteStorage,
    StoreAndUse,
)
from msgspec import Struct

from fallback_review.index.conversations import MEGABYTE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from hishel import AnyState

MOST_BYTES = 256 * MEGABYTE
"""Of all pages; those that were not used for longest go first."""
FILE = "fallback-review-pages.db"
_UNUSED = 10.0
"""Seconds in which nobody used a page that may go: whoever has asked for it has read it by then."""
_OLD_ENOUGH = 60
"""Seconds that a page must be older than its answer: a change in the same second has the same time.

Source: RFC 9110, 8.8.2.2.
"""
_CHOSEN_BY = ("Accept", "Accept-Encoding", "User-Agent")
"""What of a question may decide which page answers it, besides its address."""
_NEVER = frozenset({"*", "authorization"})
"""What a page must not vary by."""
_ETAG = re.compile(r"[\x21-\x7e]{1,256}")
_USER_IN_LINK = re.compile(rb"://[^\s\"'<>/?#]{1,512}@")
_QUERY_IN_LINK = re.compile(rb"\?[\w.~%-]{1,64}=")
_DIGEST = "x-sha256"
_OPTIONS = CacheOptions(shared=False)
_LOG = logging.getLogger("hishel")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False  # Its faults are told in words of ours, once.


class Page(Struct, frozen=True):
    """A page that its server has confirmed."""

    content_type: str
    body: bytes


@contextmanager
def open_cache(
    folder: Path, warn: Callable[[str], None], *, most_bytes: int = MOST_BYTES
) -> Iterator[PageCache | None]:
    """Open the pages that a folder keeps, while the context lasts; None where that can't be done.

    A damaged file is thrown away, and a new one begun.

    Args:
        folder: Made where there is none.
        warn: Told, in one sentence, that the folder can't be used, or could not keep everything.
        most_bytes: How much all pages may take.
    """
    faults, storage = _Faults(), None
    _LOG.addHandler(faults)
    try:
        storage = _opened(folder, faults, most_bytes)
        if faults.damaged:
            storage.close()
            _discard(folder)
            faults.damaged = False
            storage = _opened(folder, faults, most_bytes)
        if why := faults.why():
            warn(f"The cache folder {folder} can't be used ({why}): the review goes on without it.")
            yield None
            return
        yield PageCache(storage, faults)
        if not faults.damaged and (why := faults.why()):
            warn(f"The cache folder {folder} could not keep everything ({why}).")
    finally:
        _LOG.removeHandler(faults)
        if storage is not None:
            storage.close()
        if faults.damaged:
            _discard(folder)


def _opened(folder: Path, faults: _Faults, most_bytes: int) -> SqliteStorage:
    storage = SqliteStorage(
        database_path=folder / FILE,
        max_size=most_bytes,
        max_stream_size=most_bytes // 4,
        soft_delete_ttl=_UNUSED,
    )
    try:
        storage.get_entries("")
    except RuntimeError:  # Tables of another program, or of another version of hishel.
        faults.damaged = True
    return storage


def _discard(folder: Path) -> None:
    for name in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
        with suppress(OSError):
            (folder / name).unlink()


class _Faults(logging.Handler):
    """Gathers the faults of the file: hishel goes on as if a page were not kept, and tells its log alone."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._reason = ""
        self.damaged = False
        """Whether the file itself is broken."""

    def why(self) -> str:
        """Return why something could not be read or written: the first fault; empty where there is none."""
        return self._reason or ("its file is damaged" if self.damaged else "")

    def emit(self, record: logging.LogRecord) -> None:
        """Note the exception of a record."""
        if record.exc_info and record.exc_info[1] is not None:
            self.note(record.exc_info[1])

    def note(self, error: BaseException) -> None:
        """Note a fault; others, as of an entry that went while it was read, are a page that is not kept."""
        if isinstance(error, OSError):
            self._reason = self._reason or error.strerror or type(error).__name__
        elif isinstance(error, sqlite3.OperationalError):  # Of the disk, of locks, of permissions.
            self._reason = self._reason or str(error)
        elif type(error) is sqlite3.DatabaseError:  # Its subclasses are about something else.
            self.damaged = True


class PageCache:
    """The pages of a folder; used by many threads at once."""

    def __init__(self, storage: SqliteStorage, faults: _Faults) -> None:
        self._storage = storage
        self._faults = faults

    def visit(self, url: str, headers: Mapping[str, str]) -> Visit | None:
        """Return what is kept of the answer to a question that is about to be asked; never raises.

        Args:
            url: Where it goes; None is returned where it has a query, which may be a signature.
            headers: All that go with it; of these, and of the address, nothing is written down.
        """
        if "?" in url:
            return None
        visit = Visit(self, _key(url, headers), authenticated="Authorization" in headers)
        with self.tolerant():
            visit.look(self._storage.get_entries(visit.key))
        return visit

    def put(self, visit: Visit, response: Response | None) -> None:
        """Put an answer in the place of what was kept; None for nothing."""
        for entry in visit.entries:
            self._storage.remove_entry(entry.id)
        if response is not None:
            made = self._storage.create_entry(visit.request, response, visit.key)
            _whole(made.response)

    @contextmanager
    def tolerant(self) -> Iterator[None]:
        """Take any error for a page that is not kept: a damaged file can cause each of them."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - see above
            self._faults.note(error)


class Visit:
    """One question to a server, beside what is kept of an earlier answer to it."""

    def __init__(self, cache: PageCache, key: str, *, authenticated: bool) -> None:
        self.key = key
        # With "no-cache" nothing is ever fresh: RFC 9111, 5.2.1.4.
        self.request = Request("GET", key, Headers({"cache-control": "no-cache"}))
        self.entries: list[Entry] = []
        self.conditions: dict[str, str] = {}
        """The headers that ask whether the page still holds; none where nothing is kept."""
        self._cache = cache
        self._authenticated = authenticated
        self._state: CacheMiss | NeedRevalidation = CacheMiss(request=self.request, options=_OPTIONS)
        self._page = Page("", b"")
        self._validators: Mapping[str, str] = {}

    def look(self, entries: list[Entry]) -> None:
        """Take the newest of the entries, unless it is damaged or must not be used for this question."""
        self.entries = entries
        state = IdleClient(options=_OPTIONS).next(self.request, entries[-1:])
        if not isinstance(state, NeedRevalidation):
            return
        response = state.revalidating_entries[0].response
        headers, body = response.headers, _whole(response)
        validators = {name: headers[name] for name in ("etag", "last-modified") if name in headers}
        page = Page(headers.get("content-type", ""), body)
        if headers.get(_DIGEST) != _digest(self.key, validators, page):
            return
        asked = state.request.headers
        # A tag is asked about alone: some servers compare the time first.
        if "if-none-match" in asked:
            self.conditions = {"If-None-Match": asked["if-none-match"]}
        elif not self._authenticated:
            self.conditions = {"If-Modified-Since": asked["if-modified-since"]}
        if self.conditions:
            self._state, self._page, self._validators = state, page, validators

    def confirmed(self, headers: Mapping[str, str]) -> Page | None:
        """Return the page that a 304 with these headers confirms; None where it confirms another one."""
        told = {name: headers[name] for name in ("etag", "last-modified", "date") if name in headers}
        with self._cache.tolerant():
            state = self._state.next(Response(HTTPStatus.NOT_MODIFIED.value, Headers(told)))
            if isinstance(state, NeedToBeUpdated) and self._is_same(told):
                return self._page
            self._cache.put(self, None)
        return None

    def _is_same(self, told: Mapping[str, str]) -> bool:
        """Whether a 304 speaks of the kept page, as far as it tells.

        A page without a tag has to be of the very same time: an older one is "not modified since" too, as
        after a rollback.
        """
        if "etag" in self._validators:
            return "etag" not in told or _opaque(told["etag"]) == _opaque(self._validators["etag"])
        return told.get("last-modified") == self._validators["last-modified"]

    def keep(self, headers: Mapping[str, str], body: bytes, secrets: Collection[bytes]) -> None:
        """Put a whole answer with status 200 in the place of what was kept, if it may be kept; never raises.

        Args:
            headers: The answer's.
            body: Unpacked.
            secrets: What must stand in no file.
        """
        with self._cache.tolerant():
            response = self._keepable(headers, body, secrets)
            if response is not None or self.entries:
                self._cache.put(self, response)

    def _keepable(
        self, headers: Mapping[str, str], body: bytes, secrets: Collection[bytes]
    ) -> Response | None:
        kept = {name: headers[name] for name in ("cache-control", "content-type", "date") if name in headers}
        validators = self._useful_validators(headers)
        varies = {name.strip().lower() for name in headers.get("vary", "").split(",")}
        if (
            not validators
            or varies & _NEVER
            or any(secret in body for secret in secrets)
            or (b"@" in body and _USER_IN_LINK.search(body))
            or _QUERY_IN_LINK.search(body)
        ):
            return None
        digest = _digest(self.key, validators, Page(kept.get("content-type", ""), body))
        shown = Headers({**kept, **validators, _DIGEST: digest})
        state: AnyState = self._state.next(Response(HTTPStatus.OK.value, shown, iter([body])))
        if isinstance(state, InvalidateEntries):
            state = state.next()
        return state.response if isinstance(state, StoreAndUse) else None

    def _useful_validators(self, headers: Mapping[str, str]) -> dict[str, str]:
        etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
        age = _seconds_between(modified, headers.get("date", ""))
        found = {"last-modified": modified} if age is not None else {}
        if _ETAG.fullmatch(etag):
            return {"etag": etag, **found}
        return found if not self._authenticated and (age or 0) >= _OLD_ENOUGH else {}


def _whole(response: Response) -> bytes:
    """Return the body of an answer, read to its end."""
    return b"".join(response.stream or ())  # type: ignore[arg-type]  # the stream of a storage that does not await


def _key(url: str, headers: Mapping[str, str]) -> str:
    parts = [url, *(str(headers.get(name, "")) for name in _CHOSEN_BY)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _digest(key: str, validators: Mapping[str, str], page: Page) -> str:
    """Return what shows that an entry is whole, and this question's: SQLite does not check what it reads."""
    parts = [key, validators.get("etag", ""), validators.get("last-modified", ""), page.content_type, ""]
    digest = hashlib.sha256("\n".join(parts).encode())
    digest.update(page.body)
    return digest.hexdigest()


def _opaque(etag: str) -> str:
    """Return an entity tag without its mark of weakness: that is how If-None-Match compares."""
    return etag.strip().removeprefix("W/")


def _seconds_between(earlier: str, later: str) -> float | None:
    try:
        return (parsedate_to_datetime(later) - parsedate_to_datetime(earlier)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
