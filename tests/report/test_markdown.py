from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fallback_review.model import (
    Advice,
    Cause,
    ChangeKind,
    Conclusion,
    Notice,
    Outcome,
    Review,
    ReviewedChange,
    Source,
    SourceKind,
    Target,
    Verdict,
)
from fallback_review.report import FORMATS, render
from fallback_review.report.fitting import Block, fit, size
from fallback_review.report.limits import COMMENT as LIMIT
from fallback_review.report.words import COLORS
from tests.report import build
from tests.report.build import from_pypi, good, hostile, lockfile, review, reviewed, rich, unknown
from tests.report.github import parsed, sanitized
from tests.report.reading import Reader
from tests.report.texts import hostile_text

if TYPE_CHECKING:
    from collections.abc import Iterator

LINKS = {"about_url": "https://docs.example/checks"}


def read(review: Review, **options: object) -> Reader:
    return Reader(parsed(render(review, "markdown", **options)))


def row(review: Review, name: str) -> list[str]:
    return next(cells for cells in read(review).rows if cells[0].split(" ")[0] == name)


@pytest.mark.lab
def test_the_verdict_comes_first_and_trouble_next_worst_first() -> None:
    text = render(rich(), "markdown")
    assert text.splitlines()[0] == (
        "### ❌ 1 of 13 changed packages does not install; 3 come from PyPI, 1 of them allowed; "
        "1 is PyPI's file, served by Chainguard, not rebuilt"
    )
    assert "The check fails: the policy rejects 2 packages. 1 package only warns." in text
    rows = Reader(parsed(text)).rows
    assert rows[0] == ["Package", "Comes from, why, and what to do"]
    assert [(cells[0].split(" ")[0], cells[1][0]) for cells in rows[1:4]] == [
        ("orjson", "🔴"),
        ("litellm", "🟠"),
        ("tokenizers", "🟠"),
    ]
    assert rows[1] == [
        "orjson 3.10.1 →\N{NO-BREAK SPACE}3.11.0\nChainguard · PyPI",
        (
            "🔴 does not install\nthe lock does not hold the hash of the file that the index serves\n"
            "→ put the hashes of Chainguard's files into the lock\nchainctl libraries update-hashes uv.lock"
        ),
    ]
    assert "3.10.1 →&nbsp;**3.11.0**" in text
    assert "`chainctl libraries update-hashes uv.lock`" in text


@pytest.mark.lab
def test_every_quiet_group_has_its_details() -> None:
    text = render(rich(), "markdown")
    assert re.findall("<summary>(.*)</summary>", text) == [
        "📋 1 package is allowed by the settings",
        "🟡 1 package is PyPI's file, served by Chainguard, not rebuilt",
        "🔵 1 package does not come from Chainguard or PyPI",
        "🟢 7 packages come from Chainguard",
        "🏠 1 package is part of this project",
        "⚫ 1 package changes nothing that gets installed",
        "⚫ 1 package is removed",
        "📝 Notes (2)",
    ]
    page = Reader(parsed(text))
    assert page.elements["table"] == 8
    for words in (
        "CUDA wheels come from NVIDIA, by ml-team, until 2027-01-01",
        "files moved from files.pypi.test to libraries.cgr.dev",
        "index → git",
        "hashes: 0 added, 2 removed",
        "1.16.0 removed",
        "uv.lock:3: holds credentials in an index URL: remove them",
        "uv.lock:9: has no name before it is built: ./local-wheel.whl",
        "1 conda package not checked: only packages from PyPI are.",
        "uv.lock is compared with old/uv.lock",
        ".github/fallback-review.toml:8: the allowance for nvidia-* expires in 12 days",
    ):
        assert words in page.text


@pytest.mark.lab
def test_targets_that_differ_are_named_in_the_row() -> None:
    assert row(rich(), "tokenizers")[1].split("\n")[0] == (
        "🟠 PyPI on macos-arm64; elsewhere: Chainguard (only a warning)"
    )


