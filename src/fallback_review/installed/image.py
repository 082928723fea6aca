"""The file system of a container image, read from its archive without unpacking it to disk as files.

Sources: the OCI image format (layout, layers, whiteouts) and what ``docker save`` writes. Nothing in an image
is run, no link is followed out of it, and every size is bounded.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, Self

from msgspec import Struct, field

from fallback_review.installed.tree import Listed, TreeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_JSON = 4 * 1024 * 1024
MOST_MEMBERS = 5_000_000
MOST_UNPACKED = 64 * 1024**3
"""Bytes that all layers of an image may unpack to."""
MOST_RATIO = 200
"""How many times its length a layer may unpack to, beyond the first gigabyte: real ones stay below 20."""
MOST_LAYERS = 1_000
_FIRST = 1024**3
_CHUNK = 1024 * 1024
_MOST_LINKS = 40
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_ZSTD = b"\x28\xb5\x2f\xfd"
_GZIP = b"\x1f\x8b"


class _File(Struct, frozen=True):
    stream: IO[bytes]
    at: int
    size: int


class _Link(Struct, frozen=True):
    target: str


class _Folder(Struct):
    names: dict[str, _Node] = field(default_factory=dict)


class _Other(Struct, frozen=True):
    """A device or a pipe."""


_Node = _File | _Link | _Folder | _Other


class Image:
    """An image's file system as a tree; close it by its `with`."""

    def __init__(self, path: Path) -> None:
        """Read an archive of ``docker save`` or of an OCI layout, or such a layout's folder.

        Raises:
            TreeError: it is neither, or larger or stranger than any real one.
        """
        self._root = _Folder()
        self._stack = ExitStack()
        self._left = MOST_UNPACKED
        self._members = 0
        self.architecture: str | None = None
        try:
            self._read(path)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def names(self, folder: str) -> list[Listed]:
        """Return what is in a folder."""
        found = self._find(folder)
        if not isinstance(found, _Folder):
            return []
        base = f"{folder}/" if folder else ""
        return [Listed(name, self._kind(f"{base}{name}", node)) for name, node in sorted(found.names.items())]

    def _kind(self, path: str, node: _Node) -> str:
        if isinstance(node, _Link):
            return "file" if isinstance(self._find(path), _File) else "other"
        return "file" if isinstance(node, _File) else "folder" if isinstance(node, _Folder) else "other"

    def size(self, path: str) -> int | None:
        """Return a file's length."""
        found = self._find(path)
        return found.size if isinstance(found, _File) else None

    def open(self, path: str) -> IO[bytes] | None:
        """Open a file."""
        found = self._find(path)
        return (
            io.BufferedReader(_Slice(found.stream, found.at, found.size))
            if isinstance(found, _File)
            else None
        )

    def _find(self, path: str) -> _Node | None:
        """Walk a path, links included; nothing leads above the root."""
        waiting = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        above: list[_Folder] = [self._root]
        links = 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                above = above[:-1] or [self._root]
                continue
            node = above[-1].names.get(part)
            if isinstance(node, _Link):
                links += 1
                if links > _MOST_LINKS:
                    return None
                if node.target.startswith("/"):
                    above = [self._root]
                waiting += [each for each in reversed(node.target.split("/")) if each not in ("", ".")]
            elif isinstance(node, _Folder):
                above.append(node)
            else:
                return None if waiting else node
        return above[-1]

    def _read(self, path: Path) -> None:
        blobs = _FolderBlobs(path) if path.is_dir() else _ArchiveBlobs(path, self._stack)
        layers = self._layers(blobs)
        if len(layers) > MOST_LAYERS:
            raise TreeError(f"it has more than {MOST_LAYERS:,} layers")
        for name in layers:
            stream = blobs.open(name)
            if stream is None:
                raise TreeError(f"it lacks the layer {name[:80]!a}")
            self._stack.callback(stream.close)
            self._layer(self._plain(stream))

    def _layers(self, blobs: _Blobs) -> list[str]:
        manifest = _parsed(blobs, "manifest.json")
        if isinstance(manifest, list):
            if len(manifest) != 1:
                raise TreeError("it holds several images: save one alone")
            entry = manifest[0] if isinstance(manifest[0], dict) else {}
            self._note_config(blobs, entry.get("Config"))
            return _names(entry.get("Layers"))
        index = _parsed(blobs, "index.json")
        if not isinstance(index, dict):
            raise TreeError(
                "it is not an image (docker save, OCI layout): it has neither manifest.json nor index.json"
            )
        for _ in range(4):
            manifests = index.get("manifests")
            if manifests is None:
                break
            found = (
                [each for each in manifests if isinstance(each, dict) and not _is_attestation(each)]
                if isinstance(manifests, list)
                else []
            )
            if len(found) != 1:
                raise TreeError("it holds images for several platforms: save one alone")
            index = _parsed(blobs, _blob(found[0]))
            if not isinstance(index, dict):
                raise TreeError("it lacks its manifest")
        config = index.get("config")
        self._note_config(blobs, _blob(config) if isinstance(config, dict) else None)
        layers = index.get("layers")
        return _names(
            [isinstance(each, dict) and _blob(each) for each in layers] if isinstance(layers, list) else 0
        )

    def _note_config(self, blobs: _Blobs, name: object) -> None:
        config = _parsed(blobs, name) if isinstance(name, str) else None
        architecture = config.get("architecture") if isinstance(config, dict) else None
        self.architecture = architecture if isinstance(architecture, str) else None

    def _plain(self, stream: IO[bytes]) -> IO[bytes]:
        """Return a layer's tar archive, unpacked to a temporary file where it is compressed."""
        start = stream.read(4)
        length = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        if start[:2] == _GZIP:
            unpacked: IO[bytes] = gzip.GzipFile(fileobj=stream)  # type: ignore[assignment]  # a reader of bytes
        elif start == _ZSTD:
            unpacked = _zstd(stream)
        else:
            return stream
        held: IO[bytes] = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
        allowed = min(max(_FIRST, length * MOST_RATIO), self._left)
        try:
            while allowed >= 0 and (chunk := unpacked.read(_CHUNK)):
                allowed -= held.write(chunk)
        except Exception as error:  # noqa: BLE001 - the decompressors' own kinds are many
            raise TreeError(f"a layer can't be unpacked ({type(error).__name__})") from None
        if allowed < 0:
            raise TreeError("a layer unpacks to far too much")
        self._left -= held.tell()
        held.seek(0)
        return held

    def _layer(self, stream: IO[bytes]) -> None:
        """Lay one layer upon those below: its whiteouts hide what they have, and nothing of its own."""
        own: set[int] = set()
        try:
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                for member in _members(archive):
                    self._members += 1
                    if self._members > MOST_MEMBERS:
                        raise TreeError(f"it holds more than {MOST_MEMBERS:,} members")
                    self._lay(member, stream, own)
        except (tarfile.TarError, EOFError, OSError, ValueError, OverflowError) as error:
            raise TreeError(f"a layer is not a valid tar archive ({type(error).__name__})") from None

    def _lay(self, member: tarfile.TarInfo, stream: IO[bytes], own: set[int]) -> None:
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise TreeError("a layer has a member whose path leads outside of it")
        if not parts:
            return
        folder = self._parent(parts[:-1])
        name = parts[-1]
        if name == _OPAQUE:
            for each in [key for key, node in folder.names.items() if id(node) not in own]:
                del folder.names[each]
            return
        if name.startswith(_WHITEOUT):
            hidden = name.removeprefix(_WHITEOUT)
            if id(folder.names.get(hidden)) not in own:
                folder.names.pop(hidden, None)
            return
        node = self._node(member, stream, folder.names.get(name))
        if node is not None:
            folder.names[name] = node
            own.add(id(node))

    def _node(self, member: tarfile.TarInfo, stream: IO[bytes], there: _Node | None) -> _Node | None:
        if member.isdir():
            return there if isinstance(there, _Folder) else _Folder()
        if member.issym():
            return _Link(member.linkname)
        if member.islnk():
            target = self._find(member.linkname)
            return target if isinstance(target, _File | _Link | _Other) else None
        if member.isreg() and not member.issparse():
            return _File(stream, member.offset_data, member.size)
        return _Other()

    def _parent(self, parts: list[str]) -> _Folder:
        """Return the folder that a member lies in, made where it is not there yet; links stay inside."""
        found = self._find("/".join(parts))
        if isinstance(found, _Folder):
            return found
        folder = self._root
        for part in parts:
            node = folder.names.get(part)
            if isinstance(node, _Link):
                node = self._find("/".join(parts[: parts.index(part) + 1]))
            if not isinstance(node, _Folder):
                node = folder.names[part] = _Folder()
            folder = node
        return folder


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the members, and let none of them be kept: a layer may have millions."""
    while (member := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined]  # typeshed leaves it out
        yield member


class _Slice(io.RawIOBase):
    """A part of a file as a file of its own."""

    def __init__(self, stream: IO[bytes], start: int, size: int) -> None:
        super().__init__()
        self._stream, self._start, self._size, self._at = stream, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        wanted = max(min(len(view), self._size - self._at), 0)
        self._stream.seek(self._start + self._at)
        data = self._stream.read(wanted)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


class _ArchiveBlobs:
    """The files of an outer tar archive."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._found: dict[str, _File] = {}
        links: dict[str, str] = {}
        try:
            stream = stack.enter_context(path.open("rb"))
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                for count, member in enumerate(_members(archive)):
                    if count > MOST_MEMBERS:
                        raise TreeError(f"it holds more than {MOST_MEMBERS:,} members")
                    name = member.name.removeprefix("./")
                    if member.isreg() and not member.issparse():
                        self._found[name] = _File(stream, member.offset_data, member.size)
                    elif member.issym() or member.islnk():
                        links[name] = member.linkname
        except (tarfile.TarError, EOFError, OSError, ValueError, OverflowError) as error:
            raise TreeError(f"it is not a tar archive that can be read ({type(error).__name__})") from None
        # Older docker links layers that images share; a link leads to a file of the archive or nowhere.
        for name, target in links.items():
            plain = target.removeprefix("../")
            if plain in self._found:
                self._found[name] = self._found[plain]

    def open(self, name: str) -> IO[bytes] | None:
        found = self._found.get(name)
        return io.BufferedReader(_Slice(found.stream, found.at, found.size)) if found else None


