"""Bytecode files against their source: compiled again, and compared without loading what they hold.

A ``.pyc`` runs in place of its source, and no RECORD has a hash for it. Nothing of it is unmarshalled: the
stream is walked here, by the format of CPython's ``Python/marshal.c``, and both sides are brought to one
form, since how equal objects are shared in it depends on what else the process held when it compiled.
"""

from __future__ import annotations

import importlib.util
import marshal
import re
import struct
import sys
import warnings

_CACHED = re.compile(r"(?P<module>[^/]+?)\.(?P<tag>(?!opt-)[a-z]+-?\d+[a-z]*)(?:\.opt-(?P<level>[12]))?\.pyc")
_HEADER = 16
_DEEPEST = 2_000
_INTEGERS = 5
"""Of a code object, before its first object: argcount, posonlyargcount, kwonlyargcount, stacksize, flags."""
_TEXTS = {b"u"[0]: 4, b"t"[0]: 4, b"a"[0]: 4, b"A"[0]: 4, b"z"[0]: 1, b"Z"[0]: 1}
"""Kinds of text, and the bytes that hold their length: interned or not is the same text."""
_SEQUENCES = {b"("[0]: 4, b")"[0]: 1, b"["[0]: 4, b"<"[0]: 4, b">"[0]: 4}
_FIXED = {b"i"[0]: 4, b"I"[0]: 8, b"g"[0]: 8, b"y"[0]: 16}
_SINGLE = frozenset(b"NFTS.0")
_SHARED = 0x80


class _NotReadError(Exception):
    pass


def cached_source(name: str) -> tuple[str, str, int] | None:
    """Return module, interpreter tag and optimisation level of a name in ``__pycache__``, if it has them."""
    found = _CACHED.fullmatch(name)
    return (found["module"], found["tag"], int(found["level"] or 0)) if found else None


def can_check(tag: str) -> bool:
    """Whether this interpreter compiles as the one that a tag names does."""
    return tag == sys.implementation.cache_tag


def is_compiled_from(bytecode: bytes, source: bytes, level: int) -> bool | None:
    """Whether bytecode is what the source compiles to; None where this interpreter can't tell.

    The file name in it is left out of account: an environment may have been moved.
    """
    if bytecode[:4] != importlib.util.MAGIC_NUMBER:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(source, "<source>", "exec", dont_inherit=True, optimize=level)
        expected = marshal.dumps(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = bytecode[_HEADER:]
    if found == expected:
        return True
    forms = _Forms()
    try:
        ours = forms.read(expected)
    except (_NotReadError, RecursionError):
        return None
    try:
        return forms.read(found) == ours
    except (_NotReadError, RecursionError):
        return False


class _Forms:
    """Numbers for marshalled objects: equal objects have the same, however they are shared."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}

    def read(self, data: bytes) -> int:
        """Return the number of the object in a whole stream; raise `_NotReadError` where it is not sound."""
        stream = _Stream(data)
        number = self._object(stream, 0)
        if stream.at != len(data):
            raise _NotReadError
        return number

    def _number(self, form: object) -> int:
        return self._numbers.setdefault(form, len(self._numbers))

    def _object(self, stream: _Stream, depth: int) -> int:
        if depth > _DEEPEST:
            raise _NotReadError
        kind = stream.take(1)[0]
        shared, kind = kind & _SHARED, kind & ~_SHARED
        if kind == b"r"[0]:
            return stream.known(stream.integer(4))
        place = stream.reserve() if shared else None
        number = self._number(self._form(kind, stream, depth))
        if place is not None:
            stream.keep(place, number)
        return number

    def _form(self, kind: int, stream: _Stream, depth: int) -> object:
        if kind in _SINGLE:
            return kind
        if kind in _FIXED:
            return kind, stream.take(_FIXED[kind])
        if kind in _TEXTS:
            return b"u"[0], stream.take(stream.integer(_TEXTS[kind]))
        if kind in _SEQUENCES:
            return self._sequence(kind, stream, depth)
        return self._other(kind, stream, depth)

    def _other(self, kind: int, stream: _Stream, depth: int) -> object:
        match chr(kind):
            case "s":
                return kind, stream.take(stream.integer(4))
            case "l":
                digits = stream.signed()
                return kind, digits, stream.take(2 * abs(digits))
            case ":":
                return kind, *(self._object(stream, depth + 1) for _ in range(3))
            case "c":
                return self._code(stream, depth)
        raise _NotReadError

    def _sequence(self, kind: int, stream: _Stream, depth: int) -> object:
        members = [self._object(stream, depth + 1) for _ in range(stream.count(_SEQUENCES[kind]))]
        if kind in b"<>":
            members.sort()
        return b"("[0] if kind == b")"[0] else kind, tuple(members)

    def _code(self, stream: _Stream, depth: int) -> object:
        numbers = stream.take(4 * _INTEGERS)
        # code, consts, names, localsplusnames, localspluskinds | filename | name, qualname
        before = tuple(self._object(stream, depth + 1) for _ in range(5))
        self._object(stream, depth + 1)
        names = tuple(self._object(stream, depth + 1) for _ in range(2))
        first_line = stream.take(4)
        tables = tuple(self._object(stream, depth + 1) for _ in range(2))
        return "code", numbers, before, names, first_line, tables


class _Stream:
    """Bytes that are taken one after the other, and the objects that later ones refer to."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0
        self._kept: list[int | None] = []

    def take(self, length: int) -> bytes:
        if length < 0 or self.at + length > len(self._data):
            raise _NotReadError
        self.at += length
        return self._data[self.at - length : self.at]

    def integer(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def signed(self) -> int:
        return int(struct.unpack("<i", self.take(4))[0])

    def count(self, width: int) -> int:
        """A length that what follows can hold: each object takes a byte at least."""
        found = self.integer(width)
        if found > len(self._data) - self.at:
            raise _NotReadError
        return found

    def reserve(self) -> int:
        self._kept.append(None)
        return len(self._kept) - 1

    def keep(self, place: int, number: int) -> None:
        self._kept[place] = number

    def known(self, place: int) -> int:
        found = self._kept[place] if place < len(self._kept) else None
        if found is None:
            raise _NotReadError
        return found