@pytest.mark.lab
def test_several_outcomes_and_informational_targets_are_told_apart() -> None:
    def on(target: str, outcome: Outcome, *, informational: bool = False) -> Verdict:
        return Verdict(version="1", target=target, outcome=outcome, informational=informational)

    verdicts = (
        *(on(f"t{n}", Outcome.PYPI) for n in range(5)),
        on("up", Outcome.UPSTREAM),
        on("mac", Outcome.INSTALL_FAILS, informational=True),
    )
    cell = row(review(lockfile(from_pypi("x", verdicts=verdicts))), "x")[1]
    assert cell.split("\n")[0] == (
        "🟠 PyPI on t0, t1, t2 and 2 more; mac (for information): does not install; "
        "up: PyPI's file, served by Chainguard, not rebuilt"
    )


@pytest.mark.lab
def test_the_footer_names_files_targets_run_and_commit() -> None:
    page = read(rich(), **LINKS)
    footer = (
        "uv.lock · Python 3.12 on Linux (x86_64, aarch64) · run · commit abc1234 · "
        "what this checks and what it cannot"
    )
    assert page.text.strip().endswith(footer)
    assert page.links[-2:] == ["https://github.test/acme/app/actions/runs/1", "https://docs.example/checks"]


@pytest.mark.lab
def test_links_lead_to_the_project_and_to_the_line() -> None:
    page = read(rich(), **LINKS)
    assert "https://libraries.example/python/orjson" in page.links
    assert "https://pypi.example/project/orjson/" in page.links
    assert page.links.count("https://github.test/acme/app/blob/abc1234def5678/uv.lock#L12") > 5
    assert "https://libraries.example/python/acme-tool" not in page.links
    plain = read(review(lockfile(from_pypi())))
    assert plain.links == []


@pytest.mark.lab
def test_a_line_in_an_included_file_links_to_that_file() -> None:
    entry = build.locked("x", "2", line=4, path="requirements/base.txt")
    change = reviewed("x", None, "2", Outcome.PYPI, after=(entry,), gained=(entry,))
    page = read(review(lockfile(change), head_url="https://github.test/a/b/blob/c"))
    assert page.links == ["https://github.test/a/b/blob/c/requirements/base.txt#L4"]


@pytest.mark.lab
def test_several_lockfiles_get_a_heading_each_the_worst_first() -> None:
    text = render(build.gallery()["several"], "markdown")
    assert re.findall("^#### (.*)$", text, re.MULTILINE) == ["services/api/requirements.txt", "uv.lock"]
    rows = Reader(parsed(text)).rows
    assert rows[-1] == ["attrs 1.0 →\N{NO-BREAK SPACE}1.1\nuv.lock", "🟢 Chainguard"]
    many = review(*(lockfile(good("a"), path=f"{n}/uv.lock") for n in range(5)))
    assert "0/uv.lock, 1/uv.lock, 2/uv.lock, 2 more" in read(many).text


@pytest.mark.lab
def test_the_footer_names_the_targets_of_each_lockfile_where_they_differ() -> None:
    newer = tuple(replace(target, python="3.13") for target in build.TARGETS[:1])
    mac = Target(python="3.13", platform="macos", arch="arm64", informational=True)
    one = review(lockfile(good("a"), targets=(*newer, mac)))
    assert (
        read(one)
        .text.strip()
        .endswith("uv.lock · Python 3.13 on Linux (x86_64); for information: Python 3.13 on macOS (arm64)")
    )
    two = review(lockfile(good("a")), lockfile(good("a"), path="new/uv.lock", targets=newer))
    assert (
        read(two)
        .text.strip()
        .endswith(
            "uv.lock, new/uv.lock · uv.lock: Python 3.12 on Linux (x86_64, aarch64) · "
            "new/uv.lock: Python 3.13 on Linux (x86_64)"
        )
    )
    many = review(*(lockfile(good("a"), path=f"{n}", targets=newer) for n in range(4)), lockfile(path="old"))
    assert "Python 3.13, 3.12" not in read(many).text
    assert "py3.13 linux-x86_64, py3.12 linux-x86_64, py3.12 linux-aarch64" in read(many).text


