"""Servers that fail, byte by byte: the scripts that both halves of the matrix share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.scripted import FOREVER, RESET, Seen, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Reply = Callable[[Seen], Iterable[object]]

LOG_IN = b"<!DOCTYPE html><html><body><form action=/login><input type=password name=p></form></body></html>"


def status(code: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Reply:
    return lambda _: answer(code, body, content_type="application/json", headers=headers)


def silent(_: Seen) -> list[object]:
    return [FOREVER]


def dripping(_: Seen) -> Iterator[object]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
    while True:
        yield b" "
        yield 0.05


def dripping_headers(_: Seen) -> Iterator[object]:
    yield b"HTTP/1.1 200 OK\r\nX-"
    while True:
        yield b"x"
        yield 0.05


def killed(_: Seen) -> list[object]:
    return [RESET]


def log_in(_: Seen) -> list[object]:
    return answer(200, LOG_IN, content_type="text/html; charset=utf-8")


def looping(seen: Seen) -> list[object]:
    return answer(302, headers={"Location": seen.path})


def redirecting(url: str) -> Reply:
    return lambda seen: answer(302, headers={"Location": f"{url}{seen.path}"})
