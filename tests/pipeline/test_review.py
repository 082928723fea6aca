"""What the pipeline asks, and what it makes of the answers; the answers come from a table."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from fallback_review.lockfiles import Text
from fallback_review.model import (
    Answer,
    AssumptionKind,
    Cause,
    Conclusion,
    Index,
    Notice,
    Outcome,
    Owner,
    ProjectFile,
    Review,
    Tier,
)
from fallback_review.pipeline.compare import compare, whole
from fallback_review.pipeline.review import review
from fallback_review.settings import validation
from fallback_review.settings.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from fallback_review.pipeline.ask import Wanted
    from fallback_review.prediction import Answers

TODAY = date(2026, 11, 21)


def wheel(owner: Owner, name: str, version: str, tag: str = "py3-none-any") -> ProjectFile:
    filename = f"{name}-{version}-{tag}.whl"
    built = owner is Owner.CHAINGUARD
    host = "libraries.cgr.dev/python/simple" if built else "files.pypi.test"
    return ProjectFile(
        filename=filename,
        url=f"https://{host}/{name}/{version}/{filename}",
        version=version,
        sha256=("c" if built else "d") * 64,
        tier=Tier.BUILT if built else None,
    )


class Table:
    """Answers from a table, by whose the index is, and remembers every question."""

    def __init__(self, **files: Mapping[str, Collection[ProjectFile]]) -> None:
        self.files = {Owner(owner): dict(pages) for owner, pages in files.items()}
        self.asked: list[tuple[Owner, str]] = []

    def __call__(self, wanted: Wanted) -> Answers:
        found: dict[str, dict[Index, Answer]] = {}
        for index, names in wanted.items():
            for name in names:
                self.asked.append((index.owner, name))
                found.setdefault(name, {})[index] = self.answer(index, name)
        return found

    def answer(self, index: Index, name: str) -> Answer:
        files = self.files.get(index.owner, {}).get(name)
        if files is None:
            return Answer(index=index, name=name, problem=Cause.PROJECT_MISSING)
        return Answer(index=index, name=name, files=tuple(files))


def lock(path: str, *pins: str) -> Text:
    return Text(path=path, text="".join(f"{pin}\n" for pin in pins))


def judged(
    table: Table, *pairs: tuple[Text, Text], unreadable: tuple[Notice, ...] = (), **given: Any
) -> Review:
    settings = validation.validate(given)
    return review([compare(*pair) for pair in pairs], settings, table, today=TODAY, unreadable=unreadable)


def outcomes(result: Review) -> dict[str, Outcome | None]:
    return {each.change.name: each.outcome for lockfile in result.lockfiles for each in lockfile.changes}


BOTH = {
    "chainguard": {"a": [wheel(Owner.CHAINGUARD, "a", "2.0")], "b": [wheel(Owner.CHAINGUARD, "b", "1.0")]},
    "pypi": {name: [wheel(Owner.PYPI, name, "1.0"), wheel(Owner.PYPI, name, "2.0")] for name in ("a", "b")},
}
LEARNT = {**BOTH, "pypi": {**BOTH["pypi"], "pip": [wheel(Owner.PYPI, "pip", "25.0")]}}
"""PyPI lists what tells its files' host, too."""
PAIR = lock("requirements.txt", "a==1.0", "b==1.0"), lock("requirements.txt", "a==2.0", "b==2.0")


def test_each_project_is_asked_once_over_all_lockfiles() -> None:
    table = Table(**BOTH)
    other = lock("dev/requirements.txt", "a==1.0"), lock("dev/requirements.txt", "a==2.0")

    result = judged(table, PAIR, other)

    assert len(table.asked) == len(set(table.asked))
    assert {name for owner, name in table.asked if owner is Owner.CHAINGUARD} == {"a", "b"}
    assert outcomes(result) == {"a": Outcome.CHAINGUARD, "b": Outcome.PYPI}
    assert result.conclusion is Conclusion.FAIL


class Silent(Table):
    """An index that does not answer, and one that does."""

    def answer(self, index: Index, name: str) -> Answer:
        if index.owner is Owner.CHAINGUARD:
            return Answer(index=index, name=name, problem=Cause.UNREACHABLE, message="index.example: no TLS")
        return super().answer(index, name)


def test_why_an_index_did_not_answer_is_said_once() -> None:
    result = judged(Silent(pypi=BOTH["pypi"]), PAIR)

    assert outcomes(result) == {"a": Outcome.UNKNOWN, "b": Outcome.UNKNOWN}
    assert result.findings == (Notice(text="index.example: no TLS"),)
    assert judged(Table(**BOTH), PAIR).findings == ()