@pytest.mark.lab
def test_targets_that_are_no_grid_are_listed() -> None:
    made = (
        Target(python="3.11", platform="linux", arch="x86_64"),
        Target(python="3.12", platform="macos", arch="arm64"),
    )
    assert "py3.11 linux-x86_64, py3.12 macos-arm64" in read(review(lockfile(targets=()), targets=made)).text
    assert render(review(targets=()), "markdown") == "### ✅ No lockfile changed\n\n<sub></sub>\n"


FORKED = Source(kind=SourceKind.REGISTRY, location="https://other.example/simple/")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (reviewed("x", None, "2", Outcome.PYPI), "**2** added"),
        (reviewed("x", "2", "1", Outcome.PYPI, kind=ChangeKind.DOWNGRADED), "2 →&nbsp;**1** (downgrade)"),
        (reviewed("x", "1", "1", Outcome.PYPI, kind=ChangeKind.ARTIFACTS_CHANGED), "**1** new files"),
        (
            reviewed(
                "x", "1", "1", Outcome.PYPI, kind=ChangeKind.SOURCE_CHANGED, source_changed=True,
                after=(build.locked("x", "1", source=FORKED),),
            ),
            "**1** new source",
        ),
        (
            reviewed("x", "1", None, Outcome.PYPI, kind=ChangeKind.UPGRADED,
                     after=(build.locked("x", "1"), build.locked("x", "2")), gained=(build.locked("x", "2"),)),
            "1 →&nbsp;1, **2**",
        ),
        (
            reviewed("x", None, None, Outcome.PYPI, after=tuple(build.locked("x", str(n)) for n in range(7))),
            "0, 1, 2, 3, 3 more added",
        ),
        (reviewed("x", None, None, Outcome.DIRECT, after=(build.locked("x", None, source=build.GIT),)), "c0ffee1 added"),
        (reviewed("x", None, None, Outcome.PYPI, after=(build.locked("x", None, specifier=">=1"),)), "&#62;=1 added"),
        (reviewed("x", None, None, Outcome.PYPI, after=(build.locked("x", None),)), "no version added"),
    ],
)  # fmt: skip
def test_the_change_is_shown_in_few_words(change: ReviewedChange, shown: str) -> None:
    assert f"| x {shown} |" in render(review(lockfile(change)), "markdown")


@pytest.mark.lab
def test_remarks_on_a_row() -> None:
    change = reviewed(
        "x", "1", "2", Outcome.PYPI, why="why", note="released 2 days ago", became_unhashed=True
    )
    assert row(review(lockfile(change)), "x")[1] == (
        "🟠 PyPI\nwhy; released 2 days ago; the lock no longer has its hashes"
    )


@pytest.mark.lab
def test_a_remark_on_what_comes_from_chainguard_is_shown_beside_it() -> None:
    remarked = review(lockfile(good("x", note="1.1+cgr.1 fixes CVE-2024-1 `<b>`"), good("y")))
    assert row(remarked, "x")[1] == "🟢 Chainguard\n1.1+cgr.1 fixes CVE-2024-1 `<b>`"
    assert row(remarked, "y")[1] == "🟢 Chainguard"


@pytest.mark.lab
def test_targets_of_several_pythons_keep_their_python() -> None:
    verdicts = (
        Verdict(version="1", target="py3.11 linux-x86_64", outcome=Outcome.PYPI),
        Verdict(version="1", target="py3.12 linux-x86_64", outcome=Outcome.CHAINGUARD),
    )
    cell = row(review(lockfile(from_pypi("x", verdicts=verdicts))), "x")[1]
    assert cell.split("\n")[0] == "🟠 PyPI on py3.11 linux-x86_64; elsewhere: Chainguard"


@pytest.mark.lab
def test_why_and_what_to_do_are_said_once_in_a_row_of_rows() -> None:
    found = review(lockfile(build.fails("a"), build.fails("b"), from_pypi("c"), from_pypi("d", why="else")))
    rows = [cells[1] for cells in read(found).rows[1:]]
    assert rows[1:] == [
        "🔴 does not install\nsame as the package above",
        "🟠 PyPI\nChainguard has no 1.61.0; nearest 1.60.8\n→ pin 1.60.8, or wait: the build is requested",
        "🟠 PyPI\nelse\n→ pin 1.60.8, or wait: the build is requested",
    ]
    assert render(found, "html").count("same as the package above") == 1
    assert render(found, "sarif").count("chainctl libraries update-hashes") == 2


