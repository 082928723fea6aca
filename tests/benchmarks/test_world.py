"""The pages that `make bench` serves are read as pages, and have the sizes that the budgets speak of."""

from __future__ import annotations

import statistics
from http import HTTPStatus

import requests
from benchmarks.whole import indexes
from benchmarks.world import LARGE, TYPICAL, pinned, projects, serving

from fallback_review.index.client import IndexClient
from fallback_review.lockfiles import Text, parse
from fallback_review.model import Edition, Index, Owner
from fallback_review.model.files import Files


def test_pages_are_of_the_sizes_that_the_budgets_speak_of() -> None:
    sizes = [project.files for project in projects()]
    assert set(LARGE) <= set(sizes)
    typical = [size for size in sizes if size not in LARGE]
    assert 0.8 * TYPICAL < statistics.mean(typical) < 1.2 * TYPICAL


def test_each_pin_is_of_a_listed_version() -> None:
    old, new = (
        parse(Text(path="requirements.txt", text=pinned(20, newest=newest))) for newest in (False, True)
    )
    for project, before, after in zip(projects(), old.packages, new.packages, strict=False):
        assert (before.name, after.name) == (project.name, project.name)
        assert before.version != after.version
        assert {before.version, after.version} <= set(project.versions)


def test_both_forms_of_both_indexes_list_the_same_names_and_other_bytes() -> None:
    project = projects()[0]
    with serving() as world:
        found = {
            (owner, form): _listed(world.url(owner, form), project.name)
            for owner in ("chainguard", "pypi")
            for form in ("json", "html")
        }
        assert indexes(world, "html")[1] == world.url("chainguard", "html")
        wheel = next(iter(found["pypi", "json"])).url
        assert requests.get(f"{wheel}x", timeout=60).status_code == HTTPStatus.NOT_FOUND
    names = {key: [file.filename for file in files] for key, files in found.items()}
    assert len({tuple(each) for each in names.values()}) == 1
    assert len(names["pypi", "json"]) == len(project.versions) * project.per_version
    assert found["pypi", "json"].digests == found["pypi", "html"].digests
    assert found["pypi", "json"].digests.isdisjoint(found["chainguard", "json"].digests)


def _listed(url: str, name: str) -> Files:
    with IndexClient(Index(url, Owner.CHAINGUARD, Edition.MAIN)) as client:
        answer = client.ask([name])[name]
    assert isinstance(answer.files, Files)
    return answer.files