@pytest.mark.parametrize(("found", "said"), [(0, True), (1, False)])
def test_an_index_that_has_nothing_at_all_is_worth_a_look_at_its_address(found: int, said: bool) -> None:
    names = [f"p{number}" for number in range(5)]
    pages = {owner: {name: [wheel(owner, name, "1.0")] for name in names} for owner in Owner}
    table = Table(chainguard=dict([*pages[Owner.CHAINGUARD].items()][:found]), pypi=pages[Owner.PYPI])

    result = judged(
        table, (lock("requirements.txt"), lock("requirements.txt", *(f"{n}==1.0" for n in names)))
    )

    texts = [notice.text for notice in result.findings]
    assert any(text.startswith("Chainguard's index has none of the 5 packages") for text in texts) is said


@pytest.mark.parametrize("line", ["-c https://files.example/c.txt", "-r https://files.example/r.txt"])
def test_a_pass_beside_a_file_that_nobody_read_rests_on_an_assumption(line: str) -> None:
    sides = (lock("requirements.txt", line, "a==1.0"), lock("requirements.txt", line, "a==2.0"))

    result = judged(Table(**BOTH), sides, indexes={"layout": "chainguard-only"})

    (change,) = result.lockfiles[0].changes
    (verdict,) = change.verdicts[:1]
    assert (change.outcome, result.conclusion) == (Outcome.CHAINGUARD, Conclusion.WARN)
    assert [each.kind for each in verdict.assumptions] == [AssumptionKind.CONFIGURATION]
    assert verdict.assumptions[0].said.startswith(f"Assumed to change nothing: {line[:2]} ")
    assert verdict.assumptions[0].said.endswith("(requirements.txt:1).")


def test_a_file_that_nobody_read_ends_no_trouble() -> None:
    sides = tuple(
        lock("requirements.txt", "-c https://files.example/c.txt", f"b=={each}") for each in ("1.0", "2.0")
    )

    result = judged(Table(**BOTH), (sides[0], sides[1]))

    assert outcomes(result) == {"b": Outcome.PYPI}
    assert result.conclusion is Conclusion.FAIL


def test_nothing_new_asks_nothing() -> None:
    table = Table(**BOTH)

    result = judged(table, (PAIR[1], lock("requirements.txt", "b==2.0")), (PAIR[0], PAIR[0]))

    assert table.asked == []
    assert outcomes(result) == {"a": None}
    assert result.conclusion is Conclusion.PASS


@pytest.mark.parametrize("pattern", ["acme-*", "Acme_*", "acme.*"])
def test_private_and_direct_names_are_never_asked_for(pattern: str) -> None:
    table = Table()
    head = lock(
        "requirements.txt", "acme-core==1.0", "acme.web==2.0", "x @ https://files.example/x-1.0.tar.gz"
    )

    result = judged(
        table,
        (lock("requirements.txt", "six"), head),
        policy={"private": [pattern]},
        indexes={"own-hosts": ["files.example"]},
    )

    assert not {name for _, name in table.asked} & {"acme-core", "acme-web", "x"}
    assert outcomes(result)["acme-core"] is outcomes(result)["acme-web"] is Outcome.PRIVATE
    assert outcomes(result)["x"] is Outcome.DIRECT


@pytest.mark.parametrize(
    ("base", "given", "outcome", "conclusion"),
    [
        ("a==1.0", {}, Outcome.UNKNOWN, Conclusion.UNKNOWN),
        ("a==1.0", {"indexes": {"own-hosts": ["files.example"]}}, Outcome.DIRECT, Conclusion.PASS),
        ("a==1.0", {"indexes": {"own-hosts": ["files.example/ours"]}}, Outcome.UNKNOWN, Conclusion.UNKNOWN),
        ("a==1.0", {"allow": [{"package": "x", "reason": "ours"}]}, Outcome.UNKNOWN, Conclusion.PASS),
        ("x @ https://files.example/x-1.0.tar.gz", {}, Outcome.DIRECT, Conclusion.PASS),
        (
            "x @ https://files.example/x-1.0.tar.gz",
            {"policy": {"fail-on": ["direct"]}},
            Outcome.DIRECT,
            Conclusion.FAIL,
        ),
        ("x @ http://files.example:8080/x-1.0.tar.gz", {}, Outcome.UNKNOWN, Conclusion.UNKNOWN),
    ],
)
def test_a_direct_reference_to_a_host_that_the_lockfile_did_not_use_is_no_silent_pass(
    base: str, given: dict[str, Any], outcome: Outcome, conclusion: Conclusion
) -> None:
    table = Table(**LEARNT)
    pair = lock("requirements.txt", base), lock("requirements.txt", "x @ https://files.example/x-1.1.tar.gz")

    result = judged(table, pair, **given)

    (change,) = [each for each in result.lockfiles[0].changes if each.change.name == "x"]
    assert (change.outcome, result.conclusion) == (outcome, conclusion)
    assert "x" not in {name for _, name in table.asked}
    if outcome is Outcome.UNKNOWN:
        assert (change.cause, change.reason) == (Cause.NOT_CONFIGURED, "new-host")
        assert "files.example" in str(change.verdicts[0].evidence)