class _FolderBlobs:
    """The files of an OCI layout's folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, name: str) -> IO[bytes] | None:
        parts = name.split("/")
        if any(part in ("", ".", "..") for part in parts):
            return None
        path = self._path.joinpath(*parts)
        return path.open("rb") if path.is_file() else None


_Blobs = _ArchiveBlobs | _FolderBlobs


def _parsed(blobs: _Blobs, name: str) -> Any:
    stream = blobs.open(name)
    if stream is None:
        return None
    with stream:
        data = stream.read(MOST_JSON + 1)
    if len(data) > MOST_JSON:
        raise TreeError(f"its {name[:80]!a} is too large")
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise TreeError(f"its {name[:80]!a} is not JSON") from None


def _blob(descriptor: dict[str, Any]) -> str:
    """Return where an OCI layout keeps what a descriptor names."""
    algorithm, _, digest = str(descriptor.get("digest")).partition(":")
    return f"blobs/{algorithm}/{digest}"


def _names(layers: object) -> list[str]:
    names = [each for each in layers if isinstance(each, str)] if isinstance(layers, list) else []
    if not names or names != layers:
        raise TreeError("its manifest names no layers")
    return names


def _is_attestation(descriptor: dict[str, Any]) -> bool:
    platform = descriptor.get("platform")
    return isinstance(platform, dict) and platform.get("architecture") == "unknown"


def _zstd(stream: IO[bytes]) -> IO[bytes]:
    """Open a layer that Zstandard compressed: with Python's own module from 3.14 on, else its backport."""
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    unpacked: IO[bytes] = import_module(name).open(stream, "rb")
    return unpacked


def looks_like_image(path: Path) -> bool:
    """Whether a path is an archive or a folder of an image, by what it holds."""
    if path.is_dir():
        return (path / "oci-layout").is_file() and (path / "index.json").is_file()
    try:
        return path.is_file() and tarfile.is_tarfile(path)
    except OSError:
        return False
