"""Requirements files: pip's documented rules, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fallback_review.lockfiles.formats.requirements import FORMAT
from fallback_review.lockfiles.formats.requirements.lines import LogicalLine, logical_lines, without_comment
from fallback_review.lockfiles.formats.requirements.options import (
    OptionsError,
    parse_options,
    salvaged_hashes,
    split_options,
)
from fallback_review.lockfiles.text import Text
from fallback_review.lockfiles.usual_names import CLAIMS
from fallback_review.model import InstallOptions, Prereleases, SourceKind

if TYPE_CHECKING:
    from fallback_review.model import LockedPackage, Lockfile

A, B = "a" * 64, "b" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def read(text: str, files: dict[str, str] | None = None, path: str = "requirements.txt") -> Lockfile:
    return FORMAT.parse(Text(path=path, text=text, read=(files or {}).get))


def only(text: str, files: dict[str, str] | None = None) -> LockedPackage:
    lock = read(text, files)
    assert not lock.notices
    (package,) = lock.packages
    return package


# pip documentation, "Requirements File Format": comments and line continuations.
@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\n", [LogicalLine(1, "a"), LogicalLine(2, "b")]),
        ("\n\n  a  \n", [LogicalLine(3, "a")]),
        ("# a\nb # c\nd#e\n", [LogicalLine(2, "b"), LogicalLine(3, "d#e")]),
        ("a \\\n  --x\nb", [LogicalLine(1, "a   --x"), LogicalLine(3, "b")]),
        ("\\\n\\\na\n", [LogicalLine(3, "a")]),
        ("a \\\n# note\nb\n", [LogicalLine(1, "a"), LogicalLine(3, "b")]),
        ("# c \\\na\n", [LogicalLine(2, "a")]),
        ("a \\", [LogicalLine(1, "a")]),
        ("\\\n\nb", [LogicalLine(3, "b")]),
        # pip splits lines at these too: what stands behind them is installed.
        ("# note\u2028evil==1", [LogicalLine(1, "evil==1")]),
        ("a\x0cb\nc", [LogicalLine(1, "a"), LogicalLine(1, "b"), LogicalLine(2, "c")]),
        ("", []),
    ],
)
def test_logical_lines(text: str, lines: list[LogicalLine]) -> None:
    assert list(logical_lines(text)) == lines


@pytest.mark.parametrize(
    ("line", "rest"), [("#x", ""), ("a #b", "a "), ("a#b", "a#b"), ("a#b\t#c", "a#b\t"), ("##", "")]
)
def test_a_comment_starts_the_line_or_follows_white_space(line: str, rest: str) -> None:
    assert without_comment(line) == rest


# PEP 440: exact pins are "==" without a wildcard, and "===".
@pytest.mark.parametrize(
    ("requirement", "version", "specifier"),
    [
        ("six==1.16.0", "1.16.0", None),
        ("six == 1.16.0", "1.16.0", None),
        ("six===1.16.foo", "1.16.foo", "===1.16.foo"),
        ("six (==1.16)", "1.16", None),
        ("six==1.0+cgr.1", "1.0+cgr.1", None),
        ("six==v1.0", "v1.0", None),
        ("six==1.*", None, "==1.*"),
        ("six", None, None),
        ("six>=1,<2", None, "<2,>=1"),
        ("six~=1.4", None, "~=1.4"),
        ("six==1.0,<2", "1.0", "<2,==1.0"),
        ("six===1.0", "1.0", "===1.0"),
        ("six==1.0,!=1.0+cgr.1", "1.0", "!=1.0+cgr.1,==1.0"),
        ("six==1.0,==1.0.0", "1.0", None),
        ("six==1.0,==2.0", None, "==1.0,==2.0"),
        ("six==3.0,<2", None, "<2,==3.0"),
    ],
)
def test_pins_and_specifiers(requirement: str, version: str | None, specifier: str | None) -> None:
    package = only(requirement)
    assert (package.version, package.specifier) == (version, specifier)
    assert package.source.kind is SourceKind.REGISTRY
    assert package.source.location is None


def test_names_extras_markers_and_hashes() -> None:
    package = only(
        "# header\n"
        f"Foo.Bar[b, A]==1 ; python_version < '3.9' \\\n    --hash=sha256:{A.upper()} \\\n"
        f"    --hash sha256:{B}  # why\n"
    )
    assert package.name == "foo-bar"
    assert package.line == 2
    assert package.path is None
    assert package.marker == 'python_version < "3.9"'
    assert package.extra == {"extras": ("A", "b"), "marker": 'python_version < "3.9"'}
    assert [artifact.hashes for artifact in package.artifacts] == [(f"sha256:{A}",), (f"sha256:{B}",)]


def test_one_name_on_two_lines_stays_two_entries() -> None:
    lock = read("six==1 ; python_version < '3'\nsix==2 ; python_version >= '3'\n")
    assert [(p.version, p.line) for p in lock.packages] == [("1", 1), ("2", 2)]


# pip documentation, "VCS support", "Requirement Specifiers"; PEP 508 direct references.
@pytest.mark.parametrize(
    ("requirement", "name", "version", "kind", "location", "revision"),
    [
        ("x @ git+https://g.test/a/b@main", "x", None, "git", "https://g.test/a/b", "main"),
        (f"x @ git+https://g.test/a/b.git@{COMMIT}", "x", None, "git", "https://g.test/a/b.git", COMMIT),
        ("git+ssh://git@g.test/a/b@v1#egg=X[e]", "x", None, "git", "ssh://git@g.test/a/b", "v1"),
        ("hg+https://h.test/r#egg=x&subdirectory=s", "x", None, "hg", "https://h.test/r", None),
        ("svn+https://s.test/r@12#egg=x", "x", None, "svn", "https://s.test/r", "12"),
        ("bzr+https://s.test/r?a=1#egg=x", "x", None, "bzr", "https://s.test/r?a=1", None),
        ("-e git+https://g.test/a/b@dev#egg=x", "x", None, "git", "https://g.test/a/b", "dev"),
        ("-e git://g.test/a/b#egg=x", "x", None, "git", "git://g.test/a/b", None),
        ("x @ https://f.test/x-1.0-py3-none-any.whl", "x", "1.0", "url", None, None),
        ("x@https://f.test/tarball/0123", "x", None, "url", "https://f.test/tarball/0123", None),
        ("https://f.test/X_Y-1.0-py3-none-any.whl", "x-y", "1.0", "url", None, None),
        ("https://f.test/x-1.0.tar.gz", "x", "1.0", "url", None, None),
        ("https://f.test/x-1.0.zip ; python_version > '3'", "x", "1.0", "url", None, None),
        ("https://f.test/a/archive/x-1.0.zip#egg=y", "y", None, "url", None, None),
        ("other @ https://f.test/x-1.0.tar.gz", "other", None, "url", None, None),
        ("./wheels/x-1.0-py3-none-any.whl", "x", "1.0", "path", "./wheels/x-1.0-py3-none-any.whl", None),
        ("x-1.0.tar.gz", "x", "1.0", "path", "x-1.0.tar.gz", None),
        ("x @ file:///srv/x-1.0.zip", "x", "1.0", "path", "file:///srv/x-1.0.zip", None),
        ("x @ file:///srv/x", "x", None, "directory", "file:///srv/x", None),
        ("-e 'x @ file:///srv/x'", "x", None, "editable", "file:///srv/x", None),
        ("-e file:///srv/x#egg=x", "x", None, "editable", "file:///srv/x", None),
    ],
)
def test_direct_references(
    *, requirement: str, name: str, version: str | None, kind: str, location: str | None, revision: str | None
) -> None:
    package = only(requirement)
    assert (package.name, package.version, package.source.kind) == (name, version, kind)
    if location is not None:
        assert package.source.location == location
    assert (package.source.commit or package.source.reference) == revision
    assert (package.source.commit is not None) == (revision == COMMIT)
    outside = (location or "").startswith(("file:/", "/"))
    assert package.local == (kind in ("editable", "directory") and not outside)


def test_a_direct_url_keeps_its_hash_and_loses_its_fragment_and_credentials() -> None:
    lock = read(f"x @ https://me:secret@f.test/x-1.0.tar.gz#sha256={A.upper()}&egg=x --hash=sha256:{B}\n")
    (package,) = lock.packages
    (artifact,) = package.artifacts
    assert artifact.url == package.source.location == "https://f.test/x-1.0.tar.gz"
    assert artifact.filename == "x-1.0.tar.gz"
    assert artifact.hashes == (f"sha256:{A}", f"sha256:{B}")
    assert [(n.line, "credentials" in n.text) for n in lock.notices] == [(1, True)]
    assert "secret" not in repr(lock)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (".", "."),
        ("-e .", "."),
        ("-e .[all]", ".[all]"),
        ("-e file:.", "file:."),
        ("-e ../x[extra]", "../x[extra]"),
        ("./local/dir ; python_version > '3'", "./local/dir"),
        ("local/dir", "local/dir"),
        ("C:\\projects\\x", "C:\\projects\\x"),
        ("https://f.test/archive/main.zip", "https://f.test/archive/main.zip"),
        ("https://me:secret@f.test/archive/main.zip", "https://f.test/archive/main.zip"),
        ("git+https://g.test/a/b", "git+https://g.test/a/b"),
    ],
)
def test_requirements_without_a_name_are_kept(line: str, text: str) -> None:
    lock = read(f"\n{line}\n")
    assert not lock.packages
    assert [(notice.text, notice.line) for notice in lock.unnamed] == [(text, 2)]


def test_an_editable_folder_that_nothing_confirms_counts_as_unparsed_in_the_header() -> None:
    lock = read("-e .\n-e ./other\n")
    assert lock.header["unnamed"] == (".",)
    assert lock.header["unparsed"] == ("./other",)


# What pip refuses is never dropped in silence.
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("this is prose", "Expected"),
        ("six=1.0", "Expected"),
        ("six==1.0 ; python_ver", "Expected"),
        ("six==1.0 --no-such-option", "no such option"),
        ("--no-such-option x", "no such option"),
        ("--index-url", "requires 1 argument"),
        ("-e 'unclosed", "no closing quotation"),
        ("-e git+https://g.test/a/b", "needs a name"),
        ("-e https://f.test/x-1.0.zip", "a folder or a version-control URL"),
        ("-e ./x[d,", "extras in brackets"),
        ("-e ./x;", "extras in brackets"),
        ("git+https://g.test/a/b@#egg=x", "empty revision"),
        ("x @ git+https://g.test/a/b@", "empty revision"),
        ("x @ foo+https://g.test/a/b", "none of git, hg, svn, bzr"),
        ("https://f.test/archive/main.zip#egg=!!", "not a project name"),
        ("https://f.test/x-1.0.zip ; nonsense", "Expected"),
        ("x ; " + "(" * 5000 + "python_version > '3'" + ")" * 5000, "nested too deeply"),
        ("x==" + "1" * 201, "more than 200 characters"),
        ("x==" + "1." * 11_000, "longer than 20,000"),
        ("-e " + "x" * 20_001, "longer than 20,000"),
        ("--index-url " + "'" * 100_001, "more than 100,000"),
        ("--pre" + " x" * 5000, "more than 5,000 words"),
        ("--only-binary --pre", "needs a value"),
    ],
)
def test_a_line_that_pip_refuses_becomes_a_notice(line: str, reason: str) -> None:
    lock = read(f"six==1\n{line}\n")
    assert lock.packages[0].name == "six"
    (notice,) = lock.notices
    assert notice.line == 2
    assert "was not understood" in notice.text
    assert reason in notice.text
    assert len(notice.text) < 400
    assert len(lock.header["unparsed"]) == 1


def test_a_package_survives_options_that_are_not_understood() -> None:
    lock = read(f"six==1 --bogus --hash=sha256:{A} --hash=sha256:{B}\n")
    (package,) = lock.packages
    assert package.hashes == {f"sha256:{A}", f"sha256:{B}"}
    assert len(lock.notices) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("--pre six==1", "ignores 'six==1'"),
        ("-e . -e ./b", "one line takes one -e"),
        ("-r a.txt -c b.txt", "one line names one file"),
        (f"--hash=sha256:{A}", "belongs to no requirement"),
        ("-i ${INDEX}", "depends on the environment"),
    ],
)
def test_what_pip_passes_over_is_said(text: str, words: str) -> None:
    lock = read(text, {"a.txt": "", "b.txt": ""})
    assert [words in notice.text for notice in lock.notices] == [True]


def test_no_message_repeats_credentials() -> None:
    secrets = "https://user:hunter2@index.example/simple"
    lock = read(
        f"--index-url {secrets}\n--indexx {secrets}\n{secrets} x\n-r {secrets}\nx y {secrets}{'z' * 200}\n"
        f"-e {secrets}\n--extra-index-url https://{'u' * 90}:hunter2@index.example\n"
        f"six --hash={secrets}\n{'v' * 80}//{'u' * 30}:hunter2@x y\n"
    )
    assert "hunter2" not in repr(lock)
    assert "hunter2" not in repr(lock.header)
    assert len(lock.notices) >= 6


@pytest.mark.parametrize(("joins", "refused"), [(None, True), (True, True), (False, False)])
@pytest.mark.parametrize("constraint", ["six[a]==1", "six[a]", "six[a]==1; python_version < '3'"])
def test_pip_refuses_a_constraint_with_extras_and_uv_does_not(
    joins: bool | None, refused: bool, constraint: str
) -> None:
    text = "-c c.txt\nsix==1\nother==1\n"
    lock = FORMAT.parse(
        Text(
            path="requirements.txt",
            text=text,
            read={"c.txt": constraint}.get,
            joins_comments=joins,
        )
    )
    assert [package.name for package in lock.packages if package.refused] == ["six"] * refused
    assert [(notice.path, notice.line) for notice in lock.unread] == [("c.txt", 1)] * refused


def test_hashes_are_kept_as_they_stand_but_for_the_letters_of_their_digits() -> None:
    (package,) = read("six==1 --hash=sha256:AB --hash=SHA256:ab --hash=nonsense --hash=sha256:\n").packages
    assert package.hashes == {"sha256:ab", "SHA256:ab", "nonsense", "sha256:"}


# pip documentation, "Requirements File Format", global options.
def test_index_options() -> None:
    lock = read(
        "-i https://u:p@index.example/simple\n"
        "--extra-index-url=https://${USER}:${PASSWORD}@other.example/simple\n"
        "--find-links ./wheels\n--trusted-host x\n--require-hashes\n"
        "--pre --prefer-binary\n--no-index\nsix==1\n"
    )
    assert [(i.role, i.url, i.line, i.has_credentials) for i in lock.indexes] == [
        ("index-url", "https://index.example/simple", 1, True),
        ("extra-index-url", "https://other.example/simple", 2, False),
        ("find-links", "./wheels", 3, False),
    ]
    assert lock.options == InstallOptions(
        no_index=True,
        require_hashes=True,
        prefer_binary=True,
        prereleases=Prereleases.ALLOW,
        flags=(("--pre", ""),),
    )
    assert lock.header["options"] == {
        "index_url": ("https://index.example/simple",),
        "extra_index_urls": (("https://other.example/simple",),),
        "find_links": (("./wheels",),),
        "require_hashes": (True,),
        "pre": (True,),
        "prefer_binary": (True,),
        "no_index": (True,),
    }


@pytest.mark.parametrize(
    ("text", "only_binary", "no_binary"),
    [
        ("--only-binary :all:", {":all:"}, set()),
        ("--only-binary=A.B,c --no-binary c", {"a-b"}, {"c"}),
        ("--no-binary :all: --only-binary c", {"c"}, {":all:"}),
        ("--no-binary a\n--no-binary :none:", set(), set()),
        ("--no-binary a --only-binary :all:", {":all:"}, set()),
        ("--only-binary a,:all:,:none:,b", {"b"}, set()),
        ("six==1 --no-binary :all:\n-e . --only-binary a", {"a"}, {":all:"}),
        ("six==1 --no-binary a --pre --prefer-binary", set(), {"a"}),
    ],
)
def test_format_control(text: str, only_binary: set[str], no_binary: set[str]) -> None:
    options = read(text).options
    assert (set(options.only_binary), set(options.no_binary)) == (only_binary, no_binary)
    assert read(text).header["options"]


def test_all_releases_is_what_pre_was() -> None:
    assert read("--all-releases :all:").options.of("six").prereleases is Prereleases.ALLOW


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("--pre", Prereleases.ALLOW),
        ("--all-releases SIX", Prereleases.ALLOW),
        ("--all-releases other", Prereleases.IF_NECESSARY_OR_EXPLICIT),
        ("--only-final :all:", Prereleases.DISALLOW),
        ("--only-final :all: --all-releases six", Prereleases.ALLOW),
        ("--only-final :all:\n--pre", Prereleases.ALLOW),
        ("--only-final six\n--pre", Prereleases.DISALLOW),
        ("--pre\n--only-final six", Prereleases.DISALLOW),
        ("--pre\n--only-final :all:", Prereleases.DISALLOW),
    ],
)
def test_release_control(text: str, expected: Prereleases) -> None:
    """As pip 26.3 installs them."""
    assert read(text).options.of("six").prereleases is expected


def test_options_abbreviated_and_joined_as_optparse_allows() -> None:
    lock = read("--requirem a.txt\n-rb.txt\n-ihttps://index.example\n", {"a.txt": "x==1", "b.txt": "y==2"})
    assert [package.name for package in lock.packages] == ["x", "y"]
    assert lock.indexes[0].url == "https://index.example"


def test_options_of_one_requirement_are_kept() -> None:
    package = only('six==1 --config-settings="--a=b" --config-settings c=d')
    assert package.extra == {"config_settings": ["--a=b", "c=d"]}


def test_splitting_a_line() -> None:
    assert split_options("six==1\t--hash=sha256:a") == ("six==1", "--hash=sha256:a")
    assert split_options("a-b==1") == ("a-b==1", "")
    assert parse_options("").values == {}
    with pytest.raises(OptionsError, match="no such option"):
        parse_options("--nope")
    assert salvaged_hashes("--nope --hash=sha256:ab --hash sha512:CD x") == ("sha256:ab", "sha512:CD")


# Includes.
def test_includes_are_relative_to_the_file_that_holds_them() -> None:
    lock = read(
        "-r sub/dev.txt\nsix==1\n",
        {
            "req/sub/dev.txt": "\n-r ../base.txt\na==1\n",
            "req/base.txt": "b==2\n--pre\n-i https://i.example\n",
        },
        path="req/requirements.txt",
    )
    assert [(p.name, p.path, p.line) for p in lock.packages] == [
        ("b", "req/base.txt", 1),
        ("a", "req/sub/dev.txt", 3),
        ("six", None, 2),
    ]
    assert lock.options.prereleases is Prereleases.ALLOW
    assert [(i.path, i.line) for i in lock.indexes] == [("req/base.txt", 3)]
    assert lock.header == {"includes": ("-r sub/dev.txt",), "options": {}, "unnamed": (), "unparsed": ()}
    assert not lock.notices


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-r missing.txt", "there is no file 'missing.txt'; packages that it names are not reviewed"),
        ("-c missing.txt", "there is no file 'missing.txt'; what it pins, or takes from a URL"),
        ("-c https://f.test/c.txt", "never fetched; what it pins, or takes from a URL instead of an index"),
        ("-r https://f.test/x.txt", "never fetched"),
        ("-r /etc/passwd", "only files beside the lockfile"),
        ("-r ~/x.txt", "only files beside the lockfile"),
        ("-r ${NAME}.txt", "depends on the environment"),
        ("-r C:x.txt", "only files beside the lockfile"),
        ("-r requirements.txt", "includes itself"),
        ("-r loop.txt", "includes itself"),
    ],
)
def test_an_include_that_is_not_read_is_said(line: str, words: str) -> None:
    files = {"loop.txt": "-r requirements.txt", "requirements.txt": "x==1", "/etc/passwd": "x==1"}
    lock = read(f"{line}\n", files)
    assert not lock.packages
    assert [words in notice.text for notice in lock.notices] == [True]
    assert lock.unread == lock.notices
    refused = "there is no file" in words or "includes itself" in words
    assert lock.elsewhere == (() if refused else lock.notices), "pip reads it, or stops"


def test_a_file_included_twice_is_read_once() -> None:
    asked: list[str] = []

    def tree(path: str) -> str:
        asked.append(path)
        number = int(path.removesuffix(".txt"))
        return f"-r {number + 1}.txt\n-r ./{number + 1}.txt\n" if number < 15 else "x==1\n"

    lock = FORMAT.parse(Text(path="0.txt", text=tree("0.txt"), read=tree))
    assert [package.name for package in lock.packages] == ["x"]
    assert len(asked) == 16


def test_depth_and_number_of_includes_are_bounded() -> None:
    asked: list[str] = []

    def deep(path: str) -> str:
        asked.append(path)
        return f"-r {int(path.removesuffix('.txt')) + 1}.txt\n"

    lock = FORMAT.parse(Text(path="0.txt", text="-r 1.txt\n", read=deep))
    assert len(asked) == 20
    assert "more than 20 levels" in lock.notices[0].text
    wide = "".join(f"-r {number}.txt\n" for number in range(300))
    lock = FORMAT.parse(Text(path="requirements.txt", text=wide, read=lambda _: "x==1\n"))
    assert len(lock.packages) == 200
    assert len(lock.notices) == 100


# pip documentation, "Constraints Files".
def test_a_constraint_pins_and_installs_nothing_by_itself() -> None:
    lock = read("-c c.txt\nsix\n", {"c.txt": f"six==1 --hash=sha256:{A}\nunused==2\n"})
    (package,) = lock.packages
    assert (package.name, package.version, package.specifier) == ("six", "1", None)
    assert (package.path, package.line) == (None, 2)
    assert package.hashes == {f"sha256:{A}"}
    assert package.extra["constraints"] == ("c.txt",)
    assert lock.header["includes"] == ("-c c.txt",)


def test_a_requirements_file_inside_constraints_installs_as_pip_does() -> None:
    lock = read("-c c.txt\n", {"c.txt": "-r r.txt\nsix==1\n", "r.txt": "six\n"})
    assert [(p.name, p.version, p.path) for p in lock.packages] == [("six", "1", "r.txt")]


@pytest.mark.parametrize(
    ("requirement", "constraints", "shown"),
    [
        ("six", "six<2", [("<2", None)]),
        ("six>=1", "six<2\nsix!=1.5", [("!=1.5,<2,>=1", None)]),
        ("six", "other==1", [(None, None)]),
        ("six", "six", [(None, None)]),
        ("six==1", "six<2", [("1", None)]),
        ("six==1", "six==1 ; os_name == 'nt'", [("1", None)]),
        ("six==1", "six!=1.0+cgr.1 ; os_name == 'nt'", [("1", None), ("1", 'os_name == "nt"')]),
        ("six", "six==1 ; os_name == 'nt'", [("1", 'os_name == "nt"')]),
        (
            "six",
            "six==1 ; python_version < '3'\nsix==2 ; python_version >= '3'",
            [("1", 'python_version < "3"'), ("2", 'python_version >= "3"')],
        ),
        (
            "six ; os_name == 'nt'",
            "six==1 ; python_version < '3'",
            [("1", '(os_name == "nt") and (python_version < "3")')],
        ),
    ],
)
def test_constraints_narrow(
    requirement: str, constraints: str, shown: list[tuple[str | None, str | None]]
) -> None:
    lock = read(f"-c c.txt\n{requirement}\n", {"c.txt": constraints})
    assert [(p.shown_version, p.marker) for p in lock.packages] == shown
    assert not lock.notices


def test_a_constraint_with_a_url_gives_the_source() -> None:
    lock = read("-c c.txt\nsix\n", {"c.txt": "six @ https://f.test/six-1.0.tar.gz\nsix<3\n"})
    (package,) = lock.packages
    assert (package.source.kind, package.version) == (SourceKind.URL, "1.0")
    direct = read("-c c.txt\nsix @ git+https://g.test/six\n", {"c.txt": "six==1"}).packages[0]
    assert direct.source.kind is SourceKind.GIT
    assert direct.version is None


@pytest.mark.parametrize(
    ("constraint", "specifier"),
    [
        ("six<2", "<2,==1"),
        ("six!=1+cgr.1", "!=1+cgr.1,==1"),
        ("six==1.0", None),
        ("six==2", "==1,==2"),
    ],
)
def test_what_a_constraint_asks_for_stands_beside_the_pin(constraint: str, specifier: str) -> None:
    lock = read("-c c.txt\nsix==1\n", {"c.txt": f"{constraint}\n"})
    assert [(p.version, p.specifier) for p in lock.packages] == [("1", specifier)]


@pytest.mark.parametrize("marker", ["", " ; python_version >= '3'"])
def test_a_constraint_takes_a_pinned_package_from_a_url(marker: str) -> None:
    lock = read("-c c.txt\nsix==1.0\n", {"c.txt": f"six @ https://f.test/six-1.0.tar.gz{marker}\n"})
    direct = [p for p in lock.packages if p.source.kind is SourceKind.URL]
    assert [p.source.location for p in direct] == ["https://f.test/six-1.0.tar.gz"]
    assert len(lock.packages) == (2 if marker else 1)


def test_two_pins_that_contradict_are_said() -> None:
    lock = read("-c c.txt\nsix==1\n", {"c.txt": "six==2\n"})
    assert lock.packages[0].version == "1"
    (notice,) = lock.notices
    assert "two different pins" in notice.text
    assert notice.line == 2


def test_hashes_on_both_sides_are_those_that_both_allow() -> None:
    lock = read(
        f"-c c.txt\nsix==1 --hash=sha256:{A} --hash=sha256:{B}\n", {"c.txt": f"six==1 --hash=sha256:{B}\n"}
    )
    assert lock.packages[0].hashes == {f"sha256:{B}"}


@pytest.mark.parametrize("line", ["-e .", "./dir", "git+https://g.test/a"])
def test_what_can_be_no_constraint_is_said(line: str) -> None:
    lock = read("-c c.txt\n", {"c.txt": f"{line}\n"})
    assert not lock.packages
    assert not lock.unnamed
    assert [(n.path, n.line) for n in lock.notices] == [("c.txt", 1)]
    assert lock.header["unparsed"] == ()


HIDING = "aa==1 # why \\\nbb==1\n"


@pytest.mark.parametrize(
    ("joins_comments", "names", "unread"), [(True, ["aa"], 0), (False, ["aa", "bb"], 0), (None, ["aa"], 1)]
)
def test_what_stands_behind_a_comments_backslash(
    joins_comments: bool | None, names: list[str], unread: int
) -> None:
    lock = FORMAT.parse(Text(path="requirements.txt", text=HIDING, joins_comments=joins_comments))
    assert [package.name for package in lock.packages] == names
    assert [("'bb==1'" in notice.text, notice.line) for notice in lock.unread] == [(True, 2)] * unread


@pytest.mark.parametrize(
    "text", ["# why \\\nbb==1\n", "aa==1 # \\ why\nbb==1\n", "aa==1 \\\n# why \\\nbb==1\n"]
)
def test_both_readings_agree(text: str) -> None:
    assert not read(text).unread
    readings = [list(logical_lines(text, joins_comments=joins)) for joins in (True, False)]
    assert readings[0] == readings[1]


# Recognition.
@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("requirements.txt", True),
        ("a/b/requirements-dev.txt", True),
        ("requirements_doc.txt", True),
        ("dev-requirements.txt", True),
        ("docs/docs-requirements.txt", True),
        ("requirements.lock", True),
        ("requirements-dev.lock", True),
        ("requirements/ci.txt", True),
        ("requirements-dev/ci.txt", True),
        ("constraints.txt", False),
        ("tools/oldest_constraints.txt", False),
        ("constraints/dev.txt", False),
        ("requirements/constraints.txt", True),
        ("requirements-constraints.txt", True),
        ("Requirements.TXT", True),
        ("requirements.in", False),
        ("requirements.md", False),
        ("docs/user_requirements_notes/readme.rst", False),
        ("notes.txt", False),
        ("myrequirements.txt", False),
        ("uv.lock", False),
    ],
)
def test_names(path: str, claimed: bool) -> None:
    assert CLAIMS["requirements.txt"](path) is claimed


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("six==1.0\n", True),
        ("# note\n-r base.txt\nsix\n", True),
        (f"six \\\n  --hash=sha256:{A}\n", True),
        ("--index-url https://index.example\n", True),
        ("x @ https://f.test/x.zip\n", True),
        ("six==1\n-e .\n./local\nhttps://f.test/x.zip\n", True),
        ("six\nattrs\n", False),
        ("", False),
        ("# only a comment\n", False),
        ("Some prose, and a==b in it.\n", False),
        ("six==1\nThen prose follows.\n", False),
        ("- a list\n- of points\n", False),
        ("--- a/file\n+++ b/file\n", False),
        ("version = 1\n[[package]]\n", False),
        ('{"_meta": {}}\n', False),
        ("version: 6\nenvironments:\n", False),
    ],
)
def test_content(text: str, like: bool) -> None:
    assert FORMAT.looks_like(text) is like


def test_an_empty_file_is_legal() -> None:
    assert read("").packages == ()


def test_two_pins_of_one_name_at_once_are_refused() -> None:
    """pip finds no version that is both, and installs nothing (measured with 26.3)."""
    found = read("aa==1.0\naa[x]==1.1\nbb==1.0\nbb==1.0.0\ncc==1 ; python_version < '3.12'\ncc==2\n")
    refused = {package.name: package.refused for package in found.packages if package.refused}
    assert refused == {"aa": "'aa' is pinned to '1.0' and to '1.1' at once"}