def test_a_host_is_not_known_to_be_none_of_pypis_where_pypi_does_not_say() -> None:
    pair = (
        lock("requirements.txt", "x @ https://files.example/x-1.0.tar.gz"),
        lock("requirements.txt", "x @ https://files.example/x-1.1.tar.gz"),
    )

    result = judged(Table(), pair)

    (change,) = result.lockfiles[0].changes
    assert (change.outcome, change.cause, change.reason) == (
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
        "hosts",
    )


def test_the_worst_target_decides_and_the_others_are_named() -> None:
    native = "cp312-cp312-manylinux_2_28_x86_64"
    arm = "cp312-cp312-manylinux_2_17_aarch64"
    table = Table(
        chainguard={"a": [wheel(Owner.CHAINGUARD, "a", "2.0", native)]},
        pypi={"a": [wheel(Owner.PYPI, "a", "2.0", native), wheel(Owner.PYPI, "a", "2.0", arm)]},
    )

    (change,) = (
        judged(table, (lock("requirements.txt", "a==1.0"), lock("requirements.txt", "a==2.0")))
        .lockfiles[0]
        .changes
    )

    assert change.outcome is Outcome.PYPI
    assert change.differs_on == ("py3.12 linux-x86_64",)
    assert {verdict.target: verdict.outcome for verdict in change.verdicts} == {
        "py3.12 linux-x86_64": Outcome.CHAINGUARD,
        "py3.12 linux-aarch64": Outcome.PYPI,
    }


def test_an_informational_target_is_shown_and_never_decides() -> None:
    native = "cp312-cp312-manylinux_2_28_x86_64"
    table = Table(chainguard={"a": [wheel(Owner.CHAINGUARD, "a", "2.0", native)]})
    targets = {"platforms": ["linux-x86_64"], "informational": ["macos-arm64"]}

    result = judged(
        table,
        (lock("requirements.txt", "a==1.0"), lock("requirements.txt", "a==2.0")),
        targets=targets,
        indexes={"layout": "virtual-file"},
    )

    (change,) = result.lockfiles[0].changes
    assert (change.outcome, change.conclusion, result.conclusion) == (
        Outcome.CHAINGUARD,
        Conclusion.PASS,
        Conclusion.PASS,
    )
    assert [verdict.outcome for verdict in change.verdicts if verdict.informational] == [
        Outcome.INSTALL_FAILS
    ]


def test_an_allowance_says_where_from_and_cannot_make_an_install_work() -> None:
    allow = [{"package": "*", "reason": "known"}]
    head = lock("requirements.txt", "b==2.0", "nobody==1.0")

    result = judged(Table(**BOTH), (PAIR[0], head), allow=allow, indexes={"layout": "virtual-file"})

    by_name = {each.change.name: each for each in result.lockfiles[0].changes}
    assert by_name["b"].allowance is not None
    assert by_name["b"].conclusion is Conclusion.PASS
    assert by_name["nobody"].outcome is Outcome.INSTALL_FAILS
    assert by_name["nobody"].allowance is None
    assert result.conclusion is Conclusion.FAIL


@pytest.mark.parametrize("indexes", [{}, {"layout": "virtual-file", "own-hosts": ["own.example"]}])
def test_what_no_page_lists_may_lie_in_an_own_index_that_was_not_asked(indexes: dict[str, Any]) -> None:
    pair = lock("requirements.txt", "a==1.0"), lock("requirements.txt", "a==1.0", "nobody==1.0")

    result = judged(Table(**BOTH), pair, indexes=indexes, allow=[{"package": "*", "reason": "known"}])

    (change,) = result.lockfiles[0].changes
    assert (change.outcome, change.cause, change.reason) == (
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
        "own",
    )
    assert change.allowance is None
    assert result.conclusion is Conclusion.UNKNOWN