@pytest.mark.lab
def test_malware_comes_first_wherever_it_comes_from() -> None:
    malware = from_pypi("worse", cause=Cause.BLOCKED, reason="MALWARE_DETECTED", why="malware")
    found = review(lockfile(from_pypi("a"), build.fails("b"), malware))
    text = render(found, "markdown")
    assert text.splitlines()[0] == (
        "### ⛔ Malware was found in 1 of 3 changed packages; 1 does not install; 2 come from PyPI"
    )
    assert [cells[0].split(" ")[0] + cells[1][0] for cells in read(found).rows[1:]] == [
        "worse⛔",
        "b🔴",
        "a🟠",
    ]
    assert json.loads(render(found, "annotations"))[0]["title"] == "worse 1.61.0: PyPI"


@pytest.mark.lab
def test_a_command_is_never_cut() -> None:
    change = from_pypi("x", advice=Advice(text="run", command="x" * 500))
    assert row(review(lockfile(change)), "x")[1].split("\n")[-1] == "→ run"


# ── Hostile text ───────────────────────────────────────────────────────────────────────────────────


def shape(html: str) -> dict[str, int]:
    """The elements, without those that escaping itself may write (a dollar's span) or leave out (a code span)."""
    return {tag: number for tag, number in Reader(html).elements.items() if tag not in {"span", "code"}}


BENIGN = hostile("a-benign-text-of-some-length")


@pytest.mark.lab
@settings(max_examples=60, deadline=None)
@given(hostile_text)
def test_hostile_text_in_every_field_leaves_the_comment_as_it_is(text: str) -> None:
    # Long enough to be a text at every place, as the benign one is.
    text = "hostile " + text.strip() + " x"
    made, usual = (render(found, "markdown", **LINKS) for found in (hostile(text), BENIGN))
    assert shape(parsed(made)) == shape(parsed(usual))
    page = Reader(parsed(made))
    assert all(
        link.startswith(
            (
                "https://github.test/",
                "https://libraries.example/",
                "https://pypi.example/",
                "https://docs.example/",
            )
        )
        for link in page.links
    )
    assert not page.comments
    assert page.attributes <= {"href"}


@pytest.mark.lab
def test_the_usual_suspects_are_shown_as_they_are() -> None:
    html = parsed(render(hostile(), "markdown", limit=10**6))
    assert shape(html) == shape(parsed(render(BENIGN, "markdown", limit=10**6)))
    text = Reader(html).text
    assert (
        "<img src=x onerror=alert(1)>@octocat #1 GH-2 acme/app#3 https://evil.test www.evil.test me@evil.test"
        in text
    )
    assert (
        "\\r\\n\\r\\n# big\\n| a | b |\\n|---|---|\\n```mermaid\\n\\u202etxt\\u200b\\x1b[31m::error::x &lt; &#64;octocat"
        in text
    )


@pytest.mark.lab
def test_nothing_of_the_comment_is_lost_in_githubs_sanitizer() -> None:
    for found in (rich(), hostile()):
        html = parsed(render(found, "markdown", **LINKS))
        assert Reader(sanitized(html)).elements == Reader(html).elements


# ── Length ─────────────────────────────────────────────────────────────────────────────────────────


def rows_shown(text: str) -> int:
    return sum(
        line.startswith("| ") and not line.startswith(("| Package |", "| … and"))
        for line in text.splitlines()
    )


def left_out(text: str) -> int:
    return sum(int(number.replace(",", "")) for number in re.findall(r"… and ([\d,]+) more", text))


def many(number: int, *, stem: str = "package") -> Review:
    kinds = (from_pypi, good, unknown, lambda name: reviewed(name, "1", None), build.fails)
    return review(lockfile(*(kinds[n % 5](f"{stem}-{n}") for n in range(number))), conclusion=Conclusion.FAIL)


