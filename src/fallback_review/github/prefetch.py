"""Files of a pull request's trees, and the settings, in one request instead of one for each.

REST hands out one file a request, and an installer's configuration may lie in any of several files, most of
which are not there. GraphQL answers for all of them at once. What it does not answer byte for byte (large or
binary files, other encodings, symbolic links, a commit that it can't see, a GitHub without GraphQL) is left
to REST.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from fallback_review.github.branch_files import is_inside
from fallback_review.github.changed_lockfiles import Side
from fallback_review.github.errors import GitHubError, Need
from fallback_review.github.patches import blob_sha

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent

AT_ONCE = 100
"""Files in one query: GitHub ends a query that takes it more than ten seconds."""
LONG = 5
"""What a file counts that may well be long."""
_FIELDS = "{ __typename ... on Blob { oid text } }"
_OF_FOLDER = "{ __typename ... on Tree { entries { name object { __typename ... on Blob { oid text } } } } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One file to look for. `side` None is the base branch as it is now, where the settings are."""

    side: Side | None
    path: str
    weight: int = field(default=1, compare=False)
    """How much it takes of the `AT_ONCE` that a query may ask for."""
    link: bool = field(default=False, compare=False)
    """Whether it is known to be a symbolic link, whose target's name is wanted."""
    folder: bool = False
    """Whether it is a folder whose files are wanted, each under its own path."""


class _Object(BaseModel):
    model_config = ConfigDict(extra="ignore")

    kind: Annotated[str, Field(alias="__typename")]
    oid: str | None = None
    text: str | None = None


def prefetch(
    client: Client, event: PullRequestEvent, merge_base: str, wanted: Iterable[Wanted]
) -> Mapping[Wanted, bytes | None]:
    """Return the content of each wanted file, None where there surely is none.

    What is not in the answer has to be read in the ordinary way: GraphQL is a shortcut, and no trouble with
    it is an error. One request for each `AT_ONCE` files, in the order in which they are wanted, as far as the
    client may ask.
    """
    known: dict[Wanted, bytes | None] = {}
    try:
        for names in _queries(wanted):
            known.update(_ask(client, event, merge_base, names))
    except (GitHubError, AttributeError, LookupError, TypeError, ValueError):  # no answer, or an odd one
        return known
    return known


def _queries(wanted: Iterable[Wanted]) -> Iterator[list[Wanted]]:
    names: list[Wanted] = []
    met: set[Wanted] = set()
    weight = 0
    for each in wanted:
        if each in met or not is_inside(each.path):
            continue
        met.add(each)
        if names and weight + each.weight > AT_ONCE:
            yield names
            names, weight = [], 0
        names.append(each)
        weight += each.weight
    if names:
        yield names


def _ask(
    client: Client, event: PullRequestEvent, merge_base: str, names: list[Wanted]
) -> Iterator[tuple[Wanted, bytes | None]]:
    revisions = {
        None: event.base_sha if event.is_merge_group else f"refs/heads/{event.base_ref}",
        Side.BASE: merge_base,
        Side.HEAD: event.head_sha,
    }
    # Paths are a pull request's: they travel as variables and never become part of the query.
    sides = {f"side{index}": revision for index, revision in enumerate(revisions.values())}
    files = {f"file{index}": f"{revisions[each.side]}:{each.path}" for index, each in enumerate(names)}
    owner, _, name = event.repository.partition("/")
    fields = {alias: _OF_FOLDER if each.folder else _FIELDS for alias, each in zip(files, names, strict=True)}
    query = _query({**dict.fromkeys(sides, "{ __typename }"), **fields})
    variables = {"owner": owner, "name": name, **sides, **files}
    found = client.shortcut(query, variables, need=Need.CONTENTS_READ)["repository"]
    present = {side for side, alias in zip(revisions, sides, strict=True) if found[alias] is not None}
    for each, alias in zip(names, files, strict=True):
        if each.side in present:
            yield from (_contents if each.folder else _content)(each, found[alias])


def _query(fields: Mapping[str, str]) -> str:
    declared = "".join(f", ${alias}: String!" for alias in fields)
    asked = "\n".join(f"{alias}: object(expression: ${alias}) {what}" for alias, what in fields.items())
    return (
        f"query ($owner: String!, $name: String!{declared}) "
        f"{{ repository(owner: $owner, name: $name) {{\n{asked}\n}} }}"
    )


def _contents(each: Wanted, answer: Any) -> Iterator[tuple[Wanted, bytes | None]]:
    """Give the files of a folder; what is no file in it, or no text, is left out."""
    for entry in (answer or {}).get("entries", ()):
        if (entry["object"] or {}).get("__typename") == "Blob":
            yield from _content(Wanted(side=each.side, path=f"{each.path}/{entry['name']}"), entry["object"])


def _content(each: Wanted, answer: Any) -> Iterator[tuple[Wanted, bytes | None]]:
    """Give the file's bytes where they are surely these, nothing where they are not."""
    if answer is None:
        yield each, None
        return
    found = _Object.model_validate(answer)
    if found.kind == "Tree":
        yield each, None
    if found.oid is None or found.text is None:
        return
    content = found.text.encode()
    # A text that was cut, or decoded from another encoding, has another name. A symbolic link holds a path
    # and no line end; REST follows it.
    if blob_sha(content, like=found.oid) == found.oid and (each.link or not content or b"\n" in content):
        yield each, content