def test_an_index_that_could_not_be_asked_is_unknown_and_allows_nothing() -> None:
    class LockedOut(Table):
        def answer(self, index: Index, name: str) -> Answer:
            return Answer(index=index, name=name, problem=Cause.UNAUTHORIZED)

    result = judged(LockedOut(), PAIR, allow=[{"package": "*", "reason": "known"}])

    assert set(outcomes(result).values()) == {Outcome.UNKNOWN}
    assert {each.cause for each in result.lockfiles[0].changes} == {Cause.UNAUTHORIZED}
    assert {each.allowance for each in result.lockfiles[0].changes} == {None}
    assert result.conclusion is Conclusion.UNKNOWN


def test_a_file_that_could_not_be_read_is_no_pass() -> None:
    broken = (Notice(path="uv.lock", text="not valid TOML"),)
    none_changed = judged(Table(), unreadable=broken)
    lenient = judged(Table(), unreadable=broken, policy={"on-unknown": "warn"})

    assert none_changed.conclusion is Conclusion.UNKNOWN
    assert lenient.conclusion is Conclusion.WARN
    assert none_changed.unreadable == lenient.unreadable == broken


OURS = "--index-url https://libraries.cgr.dev/python/simple/"
PYPI = "--index-url https://pypi.test/simple/"
EXTRA = "--extra-index-url https://pypi.test/simple/"


@pytest.mark.parametrize(
    ("base", "head", "conclusion"),
    [
        ((OURS, "a==2.0"), (PYPI, "a==2.0"), Conclusion.FAIL),
        ((OURS, "a==2.0"), (OURS, EXTRA, "a==2.0"), Conclusion.FAIL),
        ((OURS, "a==2.0"), ("a==2.0",), Conclusion.UNKNOWN),
        ((PYPI, "a==2.0"), (OURS, "a==2.0"), Conclusion.PASS),
        ((OURS, EXTRA, "a==2.0"), (PYPI, "a==2.0"), Conclusion.PASS),
        ((OURS, "a==1.0"), (PYPI, "a==2.0"), Conclusion.FAIL),
        ((OURS,), (PYPI,), Conclusion.PASS),
    ],
)
def test_letting_pypi_in_for_what_did_not_change_is_no_pass(
    base: tuple[str, ...], head: tuple[str, ...], conclusion: Conclusion
) -> None:
    pair = lock("requirements.txt", *base), lock("requirements.txt", *head)
    result = judged(Table(**BOTH), pair, indexes={"pypi": "https://pypi.test/simple/"})

    assert result.conclusion is conclusion
    assert ["The installer now asks PyPI" in each.text for each in result.unreadable] == (
        [True] if conclusion is Conclusion.UNKNOWN else []
    )


@pytest.mark.parametrize(
    ("head", "conclusion"),
    [(("a==2.0",), Conclusion.PASS), ((PYPI, "a==2.0"), Conclusion.FAIL)],
)
def test_what_stands_in_for_the_default_index_is_known_where_the_settings_name_the_layout(
    head: tuple[str, ...], conclusion: Conclusion
) -> None:
    pair = lock("requirements.txt", OURS, "a==2.0"), lock("requirements.txt", *head)
    indexes = {"pypi": "https://pypi.test/simple/", "layout": "chainguard-only"}
    assert judged(Table(**BOTH), pair, indexes=indexes).conclusion is conclusion


@pytest.mark.parametrize(
    "line",
    [
        "--find-links ./wheels",
        "--find-links https://evil.example/wheels/",
        "--extra-index-url ./simple",
        "--extra-index-url file:///srv/simple",
        "--extra-index-url ${MORE}",
        "--extra-index-url https://evil.example/simple/",
        "--extra-index-url http://libraries.cgr.dev/python/simple/",
    ],
)
def test_what_is_let_in_beside_the_entries_is_no_pass(line: str) -> None:
    base = lock("requirements.txt", OURS, "a==2.0", "b==1.0")

    result = judged(Table(**BOTH), (base, lock("requirements.txt", OURS, line, "a==2.0", "b==1.0")))

    assert result.conclusion is Conclusion.UNKNOWN
    (said,) = result.unreadable
    assert said.path == "requirements.txt"
    assert line.split(maxsplit=1)[0] in said.text or said.text.startswith("packages may now come from ")


