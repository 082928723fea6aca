"""Many HTTP requests at once, in one thread: libcurl's multi interface.

Threads that wait for answers and take turns at Python's lock cost more than all else of a request: a thousand
pages of 95 kB took 1.5 s of processor time with 32 threads and urllib3, 0.2 s so.
"""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Any, TypeVar

import pycurl
from msgspec import Struct
from msgspec.structs import replace

from fallback_review.index.conversations import Pause
from fallback_review.index.errors import QuestionError
from fallback_review.index.handle import Handle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fallback_review.index.conversations import Conversation, Exchange, Response
    from fallback_review.index.deadline import Question

Key = TypeVar("Key")
Value = TypeVar("Value")

_TICK = 0.1
"""Seconds between two looks at what is overdue, or to be stopped."""
_NO_SOCKET = 0.005
"""Seconds until libcurl is called again while it has nothing to wait for, as while a name is looked up."""
_OF_ALL_HOSTS = 4
"""How many times the connections of one host are kept: an index may send on to others."""


class Transfers:
    """Connections, kept between uses; one thread at a time uses them."""

    def __init__(self, connections: int, stopped: Callable[[], bool]) -> None:
        """Make none yet.

        Args:
            connections: How many to one host are kept.
            stopped: Whether all is to end; asked ten times a second.
        """
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, _OF_ALL_HOSTS * connections)
        self._stopped = stopped
        self._idle: list[Handle] = []
        self._under_way: dict[pycurl.Curl, tuple[Handle, _Talk]] = {}
        self._pausing: dict[_Talk, tuple[float, Question]] = {}
        self._ended: list[_Talk] = []

    def close(self) -> None:
        """Close the connections."""
        for handle in self._idle:
            handle.curl.close()
        self._multi.close()

    def hold(
        self, conversations: Iterator[tuple[Key, Conversation[Value]]], *, at_once: int, until: float
    ) -> Iterator[tuple[Key, Value | QuestionError]]:
        """Hold conversations side by side; yield what became of each as it ends.

        Whatever has room is sent before the caller is given an outcome, so that servers work while it does.

        Args:
            conversations: With what the caller knows them by; taken one by one, when there is room.
            at_once: How many there is room for.
            until: The `time.monotonic` at which to end, even if not all is done.
        """
        next_look = 0.0
        try:
            over = False
            while not over:
                over = self._stopped() or time.monotonic() >= until
                ready, self._ended = self._ended, []
                while not over and self._held() < at_once and (begun := next(conversations, None)):
                    self._go_on(_Talk(*begun))
                self._multi.perform()
                if (now := time.monotonic()) >= next_look:
                    next_look = now + _TICK
                    self._end_what_is_overdue()
                for talk in ready:
                    yield talk.key, talk.outcome
                    if time.monotonic() >= next_look:  # The caller takes its time; servers shall not notice.
                        next_look = time.monotonic() + _TICK
                        self._multi.perform()
                        self._take_what_arrived()
                self._take_what_arrived()
                self._resume()
                over = over or not (self._ended or self._wait())
        finally:
            for curl in tuple(self._under_way):
                self._end(curl)
            self._pausing.clear()
            self._ended.clear()

    def _held(self) -> int:
        return len(self._under_way) + len(self._pausing) + len(self._ended)

    def _go_on(
        self, talk: _Talk, response: Response | None = None, error: QuestionError | None = None
    ) -> None:
        """Give a conversation what it waits for, and do what it says next."""
        try:
            step = talk.conversation.throw(error) if error else talk.conversation.send(response)
        except StopIteration as end:
            self._ended.append(replace(talk, outcome=end.value))
        except QuestionError as failed:
            self._ended.append(replace(talk, outcome=failed))
        else:
            if isinstance(step, Pause):
                self._pausing[talk] = time.monotonic() + step.seconds, step.question
            else:
                self._send(talk, step)

    def _send(self, talk: _Talk, exchange: Exchange) -> None:
        handle = self._idle.pop() if self._idle else Handle()
        try:
            handle.prepare(exchange)
        except (ValueError, OSError, pycurl.error) as error:
            # A zero byte, a full disk, an address of megabytes.
            self._idle.append(handle)
            self._go_on(talk, error=QuestionError(f"the request failed ({type(error).__name__})"))
            return
        self._under_way[handle.curl] = handle, talk
        self._multi.add_handle(handle.curl)

    def _end(self, curl: pycurl.Curl) -> _Talk:
        """End a transfer; where its answer is not complete, its connection is closed."""
        self._multi.remove_handle(curl)
        handle, talk = self._under_way.pop(curl)
        handle.forget()
        self._idle.append(handle)
        return talk

    def _take_what_arrived(self) -> None:
        left = 1
        while left:
            left, good, bad = self._multi.info_read()
            for curl, code, text in [*((curl, pycurl.E_OK, "") for curl in good), *bad]:
                response, error = self._under_way[curl][0].outcome(code, text)
                self._go_on(self._end(curl), response, error)

    def _end_what_is_overdue(self) -> None:
        for curl, (handle, _) in tuple(self._under_way.items()):
            if handle.overdue():
                self._go_on(self._end(curl), error=QuestionError("no answer in time", passing=True))
        for talk, (_, question) in tuple(self._pausing.items()):
            if not question.remaining:
                del self._pausing[talk]
                self._go_on(talk, error=QuestionError("the check was stopped"))

    def _resume(self) -> None:
        now = time.monotonic()
        for talk, (resumes, _) in tuple(self._pausing.items()):
            if resumes <= now:
                del self._pausing[talk]
                self._go_on(talk)

    def _wait(self) -> bool:
        """Wait until something may have changed; return whether there is anything to wait for."""
        if not (self._under_way or self._pausing):
            return False
        now, told = time.monotonic(), self._multi.timeout()
        seconds = min([_TICK, *(max(resumes - now, 0) for resumes, _ in self._pausing.values())])
        seconds = min(seconds, told / 1000) if told >= 0 else seconds
        reading, writing, _ = self._multi.fdset()
        if reading or writing:
            select.select(reading, writing, [], seconds)
        else:
            time.sleep(min(seconds, _NO_SOCKET) if self._under_way else seconds)
        return True


class _Talk(Struct, frozen=True, eq=False):
    """A conversation that is held, and what became of it."""

    key: Any
    conversation: Conversation[Any]
    outcome: Any = None
