"""Reading files of an index: a part of each by range, or the whole of it with its digest.

A part is asked for with GET and ``Range`` (RFC 9110, section 14), never with HEAD: a pre-signed address is
signed for one method. ``Accept-Encoding: identity``, since a server that compresses sends the whole file.
"""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Generic, Self, TypeVar

from msgspec import Struct

from fallback_review.index.conversations import MEGABYTE
from fallback_review.index.deadline import Question
from fallback_review.index.errors import QuestionError
from fallback_review.index.http import Limits, Wire
from fallback_review.index.origins import bare, origin_of, sendable
from fallback_review.model import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed import WriteableBuffer

    from fallback_review.index.credentials import Credentials
    from fallback_review.index.http import Fetched
    from fallback_review.model import ProjectFile

Read = TypeVar("Read")

TAIL = 64 * 1024
"""Bytes from a file's end that are asked for first: they hold the whole directory of most wheels."""
WINDOW = 64 * 1024
"""Bytes that one further question asks for at least."""
MOST_PARTS = 64
"""Questions for one file; a reader that wants more of them had better have the whole file."""
RANGED = Limits(most_bytes=64 * MEGABYTE)
WHOLE = Limits(question=1800, total=4 * 3600, most_bytes=8 * 1024 * MEGABYTE)
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_TICK = 0.1
_REFUSALS: dict[int, Cause] = {
    HTTPStatus.UNAUTHORIZED: Cause.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN: Cause.FORBIDDEN,
    HTTPStatus.CONFLICT: Cause.BLOCKED,
    HTTPStatus.NOT_FOUND: Cause.NO_COMPATIBLE_FILE,
}


class FileProblem(Struct, frozen=True, kw_only=True):
    """Why a file could not be read."""

    cause: Cause
    message: str
    """One line for people, without credentials."""


class FileRead(Struct, Generic[Read], frozen=True, kw_only=True):
    """What was made of a file, and what that cost."""

    value: Read
    whole: bool
    """Whether the whole file was read and its bytes have the digest that the index lists."""
    requests: int
    received: int
    """Bytes of bodies."""


class UnreadableFileError(Exception):
    """What a reader raises for a file that it can't read: says why, as a clause."""


