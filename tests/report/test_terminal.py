from __future__ import annotations

from hypothesis import given, settings

from fallback_review.model import Outcome
from fallback_review.report import render
from tests.report import build
from tests.report.build import from_pypi, gallery, good, hostile, lockfile, review, reviewed, rich
from tests.report.texts import hostile_text

HEAD = """\
❌ 1 of 13 changed packages does not install; 3 come from PyPI, 1 of them allowed; 1 is PyPI's file, served by Chainguard, not rebuilt
   The check fails: the policy rejects 2 packages. 1 package only warns.
 • .github/fallback-review.toml:8: the allowance for nvidia-* expires in 12 days

uv.lock
 🔴 orjson 3.10.1 → 3.11.0  does not install  line 12
    the lock does not hold the hash of the file that the index serves
    → put the hashes of Chainguard's files into the lock
      chainctl libraries update-hashes uv.lock
 🟠 litellm 1.61.0 added  PyPI  line 12
    Chainguard has no 1.61.0; nearest 1.60.8
    → pin 1.60.8, or wait: the build is requested
 🟠 tokenizers 0.4.0 → 0.4.1  PyPI on macos-arm64; elsewhere: Chainguard  (only a warning)  line 12
    no build for this platform
    → build in a Linux container, or allow it

📋 1 package is allowed by the settings
 🟠 nvidia-cublas 12.4 added  PyPI  line 12
    allowed: CUDA wheels come from NVIDIA, by ml-team, until 2027-01-01
"""


def test_the_report_as_people_read_it() -> None:
    text = render(rich(), "terminal")
    assert text.startswith(HEAD)
    assert "📝 Notes (2)\n • uv.lock:3: holds credentials in an index URL: remove them\n" in text
    assert " • 1 conda package not checked: only packages from PyPI are.\n" in text
    assert text.endswith("\nuv.lock\nPython 3.12 on Linux (x86_64, aarch64)\n")


def test_colour_comes_only_when_asked_for() -> None:
    assert "\x1b" not in render(rich(), "terminal")
    coloured = render(rich(), "terminal", color=True)
    assert "\x1b[1;31m❌" in coloured


def test_lines_wrap_at_the_width_except_commands() -> None:
    text = render(rich(), "terminal", width=30)
    long = [line.strip() for line in text.splitlines() if len(line) > 30]
    assert long == ["chainctl libraries update-hashes uv.lock"]


def test_a_wrapped_line_goes_on_below_its_first_word() -> None:
    text = render(review(lockfile(build.fails("orjson"))), "terminal", width=46)
    row, *rest = text.splitlines()[3:8]
    assert row == " 🔴 orjson 3.10.1 → 3.11.0  does not install"
    assert rest[0] == "    line 12"
    assert rest[1:3] == [
        "    the lock does not hold the hash of the",
        "    file that the index serves",
    ]
    assert rest[3].startswith("    → ")


def test_long_quiet_lists_are_shortened_and_counted() -> None:
    found = review(lockfile(*(good(f"p{n}") for n in range(50))))
    text = render(found, "terminal")
    assert text.count("🟢 p") == 20
    assert "   … and 30 more, see --verbose\n" in text


def test_what_the_row_above_has_said_is_not_repeated() -> None:
    text = render(review(lockfile(build.fails("a"), build.fails("b"))), "terminal")
    assert text.count("chainctl") == 1
    assert "\n 🔴 b 3.10.1 → 3.11.0  does not install  line 12\n    same as the package above\n" in text


def test_a_scan_lists_what_is_quiet_in_full() -> None:
    direct = (reviewed(f"p{n}", None, "1", Outcome.DIRECT) for n in range(50))
    text = render(review(lockfile(*direct), scope="all"), "terminal")
    assert text.count("🔵 p") == 50
    assert "more" not in text


def test_what_fills_more_than_a_screen_ends_with_the_verdict() -> None:
    long, short = (
        render(review(lockfile(*(from_pypi(f"p{n}") for n in range(number)))), "terminal").splitlines()
        for number in (30, 3)
    )
    assert long[0] == long[-1] == "✅ 30 of 30 changed packages come from PyPI"
    assert short[-2:] == ["uv.lock", "Python 3.12 on Linux (x86_64, aarch64)"]


def test_trouble_in_many_lockfiles_is_one_list() -> None:
    found = review(*(lockfile(from_pypi(), path=f"{n}/uv.lock") for n in range(10)), lockfile(build.fails()))
    text = render(found, "terminal")
    assert "\nIn 11 lockfiles\n 🔴 orjson 3.10.1 → 3.11.0  does not install  (uv.lock:12)\n" in text
    assert "\n 🟠 litellm 1.61.0 added  PyPI  (0/uv.lock, 1/uv.lock and 8 more)\n" in text


def test_a_remark_on_what_comes_from_chainguard_is_shown_below_it() -> None:
    text = render(review(lockfile(good("x", note="1.1+cgr.1 fixes CVE-2024-1"), good("y"))), "terminal")
    assert (
        " 🟢 x 1.0 → 1.1  Chainguard\n    1.1+cgr.1 fixes CVE-2024-1\n 🟢 y 1.0 → 1.1  Chainguard\n" in text
    )


def test_rows_name_their_lockfile_where_there_are_several() -> None:
    text = render(gallery()["several"], "terminal")
    assert "\nservices/api/requirements.txt\n 🔴 orjson" in text
    assert " 🟢 attrs 1.0 → 1.1  Chainguard  (uv.lock)" in text


def test_nothing_to_say_is_one_line() -> None:
    assert render(review(targets=()), "terminal") == "✅ No lockfile changed\n"


def test_what_could_not_be_read_is_said() -> None:
    text = render(gallery()["unreadable"], "terminal")
    assert text.startswith("❔ Something could not be checked\n   The check fails")
    assert " • could not be checked: poetry.lock:3: not valid TOML: expected '=' after a key" in text


@settings(max_examples=60, deadline=None)
@given(hostile_text)
def test_nothing_hostile_reaches_the_terminal(text: str) -> None:
    text = "hostile " + text.strip() + " x"
    made = render(hostile(text), "terminal")
    assert all(line.isprintable() for line in made.split("\n"))
    usual = render(hostile("a-benign-text-of-some-length"), "terminal")
    assert made.count("\n") == usual.count("\n")


def test_markup_is_shown_as_it_stands() -> None:
    text = render(
        review(lockfile(from_pypi("[red]x[/] [link=https://evil.test]y[/link] :tada:"))),
        "terminal",
        color=True,
    )
    assert "[red]x[/] [link=https://evil.test]y[/link] :tada:" in text
    assert "\x1b]8" not in text


def test_a_scan_of_several_lockfiles_has_totals() -> None:
    text = render(gallery()["scan of several"], "terminal")
    assert (
        "\n   0.0 %  0 of 3 from Chainguard, 1 from PyPI, 2 fail or unknown  services/api/requirements.txt\n"
        "  80.0 %  8 of 10 from Chainguard, 2 from PyPI  uv.lock\n"
        "   100 %  1 of 1 from Chainguard  web/uv.lock\n"
        "\nMissing in several lockfiles\n • six (1.61.0): 2 lockfiles\n"
    ) in text


def test_everything_is_listed_when_asked_for() -> None:
    found = review(lockfile(*(good(f"p{n}") for n in range(50))))
    assert render(found, "terminal", everything=True).count("🟢 p") == 50
    scanned = review(lockfile(good("p")), scope="all")
    assert "🟢 p" not in render(scanned, "terminal")
    assert "🟢 p" in render(scanned, "terminal", everything=True)
