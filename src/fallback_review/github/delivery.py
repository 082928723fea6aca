"""What became of each thing that was to be said on GitHub: less permission, less output, same verdict."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.github.errors import EventError, GitHubError, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Done(StrEnum):
    """What happened."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    """What an earlier setting had left was taken away."""
    SKIPPED = "skipped"
    """There was nothing to say, and nothing that had been said before."""
    SUPERSEDED = "superseded"
    """The pull request has another head or base by now, whose own run speaks for it."""
    FORBIDDEN = "forbidden"
    FAILED = "failed"


class Delivery(Struct, frozen=True, kw_only=True):
    """One channel's result."""

    channel: str
    """For people: ``comment``, ``review comments``, ``commit status``."""
    done: Done
    url: str | None = None
    permission: str | None = None
    """What was missing, as a workflow writes it."""
    message: str | None = None
    """Why it failed, and what to do: one line without credentials."""

    @property
    def delivered(self) -> bool:
        """Whether GitHub now shows what it should."""
        return self.done not in (Done.FORBIDDEN, Done.FAILED)


def attempt(channel: str, deliver: Callable[[], Delivery]) -> Delivery:
    """Return what `deliver` returns, or how it failed. A failed delivery never changes the verdict."""
    try:
        return deliver()
    except GitHubError as error:
        done = Done.FORBIDDEN if error.trouble is Trouble.FORBIDDEN else Done.FAILED
        return Delivery(channel=channel, done=done, permission=error.permission, message=str(error))
    except EventError as error:
        return Delivery(channel=channel, done=Done.FAILED, message=str(error))
    except (AttributeError, LookupError, TypeError) as error:
        message = f"GitHub's answer is not as documented ({type(error).__name__})"
        return Delivery(channel=channel, done=Done.FAILED, message=message)


def shortfall(deliveries: Iterable[Delivery]) -> tuple[str, ...]:
    """Return one sentence for people for each channel that could not be served, or not wholly."""
    return tuple(
        f"{'Some' if delivery.delivered else 'No'} {delivery.channel}: {delivery.message}"
        for delivery in deliveries
        if delivery.message
    )
