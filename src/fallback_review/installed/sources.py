"""What the indexes say of a project and of its wheels: the one door from this room to `index`."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Protocol

from fallback_review.index.credentials import credentials_for
from fallback_review.index.files import FileClient, FileProblem, FileRead, UnreadableFileError
from fallback_review.index.open import open_indexes, progress
from fallback_review.index.origins import origin_of
from fallback_review.index.session import Remembering
from fallback_review.installed.attestations import MOST_BYTES
from fallback_review.installed.projects import projects_of
from fallback_review.installed.wheels import Wheel, read_wheel, read_whole_wheel
from fallback_review.model import Index, Offered, Owner, Project, ProjectFile
from fallback_review.pipeline.context import addresses_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from rich.console import Console

    from fallback_review.index.open import Secrets
    from fallback_review.pipeline.ask import Ask
    from fallback_review.prediction.addresses import Addresses
    from fallback_review.settings.schema import Indexes

_CHUNK = 64 * 1024


class Sources(Protocol):
    """What this room asks."""

    ask: Ask
    """For predictions, over the same connections and answers."""

    def projects(self, names: Collection[str]) -> Mapping[str, Project]:
        """Return what the indexes say of each project."""
        ...

    def wheels(self, wanted: Collection[Offered]) -> Mapping[str, FileRead[Wheel] | FileProblem]:
        """Return what wheels say of themselves, by address."""
        ...

    def provenance(self, wanted: Collection[Offered]) -> Mapping[str, bytes | FileProblem]:
        """Return the provenance objects of files that have one, by the file's address."""
        ...


class _OfIndexes:
    def __init__(
        self,
        ask: Ask,
        addresses: Addresses,
        reader: Callable[[Index], FileClient],
        *,
        full: bool,
        console: Console | None,
    ) -> None:
        self.ask = ask
        self._addresses = addresses
        self._reader = reader
        self._full = full
        self._console = console

    def projects(self, names: Collection[str]) -> Mapping[str, Project]:
        return projects_of(self.ask, self._addresses, names)

    def wheels(self, wanted: Collection[Offered]) -> Mapping[str, FileRead[Wheel] | FileProblem]:
        found: dict[str, FileRead[Wheel] | FileProblem] = {}
        make = read_whole_wheel if self._full else read_wheel
        with progress(self._console) as track, track("Reading wheels", len(wanted)) as advance:
            for index in dict.fromkeys(each.index for each in wanted):
                client = self._reader(index)
                files = [each.file for each in wanted if each.index == index]
                found.update(client.read(files, make, on_read=advance))
        return found

    def provenance(self, wanted: Collection[Offered]) -> Mapping[str, bytes | FileProblem]:
        found: dict[str, bytes | FileProblem] = {}
        for each in wanted:
            address = each.file.provenance_url
            # Attestations lie with the index: an address elsewhere is nobody's that was named.
            if address is None or not _same_origin(address, each.index.url):
                continue
            file = ProjectFile(filename=f"the provenance of {each.file.filename}", url=address, version=None)
            (read,) = self._reader(each.index).read([file], _read_bounded).values()
            found[each.file.url] = read if isinstance(read, FileProblem) else read.value
        return found


def _same_origin(one: str, other: str) -> bool:
    try:
        return origin_of(one) == origin_of(other)
    except ValueError:
        return False


def _read_bounded(stream: IO[bytes]) -> bytes:
    data = b""
    while chunk := stream.read(_CHUNK):
        data += chunk
        if len(data) > MOST_BYTES:
            raise UnreadableFileError(f"it is larger than {MOST_BYTES // 1024**2} MB")
    return data


@contextmanager
def open_sources(
    indexes: Indexes, secrets: Secrets, *, full: bool = False, console: Console | None = None
) -> Iterator[Sources]:
    """Open the indexes and the reader of their files.

    Args:
        indexes: The addresses.
        secrets: Credentials and transport.
        full: Whether wheels are read whole, rather than their RECORD by range.
        console: Where progress is shown, if it is a terminal.
    """
    with ExitStack() as stack:
        ask = Remembering(stack.enter_context(open_indexes(indexes, secrets, console=console)))
        clients: dict[Index, FileClient] = {}

        def reader(index: Index) -> FileClient:
            if index not in clients:
                ours = index.owner is Owner.CHAINGUARD
                same_host = ours and origin_of(index.url) == origin_of(indexes.chainguard)
                explicit = secrets.explicit if same_host else None
                clients[index] = stack.enter_context(
                    FileClient(
                        index.url,
                        credentials_for(
                            index.url, owner=index.owner, explicit=explicit, environ=secrets.environ
                        ),
                        whole=full,
                        ca_bundle=secrets.ca_bundle,
                        environ=secrets.environ,
                    )
                )
            return clients[index]

        yield _OfIndexes(ask, addresses_of(indexes), reader, full=full, console=console)
