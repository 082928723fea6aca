"""How two sides of one lockfile are compared."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from fallback_review.lockfiles.diff import diff
from fallback_review.model import (
    Artifact,
    Change,
    ChangeKind,
    Ecosystem,
    LockedPackage,
    Lockfile,
    LockfileDiff,
    Notice,
    Source,
    SourceKind,
)
from fallback_review.model.versions import went_down
from tests.work import calls

INDEX = Source(kind=SourceKind.REGISTRY, location="https://index.example/simple")
OTHER = Source(kind=SourceKind.REGISTRY, location="https://other.example/simple")
UNSTATED = Source(kind=SourceKind.REGISTRY)
EDITABLE = Source(kind=SourceKind.EDITABLE, location=".")


def package(version: str | None, source: Source = INDEX, *hashes: str, **more: Any) -> LockedPackage:
    artifacts = tuple(Artifact(hashes=(f"sha256:{digest}",)) for digest in hashes)
    plain = LockedPackage(name="a", version=version, source=source, artifacts=artifacts, line=1)
    return replace(plain, **more)


def git(commit: str | None, reference: str | None = None) -> Source:
    return Source(kind=SourceKind.GIT, location="https://git.example/a", commit=commit, reference=reference)


def file(host: str, digest: str = "1") -> Artifact:
    return Artifact(url=f"https://{host}/a.whl", hashes=(f"sha256:{digest}",))


def lockfile(*packages: LockedPackage, lock_format: str = "uv.lock", **more: Any) -> Lockfile:
    return Lockfile(path="uv.lock", format=lock_format, packages=packages, **more)


def compare(base: list[LockedPackage], head: list[LockedPackage]) -> LockfileDiff:
    return diff(lockfile(*base), lockfile(*head))


def only(base: list[LockedPackage], head: list[LockedPackage]) -> Change:
    (change,) = compare(base, head).changes
    return change


def versions(packages: tuple[LockedPackage, ...]) -> list[str | None]:
    return [one.version for one in packages]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ([], ["1.0"], "added"),
        (["1.0"], [], "removed"),
        (["1.0"], ["1.1"], "upgraded"),
        (["1.10"], ["1.9"], "downgraded"),
        (["1.0"], ["1.0+cgr.1"], "upgraded"),
        (["1.0"], ["1.0", "2.0"], "upgraded"),
        (["2.0"], ["1.0", "2.0"], "downgraded"),
        (["1.0", "2.0"], ["2.0"], "upgraded"),
        (["1.0", "2.0"], ["1.0"], "downgraded"),
        (["1.0", "2.0", "3.0"], ["1.0", "3.0"], "downgraded"),
        (["1.0", "3.0"], ["2.0", "3.0"], "upgraded"),
        (["2022g"], ["2021c"], "upgraded"),
        (["1.0"], [None], "upgraded"),
        ([None], ["1.0"], "upgraded"),
        (["not a version"], ["not a version", "1.0"], "upgraded"),
        (["not a version", "1.0"], ["not a version"], "upgraded"),
    ],
)
def test_kinds(before: list[str | None], after: list[str | None], kind: str) -> None:
    change = only([package(one) for one in before], [package(one) for one in after])
    assert change.kind.value == kind
    assert set(versions(change.before)) == set(before)
    assert set(versions(change.after)) == set(after)
    assert set(versions(change.gained)) == set(after) - set(before)


def test_nothing_changed() -> None:
    compared = compare([package("1.0", INDEX, "1")], [package("1.0", INDEX, "1", line=9)])
    assert (compared.changes, compared.metadata_only) == ((), ())


def test_versions_stand_oldest_first_and_rows_by_name() -> None:
    compared = compare(
        [], [package("1.10"), package("1.9"), package("1.0rc1"), package("x"), package("2", name="0")]
    )
    assert [change.name for change in compared.changes] == ["0", "a"]
    assert versions(compared.changes[1].after) == ["x", "1.0rc1", "1.9", "1.10"]


def test_one_name_in_two_worlds_is_two_rows() -> None:
    compared = compare([], [package("1"), package("1", ecosystem=Ecosystem.CONDA)])
    assert [change.ecosystem.value for change in compared.changes] == ["conda", "pypi"]


class TestSources:
    def test_an_index_swap_is_shown(self) -> None:
        change = only([package("1.0", INDEX)], [package("1.0", OTHER)])
        assert (change.kind, change.source_changed) == (ChangeKind.SOURCE_CHANGED, True)
        assert change.gained == change.after

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (UNSTATED, INDEX),
            (INDEX, UNSTATED),
            (INDEX, Source(kind=SourceKind.REGISTRY, location="https://index.example/simple/")),
            (git("abc", "main"), git("abc", "v1")),
            (git("abc"), git("abc", "v1")),
        ],
    )
    def test_what_is_no_other_source(self, old: Source, new: Source) -> None:
        assert compare([package("1.0", old)], [package("1.0", new)]).changes == ()
        change = only([package("1.0", old)], [package("2.0", new)])
        assert (change.kind, change.source_changed) == (ChangeKind.UPGRADED, False)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (git("abc"), git("def")),
            (git(None, "main"), git(None, "v1")),
            (INDEX, git("abc")),
            (EDITABLE, INDEX),
            (UNSTATED, git("abc")),
        ],
    )
    def test_what_is_another_source(self, old: Source, new: Source) -> None:
        assert only([package(None, old)], [package(None, new)]).kind is ChangeKind.SOURCE_CHANGED
        change = only([package("1.0", old)], [package("2.0", new)])
        assert (change.kind, change.source_changed) == (ChangeKind.UPGRADED, True)

    def test_one_version_from_two_indexes(self) -> None:
        change = only([package("1.0", INDEX)], [package("1.0", OTHER), package("1.0", INDEX)])
        assert versions(change.after) == ["1.0", "1.0"]
        assert [one.source for one in change.gained] == [OTHER]
        assert change.source_changed

    def test_an_unstated_index_pairs_with_one_stated_one_only(self) -> None:
        change = only([package("1.0", UNSTATED)], [package("1.0", OTHER), package("1.0", INDEX)])
        assert len(change.gained) == 1

    def test_two_unstated_commits_of_one_repository(self) -> None:
        change = only([package(None, git("a"))], [package(None, git("b")), package(None, git("c"))])
        assert change.kind is ChangeKind.UPGRADED
        assert len(change.gained) == 2


class TestArtifacts:
    def test_hashes_that_change(self) -> None:
        change = only([package("1.0", INDEX, "1", "2")], [package("1.0", INDEX, "2", "3", "4")])
        assert change.kind is ChangeKind.ARTIFACTS_CHANGED
        assert (change.hashes_added, change.hashes_removed) == (2, 1)
        assert (change.gained, change.source_changed) == (change.after, False)

    def test_a_pin_that_becomes_unhashed(self) -> None:
        change = only([package("1.0", INDEX, "1")], [package("1.0")])
        assert (change.kind, change.became_unhashed) == (ChangeKind.ARTIFACTS_CHANGED, True)
        assert only([package("1.0", INDEX, "1")], [package("1.1")]).became_unhashed

    def test_what_is_not_becoming_unhashed(self) -> None:
        assert not only([package("1.0")], [package("1.0", INDEX, "1")]).became_unhashed
        assert not only([package("1.0")], [package("1.1")]).became_unhashed
        assert not only([package("1.0", INDEX, "1")], [package("1.0", git("abc"))]).became_unhashed
        assert not only([], [package("1.0")]).became_unhashed
        forked = [package("1.0", INDEX, "1"), package("2.0")]
        assert not only(forked, [*forked, package("3.0", INDEX, "2")]).became_unhashed

    def test_file_hosts_that_move(self) -> None:
        old = package("1.0", artifacts=(file("files.pypi.test"),))
        new = package("1.0", artifacts=(file("mirror.example:8443"),))
        change = only([old], [new])
        assert change.kind is ChangeKind.ARTIFACTS_CHANGED
        assert (change.hosts_before, change.hosts_after) == (("files.pypi.test",), ("mirror.example:8443",))
        assert change.gained == (new,)

    def test_another_path_on_the_same_host_is_no_change(self) -> None:
        old = package("1.0", artifacts=(file("files.pypi.test"),))
        new = package("1.0", artifacts=(file("files.pypi.test/other"),))
        assert compare([old], [new]).changes == ()

    def test_urls_that_a_lock_begins_to_name_are_no_move(self) -> None:
        assert (
            compare([package("1.0", INDEX, "1")], [package("1.0", artifacts=(file("a.example"),))]).changes
            == ()
        )

    def test_entries_for_several_platforms_are_one_with_all_artifacts(self) -> None:
        linux, mac = (
            package("1.0", artifacts=(Artifact(hashes=(f"sha256:{platform}",), target_platform=platform),))
            for platform in ("linux-64", "osx-arm64")
        )
        assert compare([linux, mac], [mac, linux]).changes == ()
        (added,) = only([], [linux, mac]).after
        assert added.hashes == {"sha256:linux-64", "sha256:osx-arm64"}

    def test_entries_that_no_marker_tells_apart_keep_their_own_files(self) -> None:
        repeated = [package("1.0", INDEX, "1"), package("1.0", INDEX, "2")]
        assert compare(repeated, repeated).changes == ()
        assert [one.hashes for one in only([], repeated).gained] == [{"sha256:1"}, {"sha256:2"}]

    @pytest.mark.parametrize("more", ["/", ""])
    def test_sources_that_differ_in_a_slash_keep_their_own_files(self, more: str) -> None:
        other = replace(INDEX, location=f"{INDEX.location}{more}")
        change = only([], [package("1.0", INDEX, "1"), package("1.0", other, "2")])
        assert [one.hashes for one in change.gained] == [{"sha256:1"}, {"sha256:2"}]
        assert change.kind is ChangeKind.ADDED


class TestLocal:
    def test_all_entries_have_to_be_local(self) -> None:
        local = package("1.0", EDITABLE, local=True)
        assert only([], [local]).local
        assert only([local], [package("2.0", EDITABLE, local=True)]).local
        assert not only([local], [package("1.0")]).local

    def test_a_repeated_entry_is_local_when_all_of_them_are(self) -> None:
        twice = [package("1.0", EDITABLE, local=True), package("1.0", EDITABLE, local=False)]
        assert not only([], twice).local


class TestMetadata:
    def test_fields_are_named(self) -> None:
        old = package("1.0", extra={"groups": ["a"], "marker": "x", "same": 1})
        new = package("1.0", extra={"groups": ["b"], "extras": ["c"], "same": 1})
        (change,) = compare([old], [new]).metadata_only
        assert (change.name, change.version, change.fields) == ("a", "1.0", ("extras", "groups", "marker"))

    def test_entries_of_a_changed_name_count_too(self) -> None:
        compared = compare(
            [package("1.0", extra={"marker": "x"})], [package("1.0", extra={"marker": "y"}), package("2.0")]
        )
        assert len(compared.changes) == 1
        assert [change.version for change in compared.metadata_only] == ["1.0"]

    def test_repeated_entries_in_another_order_say_the_same(self) -> None:
        one, two = package("1.0", extra={"groups": ["a"]}), package("1.0", extra={"groups": ["b"]})
        assert compare([one, two], [two, one]).metadata_only == ()
        assert compare([one, two], [one, one]).metadata_only[0].fields == ("groups",)

    def test_values_too_deep_to_compare_count_as_changed(self) -> None:
        def deep(last: int) -> Any:
            value: Any = last
            for _ in range(100_000):
                value = [value]
            return value

        (change,) = compare(
            [package("1.0", extra={"x": deep(1)})], [package("1.0", extra={"x": deep(2)})]
        ).metadata_only
        assert change.fields == ("x",)


class TestWhole:
    def test_headers(self) -> None:
        compared = diff(lockfile(header={"a": 1, "b": 2}), lockfile(header={"b": 3, "c": 4, "a": 1}))
        assert compared.header_changed == ("b", "c")

    def test_an_absent_side_has_no_header_to_change(self) -> None:
        assert diff(lockfile(), lockfile(header={"a": 1})).header_changed == ()

    def test_paths_formats_and_notices(self) -> None:
        notice = Notice(text="odd")
        base = Lockfile(path="old/uv.lock", format="uv.lock")
        compared = diff(base, lockfile(notices=(notice,)))
        assert (compared.path, compared.base_path, compared.format) == ("uv.lock", "old/uv.lock", "uv.lock")
        assert compared.notices == (notice,)
        assert compared.base is base

    def test_a_hash_beside_another_file_is_another_artifact(self) -> None:
        def entry(*names: str) -> LockedPackage:
            files = zip(names, ("sha256:1", "sha256:2"), strict=True)
            return package("1.0", artifacts=tuple(Artifact(filename=name, hashes=(h,)) for name, h in files))

        kinds = [
            change.kind for change in compare([entry("a.whl", "b.whl")], [entry("b.whl", "a.whl")]).changes
        ]
        assert kinds == [ChangeKind.ARTIFACTS_CHANGED]
        assert compare([entry("a.whl", "a.whl")], [entry("a.whl", "a.whl")]).changes == ()

    def test_a_migration_compares_kinds_of_sources_and_no_metadata(self) -> None:
        base = lockfile(
            package("1.0", UNSTATED, "1", extra={"groups": 1}),
            package("1.0", UNSTATED, name="moved"),
            package("1.0", name="gone"),
            lock_format="poetry.lock",
            header={"x": 1},
        )
        head = lockfile(
            package("1.0", INDEX, "1", extra={"groups": 2}),
            package("1.0", git("abc"), name="moved"),
            package("1.1", OTHER, name="gone"),
            header={"x": 2},
        )
        compared = diff(base, head)
        assert [(change.name, change.kind.value) for change in compared.changes] == [
            ("gone", "upgraded"),
            ("moved", "source-changed"),
        ]
        assert [change.source_changed for change in compared.changes] == [False, True]
        assert (compared.metadata_only, compared.header_changed) == ((), ())

    @pytest.mark.parametrize(
        ("base", "head", "changed"),
        [
            (package("1.0", UNSTATED, "1", "2"), package("1.0", INDEX, "2", "1"), False),
            (package("1.0", UNSTATED, "1", "2"), package("1.0", INDEX, "1"), True),
            (package("1.0", UNSTATED, "1"), package("1.0", INDEX, "2"), True),
            (package("1.0", UNSTATED, "1"), package("1.0", INDEX), True),
            (package("1.0", UNSTATED), package("1.0", INDEX, "1"), True),
            (package("1.0", UNSTATED), package("1.0", UNSTATED), True),
            (package("1.0", INDEX, "1"), package("1.0", OTHER, "1"), True),
            (package("1.0", git("abc")), package("1.0", git("abc")), False),
            (package("1.0", git("abc")), package("1.0", git("def")), True),
            (package("1.0", UNSTATED, local=True), package("1.0", INDEX, local=True), False),
        ],
    )
    def test_a_migration_hides_no_other_files(
        self, base: LockedPackage, head: LockedPackage, changed: bool
    ) -> None:
        compared = diff(lockfile(base, lock_format="poetry.lock"), lockfile(head))
        assert [(each.kind, each.gained) for each in compared.changes] == (
            [(ChangeKind.ARTIFACTS_CHANGED, (head,))] if changed else []
        )
        assert not any(each.hashes_added or each.hashes_removed for each in compared.changes)

    @pytest.mark.parametrize(("hashes", "changed"), [((), True), (("sha256:1",), False)])
    def test_a_url_that_moves_on_its_host_is_another_file_where_nothing_checks_it(
        self, hashes: tuple[str, ...], changed: bool
    ) -> None:
        """Chainguard's tiers differ in the path alone."""
        built, upstream = (
            package("1.0", artifacts=(Artifact(url=f"https://c.example/{path}/a.whl", hashes=hashes),))
            for path in ("python", "python-upstream")
        )
        kinds = [change.kind for change in compare([built], [upstream]).changes]
        assert kinds == ([ChangeKind.ARTIFACTS_CHANGED] if changed else [])
        assert compare([built], [built]).changes == ()

    @pytest.mark.parametrize(
        ("markers", "joined"),
        [
            (("os_name == 'nt'", "os_name == 'posix'"), "(os_name == 'nt') or (os_name == 'posix')"),
            (("os_name == 'nt'", "os_name == 'nt'"), "os_name == 'nt'"),
            (("os_name == 'nt'", None), None),
        ],
    )
    def test_an_entry_that_is_repeated_is_installed_under_each_of_its_markers(
        self, markers: tuple[str | None, ...], joined: str | None
    ) -> None:
        (held,) = only([], [package("1.0", marker=marker) for marker in markers]).gained
        assert held.marker == joined

    @pytest.mark.parametrize(
        ("needed", "joined"),
        [
            (("a == 'b'", "c == 'd'"), "(a == 'b') or (c == 'd')"),
            (("x == 'y'", ""), ""),
            (("x == 'y'", None), None),
        ],
    )
    def test_an_entry_that_is_repeated_is_needed_whenever_one_of_them_is(
        self, needed: tuple[str | None, ...], joined: str | None
    ) -> None:
        (held,) = only([], [package("1.0", needed_when=each) for each in needed]).gained
        assert held.needed_when == joined

    @pytest.mark.parametrize(
        ("base", "head", "kinds"),
        [(INDEX, UNSTATED, ["source-changed"]), (UNSTATED, INDEX, ["source-changed"]), (INDEX, INDEX, [])],
    )
    def test_in_a_poetry_lock_no_source_is_the_default_index(
        self, base: Source, head: Source, kinds: list[str]
    ) -> None:
        """Hashes of both origins in the lock let the move pass without another sign."""
        sides = (lockfile(package("1.0", source, "1"), lock_format="poetry.lock") for source in (base, head))
        changes = diff(*sides).changes
        assert [change.kind.value for change in changes] == kinds
        assert all(change.source_changed and change.gained for change in changes)

    def test_work_grows_with_the_entries_of_one_name(self) -> None:
        def moved(count: int) -> Change:
            base, head = (
                [
                    package(f"1.{n}", Source(kind=SourceKind.REGISTRY, location=f"https://{side}{n}.example"))
                    for n in range(count)
                ]
                for side in ("b", "h")
            )
            return only(base, head)

        change = moved(50)
        assert change.kind is ChangeKind.SOURCE_CHANGED
        assert len(change.gained) == 50
        assert calls(lambda: moved(400)) / calls(lambda: moved(50)) < 8 * 1.1