@pytest.mark.parametrize(
    ("line", "moved", "conclusion"),
    [
        ("--no-index", {"a": Outcome.UNKNOWN, "b": Outcome.UNKNOWN}, Conclusion.UNKNOWN),
        ("--no-binary :all:", {"a": Outcome.INSTALL_FAILS, "b": Outcome.INSTALL_FAILS}, Conclusion.FAIL),
        ("--no-binary a,c", {"a": Outcome.INSTALL_FAILS}, Conclusion.FAIL),
        ("--only-binary :all:", {}, Conclusion.PASS),
        ("--prefer-binary", {}, Conclusion.PASS),
    ],
)
def test_what_an_option_does_to_what_did_not_change_is_judged(
    line: str, moved: dict[str, Outcome], conclusion: Conclusion
) -> None:
    base = lock("requirements.txt", OURS, "a==2.0", "b==1.0")

    result = judged(Table(**BOTH), (base, lock("requirements.txt", OURS, line, "a==2.0", "b==1.0")))

    assert (outcomes(result), result.conclusion, result.unreadable) == (moved, conclusion, ())


def test_an_option_for_what_is_judged_needs_no_more() -> None:
    base = lock("requirements.txt", OURS, "a==1.0", "b==1.0")

    result = judged(
        Table(**BOTH), (base, lock("requirements.txt", OURS, "--only-binary a", "a==2.0", "b==1.0"))
    )

    assert (result.conclusion, result.unreadable) == (Conclusion.PASS, ())


@pytest.mark.parametrize("line", ["--find-links ./wheels", "--extra-index-url ${MORE}", "--no-index"])
def test_what_was_let_in_before_still_leaves_open_whose_file_it_is(line: str) -> None:
    base = lock("requirements.txt", OURS, line, "a==1.0")

    def result(pin: str) -> Review:
        return judged(Table(**BOTH), (base, lock("requirements.txt", OURS, line, pin)))

    assert outcomes(result("a==2.0")) == {"a": Outcome.UNKNOWN}
    assert result("a==2.0").unreadable == ()
    known_bytes = result(f"a==2.0 --hash=sha256:{'c' * 64}")
    if line == "--no-index":  # whose bytes they are does not say that there is a place to take them from
        assert outcomes(known_bytes) == {"a": Outcome.UNKNOWN}
    else:
        assert outcomes(known_bytes) == {"a": Outcome.CHAINGUARD}
        assert known_bytes.conclusion is Conclusion.PASS


def test_where_a_variable_names_the_only_index_the_settings_say_what_it_is() -> None:
    pins = (
        lock("requirements.txt", "-i ${INDEX}", "a==1.0"),
        lock("requirements.txt", "-i ${INDEX}", "a==2.0"),
    )

    assert outcomes(judged(Table(**BOTH), pins)) == {"a": Outcome.UNKNOWN}
    told = {"layout": "chainguard-only"}
    assert outcomes(judged(Table(**BOTH), pins, indexes=told)) == {"a": Outcome.CHAINGUARD}
    assert judged(Table(**BOTH), (PAIR[0], pins[1])).conclusion is Conclusion.UNKNOWN


def in_tree(text: Text, files: Mapping[str, str]) -> Text:
    return replace(text, read=files.get)


UNKNOWN = Conclusion.UNKNOWN


@pytest.mark.parametrize(
    ("base", "head", "says", "conclusion"),
    [
        (
            "index-url = {ours}",
            "index-url = {ours}\nextra-index-url = {evil}",
            "come from evil.example",
            UNKNOWN,
        ),
        ("index-url = {ours}", "index-url = {evil}", "come from evil.example", UNKNOWN),
        ("index-url = {ours}", "index-url = {ours}\nfind-links = ./wheels", "come from ./wheels", UNKNOWN),
        ("index-url = {ours}", "timeout = 5", "nothing in the repository names Chainguard's", UNKNOWN),
        # What the files name is taken at its word, and judged.
        ("index-url = {ours}", "index-url = {pypi}", None, Conclusion.FAIL),
        ("index-url = {evil}", "index-url = {evil}", None, UNKNOWN),
        ("index-url = {pypi}", "index-url = {ours}", None, Conclusion.PASS),
        # Where they name nothing, the layout is an assumption.
        ("index-url = {pypi}", "timeout = 5", None, Conclusion.WARN),
    ],
)
def test_what_a_configuration_file_lets_in_is_no_pass(
    base: str, head: str, says: str | None, conclusion: Conclusion
) -> None:
    named = {
        "ours": "https://libraries.cgr.dev/python/simple/",
        "evil": "https://evil.example/simple/",
        "pypi": "https://pypi.test/simple/",
    }
    trees = ({"pip.conf": f"[global]\n{each}\n".format(**named)} for each in (base, head))
    pair = [
        in_tree(lock("requirements.txt", pin), tree)
        for pin, tree in zip(("a==1.0", "a==2.0"), trees, strict=True)
    ]

    result = judged(Table(**BOTH), (pair[0], pair[1]), indexes={"pypi": named["pypi"]})

    assert [(says or "nothing") in each.text for each in result.unreadable] == ([True] if says else [])
    assert result.conclusion is conclusion