@pytest.mark.lab
def test_ten_thousand_changes_fit_and_what_is_left_out_is_counted() -> None:
    text = render(many(10_000), "markdown")
    assert LIMIT * 0.97 < size(text) <= LIMIT
    assert rows_shown(text) + left_out(text) == 10_000
    assert "| … and 2,000 more, see the job summary |" in text
    assert text.splitlines()[0].startswith("### ❌ 2,000 of 8,000 changed packages do not install")
    assert text.endswith("</sub>\n")
    page = Reader(parsed(text))
    assert page.elements["table"] == 3
    assert page.elements["details"] == 2


@pytest.mark.lab
def test_ten_thousand_lockfiles_fit() -> None:
    found = review(
        *(lockfile(from_pypi(f"p{n}"), good(f"q{n}"), path=f"services/{n}/uv.lock") for n in range(10_000))
    )
    text = render(found, "markdown")
    assert size(text) <= LIMIT
    assert rows_shown(text) + left_out(text) == 20_000
    page = Reader(parsed(text))
    assert page.elements["table"] == 2
    assert page.rows[1][0].split("\n")[-1] == "services/0/uv.lock"
    assert "<summary>🟢 10,000 packages come from Chainguard</summary>" in text


@pytest.mark.lab
def test_what_many_lockfiles_have_in_common_is_one_row() -> None:
    lockfiles = [lockfile(from_pypi(), good("a"), path=f"{n}/uv.lock") for n in range(11)]
    odd = lockfile(from_pypi(why="another reason"), good("a"), path="odd/uv.lock")
    page = read(review(*lockfiles, odd, head_url="https://github.test/acme/app/blob/abc"))
    rows = [cells for cells in page.rows if cells[0] != "Package"]
    assert [
        (cells[0].split(" ")[0], cells[1].split("\n")[:2][-1], cells[0].split("\n")[-1]) for cells in rows
    ] == [
        ("litellm", "Chainguard has no 1.61.0; nearest 1.60.8", "0/uv.lock, 1/uv.lock and 9 more"),
        ("litellm", "another reason", "odd/uv.lock"),
        ("a", "🟢 Chainguard", "0/uv.lock, 1/uv.lock and 10 more"),
    ]
    assert page.links == ["https://github.test/acme/app/blob/abc/odd/uv.lock#L12"]
    assert "In 12 lockfiles" in page.text
    assert "12 packages come from Chainguard" in page.text


def test_remarks_leave_room_for_the_trouble() -> None:
    notices = tuple(Notice(path=f"services/{n}/uv.lock", text="read me " * 20) for n in range(10_000))
    found = review(lockfile(*(from_pypi(f"p{n}") for n in range(100))), findings=notices, unreadable=notices)
    text = render(found, "markdown")
    assert size(text) <= LIMIT
    assert text.count("| 🟠 **PyPI**") == 100
    assert rows_shown(text) + text.count("uv.lock: read me") + left_out(text) == 20_100


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "|" * 100_000, "\u202e" * 100_000, "\\|" * 50_000, "`" * 100_000]
)
def test_endless_names_fit(text: str) -> None:
    made = render(hostile(text), "markdown")
    assert size(made) <= LIMIT
    assert made.endswith("</sub>\n")
    assert rows_shown(made) + left_out(made) >= 11


@pytest.mark.lab
@settings(max_examples=80, deadline=None)
@given(
    number=st.integers(0, 60),
    lockfiles=st.integers(1, 4),
    limit=st.integers(700, 20_000),
    notices=st.integers(0, 30),
)
def test_whatever_the_limit_it_is_kept_and_everything_is_shown_or_counted(
    number: int, lockfiles: int, limit: int, notices: int
) -> None:
    read_me = (Notice(text="read me", line=1),) * notices
    made = (many(number, stem=f"package-{n}").lockfiles[0] for n in range(lockfiles))
    found = review(*(replace(each, path=f"{n}/uv.lock", notices=read_me) for n, each in enumerate(made)))
    text = render(found, "markdown", limit=limit)
    assert size(text) <= limit
    shown_notes = text.count("read me")
    assert rows_shown(text) + shown_notes + left_out(text) == (number + notices) * lockfiles
    page = Reader(parsed(text))
    assert text.count("<details>") == text.count("</details>") == page.elements["details"]