def test_going_down_needs_something_to_compare() -> None:
    assert not went_down(Counter({"1.0": 1}), Counter())
    assert not went_down(Counter(), Counter({"1.0": 1}))


LINUX, MAC = "sys_platform == 'linux'", "sys_platform == 'darwin'"


def forked(linux: str, mac: str) -> list[LockedPackage]:
    return [package("1", UNSTATED, linux, marker=LINUX), package("1", UNSTATED, mac, marker=MAC)]


def test_what_markers_tell_apart_keeps_its_own_files() -> None:
    change = only([], forked("a", "b"))
    assert [(one.marker, one.hashes) for one in change.gained] == [
        (LINUX, frozenset({"sha256:a"})),
        (MAC, frozenset({"sha256:b"})),
    ]


def test_markers_of_the_same_files_are_one_entry() -> None:
    change = only([], forked("a", "a"))
    assert [one.marker for one in change.gained] == [f"({LINUX}) or ({MAC})"]


@pytest.mark.parametrize("before", [forked("a", "b"), forked("a", "b")[::-1]])
def test_of_two_forks_only_the_one_that_changes_is_judged(before: list[LockedPackage]) -> None:
    change = only(before, forked("a", "c"))
    assert change.kind is ChangeKind.ARTIFACTS_CHANGED
    assert [(one.marker, one.hashes) for one in change.gained] == [(MAC, frozenset({"sha256:c"}))]
    assert not compare(before, forked("a", "b")).changes


def test_a_fork_that_splits_off_is_new() -> None:
    change = only([package("1", UNSTATED, "a")], forked("a", "b"))
    assert [one.marker for one in change.gained] == [MAC]