def test_a_package_of_an_index_that_is_configured_and_not_asked_is_not_called_missing() -> None:
    tree = {
        "pip.conf": "[global]\nindex-url = https://libraries.cgr.dev/python/simple/\n"
        "extra-index-url = https://own.index.example/simple/\n"
    }
    base, head = (in_tree(lock("requirements.txt", pin), tree) for pin in ("acme==1.0", "acme==1.1"))

    result = judged(Table(**BOTH), (base, head))

    assert outcomes(result) == {"acme": Outcome.UNKNOWN}
    (advice,) = (each.advice for lockfile in result.lockfiles for each in lockfile.changes)
    assert advice is not None
    assert advice.text.endswith("private in [policy]")
    named = judged(Table(**BOTH), (base, head), policy={"private": ["acme"]})
    assert outcomes(named) == {"acme": Outcome.PRIVATE}
    assert named.conclusion is Conclusion.PASS


UV = """\
version = 1

[[package]]
name = "old"
version = "1.0"
source = {{ registry = "https://{base}/simple" }}

[[package]]
name = "a"
version = "{version}"
source = {{ registry = "https://{head}/simple" }}
wheels = [{{ url = "https://{head}/a-{version}-py3-none-any.whl", hash = "sha256:{hash}" }}]
"""


@pytest.mark.parametrize(
    ("base", "head", "settings", "outcome", "conclusion"),
    [
        ("pypi.test", "evil.example", {}, Outcome.UNKNOWN, UNKNOWN),
        # That the base had it already says nothing of whose it is.
        ("torch.example", "torch.example", {}, Outcome.UNKNOWN, UNKNOWN),
        ("user:word@torch.example", "torch.example", {}, Outcome.UNKNOWN, UNKNOWN),
        (
            "pypi.test",
            "torch.example",
            {"policy": {"private": ["a"]}},
            Outcome.UNKNOWN,
            UNKNOWN,
        ),
        (
            "pypi.test",
            "torch.example",
            {"allow": [{"package": "a", "reason": "CUDA"}]},
            Outcome.UNKNOWN,
            Conclusion.PASS,
        ),
        (
            "pypi.test",
            "torch.example",
            {"indexes": {"own-hosts": ["torch.example"]}},
            Outcome.PRIVATE,
            Conclusion.PASS,
        ),
        (
            "pypi.test",
            "torch.example",
            {"indexes": {"own-hosts": ["torch.example/team"]}},
            Outcome.UNKNOWN,
            UNKNOWN,
        ),
    ],
)
def test_an_index_that_nobody_named_is_no_pass_and_learns_no_name(
    base: str, head: str, settings: dict[str, Any], outcome: Outcome, conclusion: Conclusion
) -> None:
    pair = [
        lock("uv.lock", UV.format(base=base, version=version, head=index, hash="e" * 64))
        for version, index in (("1.0", "pypi.test"), ("2.0", head))
    ]
    indexes = {"pypi": "https://pypi.test/simple/", "pypi-hosts": ["pypi.test"]}
    table = Table(**LEARNT)

    result = judged(
        table, (pair[0], pair[1]), **{**settings, "indexes": {**indexes, **settings.get("indexes", {})}}
    )

    (change,) = result.lockfiles[0].changes
    assert (change.outcome, result.conclusion) == (outcome, conclusion)
    assert ("a" in {name for _, name in table.asked}) is (
        "indexes" in settings and outcome is Outcome.PRIVATE
    )
    if outcome is Outcome.UNKNOWN:
        assert (change.cause, change.reason) == (Cause.NOT_CONFIGURED, "manager")
        assert head in str(change.verdicts[0].evidence)