def test_the_limit_is_kept_to_the_byte() -> None:
    found = review(*(lockfile(from_pypi(), good(f"a{n}"), path=f"{n}/uv.lock") for n in range(6)))
    sizes = {limit: size(render(found, "markdown", limit=limit)) for limit in range(900, 2_400, 7)}
    assert all(made <= limit for limit, made in sizes.items())
    whole = size(render(found, "markdown"))
    assert sizes[max(sizes)] == whole
    # What is left over is less than the next block and the line about what is left out.
    assert max(limit - made for limit, made in sizes.items() if made < whole) < 400


def test_the_least_important_goes_first() -> None:
    found = review(
        lockfile(*(good(f"good-{n}") for n in range(50)), *(from_pypi(f"bad-{n}") for n in range(20)))
    )
    text = render(found, "markdown", limit=4_000)
    assert text.count("| 🟠 **PyPI**") == 20
    assert 0 < text.count("| 🟢 **Chainguard**") < 50


def test_a_limit_below_the_frame_is_an_error() -> None:
    with pytest.raises(ValueError, match="at most 100 bytes has no room for its frame of"):
        render(rich(), "markdown", limit=100)


def test_rows_are_rendered_only_as_far_as_there_is_room() -> None:
    taken = []

    def rows() -> Iterator[str]:
        for number in range(1_000_000):
            taken.append(number)
            yield "x" * 10

    block = Block(opening="<", closing=">", rows=rows(), total=1_000_000, more=lambda number: f"+{number}")
    assert fit([block], 50).texts == ("<" + "x" * 40 + "+999996>",)
    assert len(taken) == 5


@pytest.mark.lab
def test_the_summary_is_longer_and_has_a_chart() -> None:
    text = render(many(10_000), "summary")
    assert LIMIT * 10 < size(text) <= 1_048_576
    assert "see the job summary" not in text
    assert rows_shown(text) + left_out(text) == 10_000
    assert "mermaid" not in render(review(lockfile(good("a"))), "summary")
    html = parsed(render(hostile(), "summary", **LINKS))
    assert Reader(html).elements["pre"] == 1


def test_the_chart_is_sorted_so_that_its_colours_are_right() -> None:
    found = review(lockfile(good("a"), from_pypi("b"), from_pypi("c"), build.fails()))
    chart = render(found, "summary").partition("```mermaid\n")[2].partition("\n```")[0].splitlines()
    assert chart[1:] == [
        "pie showData",
        "    title Where the packages come from",
        '    "PyPI" : 2',
        '    "Chainguard" : 1',
        '    "does not install" : 1',
    ]
    theme = json.loads(chart[0].removeprefix("%%{init: ").removesuffix("}%%"))["themeVariables"]
    assert [theme[f"pie{n}"] for n in (1, 2, 3)] == [
        COLORS[outcome] for outcome in (Outcome.PYPI, Outcome.CHAINGUARD, Outcome.INSTALL_FAILS)
    ]


# ── Every format ───────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=40, deadline=None)
@given(text=hostile_text, scope=st.sampled_from(["changes", "all"]), conclusion=st.sampled_from(Conclusion))
def test_no_format_ever_raises(text: str, scope: str, conclusion: Conclusion) -> None:
    found = replace(hostile(text), scope=scope, conclusion=conclusion)
    for name in FORMATS:
        made = render(found, name)
        assert made.endswith("\n")
        assert made == render(found, name)
        made.encode()


def test_an_unknown_format_or_option_is_an_error() -> None:
    with pytest.raises(
        ValueError, match="unknown report format 'yaml': use one of terminal, markdown, summary, json"
    ):
        render(rich(), "yaml")
    with pytest.raises(TypeError, match="colour"):
        render(rich(), "json", colour=True)