class RangedFile(io.RawIOBase):
    """A file behind an address, read as far as it is looked at; raises `QuestionError`.

    A server that knows no ranges sends the whole file, which is taken up to the limit of the connection.
    """

    def __init__(self, wire: Wire, url: str, question: Question) -> None:
        """Prepare to read; nothing is sent before the first look."""
        super().__init__()
        self._wire = wire
        self._url = url
        self._question = question
        self._parts: list[tuple[int, bytes]] = []
        self._size: int | None = None
        self._at = 0
        self.requests = 0
        self.received = 0

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; from the end costs the first question."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(whence)
        if base is None:
            base = self.size
        if base + offset < 0:
            raise ValueError("before the beginning of the file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    @property
    def size(self) -> int:
        """The length of the whole file."""
        if self._size is None:
            self._fetch(f"bytes=-{TAIL}")
        if self._size is None:  # pragma: no cover - `_fetch` sets it or raises
            raise AssertionError
        return self._size

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what is held or fetched at the place; 0 at the end."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), max(self.size - self._at, 0))
        if not wanted:
            return 0
        found = self._held() or self._load(wanted)
        length = min(wanted, len(found))
        view[:length] = found[:length]
        self._at += length
        return length

    def prefetch(self, start: int, length: int) -> None:
        """Ask for a stretch in one question, where it is not held already."""
        start, end = max(start, 0), min(start + length, self.size)
        if end > start and not any(at <= start and at + len(part) >= end for at, part in self._parts):
            self._fetch(f"bytes={start}-{end - 1}")

    def _held(self) -> memoryview | None:
        for start, part in self._parts:
            if start <= self._at < start + len(part):
                return memoryview(part)[self._at - start :]
        return None

    def _load(self, wanted: int) -> memoryview:
        self._fetch(f"bytes={self._at}-{min(self._at + max(wanted, WINDOW), self.size) - 1}")
        held = self._held()
        if held is None:
            raise QuestionError("it sent another part of the file", cause=Cause.MALFORMED_INDEX)
        return held

    def _fetch(self, wanted: str) -> None:
        if self.requests >= MOST_PARTS:
            raise QuestionError("the file lies in too many parts", cause=Cause.MALFORMED_INDEX)
        headers = {"Range": wanted, "Accept": "*/*", "Accept-Encoding": "identity"}
        fetched = self._wire.get(self._url, self._question, headers=headers)
        self.requests += 1
        self.received += len(fetched.body)
        # Behind a redirect the rest is asked for where the file lies: one round trip a part less.
        self._url = fetched.url
        if fetched.status == HTTPStatus.OK:
            self._parts = [(0, fetched.body)]
            self._size = len(fetched.body)
            return
        if fetched.status != HTTPStatus.PARTIAL_CONTENT:
            raise refused(fetched)
        told = _CONTENT_RANGE.fullmatch(fetched.content_range.strip())
        if told is None or int(told[2]) - int(told[1]) + 1 != len(fetched.body):
            raise QuestionError("it answered with an invalid range", cause=Cause.MALFORMED_INDEX)
        if self._size not in (None, int(told[3])):
            raise QuestionError("the file changed while it was read", cause=Cause.MALFORMED_INDEX)
        self._size = int(told[3])
        self._parts.append((int(told[1]), fetched.body))


def refused(fetched: Fetched) -> QuestionError:
    """Return what an answer means that is no file."""
    words = f"{fetched.host} answered {fetched.status} when it was asked for a file that the index lists"
    return QuestionError(words, cause=_REFUSALS.get(fetched.status, Cause.UNREACHABLE))


class FileClient:
    """The files of one index, several at a time; credentials go to the index's own origin alone."""

    def __init__(
        self,
        index_url: str,
        credentials: Credentials | None = None,
        *,
        whole: bool = False,
        connections: int = 32,
        limits: Limits | None = None,
        ca_bundle: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare to read; nothing is sent before `read`.

        Args:
            index_url: The index that lists the files: where `credentials` may go.
            credentials: As for the index.
            whole: Whether whole files are fetched and their digests checked, rather than parts.
            connections: How many files are read at once; of whole ones, at most four.
            limits: Time-outs, repetitions and sizes.
            ca_bundle: A file of trusted certificates.
            environ: The environment as the caller read it.
        """
        self._whole = whole
        self._limits = limits or (WHOLE if whole else RANGED)
        self._connections = min(connections, 4) if whole else connections
        self._under_way: set[Question] = set()
        self._wire = Wire(
            origin_of(sendable(bare(index_url))),
            credentials,
            connections=self._connections,
            limits=self._limits,
            ca_bundle=ca_bundle,
            environ=environ or {},
            accept="*/*",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.close()

    def read(
        self,
        files: Iterable[ProjectFile],
        make: Callable[[IO[bytes]], Read],
        *,
        on_read: Callable[[], None] | None = None,
    ) -> dict[str, FileRead[Read] | FileProblem]:
        """Read files; return what `make` made of each, or the problem, by address.

        Args:
            files: As the index lists them.
            make: Is given a seekable binary file, in a thread of its own; raises `UnreadableFileError`.
            on_read: Called in this thread after each file, for progress.
        """
        wanted = {file.url: file for file in files}
        if not wanted:
            return {}
        found: dict[str, FileRead[Read] | FileProblem] = {}
        end = time.monotonic() + self._limits.total
        pool = ThreadPoolExecutor(min(self._connections, len(wanted)), thread_name_prefix="files")
        try:
            waiting = {pool.submit(self._read_one, file, make): url for url, file in wanted.items()}
            while waiting and time.monotonic() < end:
                done, _ = wait(waiting, timeout=_TICK, return_when=FIRST_COMPLETED)
                for future in done:
                    found[waiting.pop(future)] = future.result()
                    if on_read:
                        on_read()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for question in tuple(self._under_way):
                question.cut()
        for url in waiting.values():
            words = f"the limit of {self._limits.total:g} s for reading files was used up"
            found[url] = FileProblem(cause=Cause.UNREACHABLE, message=words)
        return found

    def _read_one(self, file: ProjectFile, make: Callable[[IO[bytes]], Read]) -> FileRead[Read] | FileProblem:
        question = Question(self._limits.question)
        self._under_way.add(question)
        try:
            return (
                self._read_whole(file, make, question)
                if self._whole
                else self._read_parts(file, make, question)
            )
        except QuestionError as error:
            return FileProblem(cause=error.cause, message=f"{file.filename} could not be read: {error.words}")
        except UnreadableFileError as error:
            return FileProblem(
                cause=Cause.MALFORMED_INDEX, message=f"{file.filename} could not be read: {error}"
            )
        finally:
            self._under_way.discard(question)

    def _read_parts(
        self, file: ProjectFile, make: Callable[[IO[bytes]], Read], question: Question
    ) -> FileRead[Read]:
        ranged = RangedFile(self._wire, file.url, question)
        # `zipfile` asks for no more than the methods that a raw file has.
        value = make(ranged)  # type: ignore[arg-type]  # as much of IO as readers use
        return FileRead(value=value, whole=False, requests=ranged.requests, received=ranged.received)

    def _read_whole(
        self, file: ProjectFile, make: Callable[[IO[bytes]], Read], question: Question
    ) -> FileRead[Read]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        with tempfile.TemporaryFile() as held:
            fetched = self._wire.get(file.url, question, headers=headers, into=held)
            if fetched.status != HTTPStatus.OK:
                raise refused(fetched)
            length = held.tell()
            held.seek(0)
            digest = hashlib.file_digest(held, "sha256").hexdigest()
            if file.sha256 is not None and digest != file.sha256:
                raise UnreadableFileError("its bytes are not those whose sha256 the index lists")
            held.seek(0)
            return FileRead(value=make(held), whole=file.sha256 is not None, requests=1, received=length)