def test_the_files_host_counts_where_no_index_is_named() -> None:
    entry = '[[packages]]\nname = "a"\nversion = "2.0"\nwheels = [{{ url = "https://{}/a-2.0-py3-none-any.whl" }}]'
    pair = (
        lock("pylock.toml", 'lock-version = "1.0"', "packages = []"),
        lock("pylock.toml", 'lock-version = "1.0"', entry.format("evil.example")),
    )

    for table, given in ((Table(**BOTH), {"pypi-hosts": ["files.pypi.test"]}), (Table(**LEARNT), {})):
        result = judged(table, pair, indexes={"pypi": "https://pypi.test/simple/", **given})
        (change,) = result.lockfiles[0].changes
        assert (change.outcome, change.cause, change.reason) == (
            Outcome.UNKNOWN,
            Cause.NOT_CONFIGURED,
            "hosts",
        )
        assert result.conclusion is Conclusion.UNKNOWN
        assert "a" not in {name for _, name in table.asked}


POETRY = """\
[[package]]
name = "a"
version = "{}"
files = []

[package.source]
type = "legacy"
url = "https://libraries.cgr.dev/python/simple/"
reference = "ours"

[metadata]
lock-version = "2.1"
"""
SOURCE = '[[tool.poetry.source]]\nname = "{}"\nurl = "{}"\n'


@pytest.mark.parametrize(
    ("url", "says", "conclusion", "outcome"),
    [
        ("https://evil.example/simple/", "evil.example", Conclusion.UNKNOWN, Outcome.UNKNOWN),
        ("https://pypi.test/simple/", "pypi.test", Conclusion.FAIL, Outcome.PYPI),
    ],
)
def test_a_name_of_chainguards_source_that_means_another_one_is_no_pass(
    url: str, says: str, conclusion: Conclusion, outcome: Outcome
) -> None:
    """Poetry goes by the source's name in the lock, whatever address stands beside it (its own source code)."""
    ours = SOURCE.format("ours", "https://libraries.cgr.dev/python/simple/")
    pins = [lock("poetry.lock", POETRY.format(version)) for version in ("1.0", "2.0")]

    def result(head: str) -> Review:
        trees = ({"pyproject.toml": ours}, {"pyproject.toml": head})
        pair = [in_tree(pin, tree) for pin, tree in zip(pins, trees, strict=True)]
        return judged(Table(**BOTH), (pair[0], pair[1]), indexes={"pypi": "https://pypi.test/simple/"})

    assert result(ours).conclusion is Conclusion.PASS
    swapped = result(SOURCE.format("Ours", url))
    assert (swapped.lockfiles[0].changes[0].outcome, swapped.conclusion) == (outcome, conclusion)
    assert f"was Chainguard's and is now {says}:" in " ".join(each.text for each in swapped.unreadable)


def test_a_source_that_the_project_does_not_have_is_refused() -> None:
    """Poetry looks for it by its name, and stops (measured with 2.5)."""
    base, head = (
        in_tree(lock("poetry.lock", POETRY.format(version)), {"pyproject.toml": "[tool.poetry]\n"})
        for version in ("1.0", "2.0")
    )

    (change,) = judged(Table(**BOTH), (base, head)).lockfiles[0].changes

    assert (change.outcome, change.cause) == (Outcome.INSTALL_FAILS, Cause("installer-refuses"))
    assert "the source ours, which the project does not have" in change.why
    assert change.advice is not None
    assert change.advice.command is not None
    assert change.advice.command.startswith("poetry ")


def test_an_index_whose_address_a_variable_decides_is_not_known() -> None:
    def text(version: str) -> Text:
        sources = [{"name": "i", "url": "${INDEX_URL}", "verify_ssl": True}]
        entry = {"version": f"=={version}", "index": "i", "hashes": []}
        return lock("Pipfile.lock", json.dumps({"_meta": {"sources": sources}, "default": {"a": entry}}))

    (change,) = judged(Table(**BOTH), (text("1.0"), text("2.0"))).lockfiles[0].changes
    assert (change.outcome, change.cause) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)


def test_a_source_that_poetry_knows_under_another_address_is_no_pass() -> None:
    sources = SOURCE.format("ours", "https://libraries.cgr.dev/python/simple/") + SOURCE.format(
        "other", "https://evil.example/simple/"
    )
    base, head = (
        in_tree(
            lock("poetry.lock", POETRY.format(version).replace('"ours"', f'"{name}"')),
            {"pyproject.toml": sources},
        )
        for version, name in (("1.0", "ours"), ("2.0", "Other"))
    )

    result = judged(Table(**BOTH), (base, head))

    assert result.conclusion is Conclusion.UNKNOWN
    (said,) = result.unreadable
    assert said.text.startswith(
        "the lock gives the source Other an address on libraries.cgr.dev, and the conf"
    )
    assert "evil.example: Poetry goes by the name" in said.text


def test_a_requirement_without_a_name_is_a_direct_one_to_the_policy() -> None:
    url = "./archive.zip"
    policy: dict[str, Any] = {"policy": {"fail-on": ["direct"]}}
    without, with_it = lock("requirements.txt", "a==2.0"), lock("requirements.txt", "a==2.0", url)

    assert judged(Table(**BOTH), (without, with_it), **policy).conclusion is Conclusion.FAIL
    assert judged(Table(**BOTH), (without, with_it)).conclusion is Conclusion.PASS
    assert judged(Table(**BOTH), (with_it, with_it), **policy).conclusion is Conclusion.PASS


SIDE = "a==2.0"


def added(*lines: str, base: str = SIDE, **settings: Any) -> Review:
    """The review of requirements that gain some lines."""
    pair = lock("requirements.txt", base), lock("requirements.txt", base, *lines)
    return judged(Table(**LEARNT), pair, **settings)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("https://x.example/archive/main.zip", "new-host"),
        ("git+https://x.example/a@main", "new-host"),
        ("git+ssh://git@x.example/a", "new-host"),
        ("hg+https://x.example/a", "new-host"),
        ("https://x.example/archive/b-1.0-py3-none-any.whl", "new-host"),
        ("file:///srv/b", "machine"),
        ("/srv/main.zip", "machine"),
        ("-e /srv/b", "machine"),
        ("b @ file:///srv/b", "machine"),
        ("git+file:///srv/b", "machine"),
        ("${X}/main.zip", "variable"),
        ("${X}/b-1.0.tar.gz", "variable"),
        ("b @ ${X}/b-1.0-py3-none-any.whl", "variable"),
        ("b @ https://${X}/b-1.0-py3-none-any.whl", "variable"),
        ("git+https://${X}/b", "variable"),
    ],
)
def test_a_direct_reference_is_judged_with_a_name_and_without(line: str, reason: str) -> None:
    result = added(line)
    (change,) = result.lockfiles[0].changes
    assert (change.outcome, change.reason, result.conclusion) == (Outcome.UNKNOWN, reason, UNKNOWN)
    assert change.change.gained[0].line == 2
    assert added(line, allow=[{"package": "*", "reason": "known"}]).conclusion is Conclusion.PASS


@pytest.mark.parametrize("line", ["https://x.example/archive/main.zip", "file:///srv/other"])
def test_what_comes_from_where_another_comes_from_is_direct(line: str) -> None:
    base = "https://x.example/archive/old.zip\nfile:///srv/b"
    (change,) = added(line, base=base).lockfiles[0].changes
    assert change.outcome is Outcome.DIRECT


@pytest.mark.parametrize("end", ["", "?x=/archive/"])
def test_pypis_file_is_pypis_whatever_stands_behind_its_name(end: str) -> None:
    (change,) = added(f"https://files.pypi.test/packages/b-1.0-py3-none-any.whl{end}").lockfiles[0].changes
    assert (change.change.name, change.outcome) == ("b", Outcome.PYPI)


def test_no_pattern_of_names_allows_what_has_none() -> None:
    allow = [{"package": pattern, "reason": "known"} for pattern in ("git*", "*main")]
    assert added("git+https://x.example/a@main", allow=allow).conclusion is UNKNOWN


def test_nobody_is_asked_for_a_url() -> None:
    table = Table(**BOTH)
    url = "https://libraries.cgr.dev/python/archive/main.zip"
    result = judged(table, (lock("requirements.txt", SIDE), lock("requirements.txt", SIDE, url)))
    assert not any("main" in name for _, name in table.asked)
    assert result.conclusion is UNKNOWN


def test_a_scan_takes_every_entry_as_new() -> None:
    result = review([whole(PAIR[1])], Settings(), Table(**BOTH), today=TODAY, scope="all")

    assert outcomes(result) == {"a": Outcome.CHAINGUARD, "b": Outcome.PYPI}
    assert (result.scope, result.lockfiles[0].head_entries) == ("all", 2)
