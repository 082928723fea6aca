"""Mending as text: what is asked for and nothing besides, in every way that rows are written; else a reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import tomli

from fallback_review.lockfiles import Text, parse, recognise
from fallback_review.lockfiles.mend import MendError, Mending, NewFile, freshness, mended
from fallback_review.lockfiles.mend.edits import Edit, apply_edits
from fallback_review.lockfiles.mend.toml_rows import block

if TYPE_CHECKING:
    from fallback_review.model import LockedPackage

OLD, OTHER, NEW, MORE = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)
INDEX = "https://chainguard.test/python/simple/"


def file(
    sha256: str = NEW,
    name: str = "x-1.0-py3-none-any.whl",
    size: int | None = None,
    upload_time: str | None = None,
) -> NewFile:
    url = f"{INDEX}x/{name}"
    return NewFile(filename=name, url=url, sha256=sha256, size=size, upload_time=upload_time)


def packages(path: str, text: str) -> dict[str, LockedPackage]:
    return {each.name: each for each in parse(Text(path=path, text=text.replace("\r\n", "\n"))).packages}


def mend(path: str, text: str, *rows: tuple[str, tuple[NewFile, ...]], name: str = "x", **more: str) -> str:
    known = recognise(path, text)
    assert known is not None
    asked = Mending(package=packages(path, text)[name], rows=rows, index=INDEX, **more)
    after, refused = mended(known, path, text, [asked])
    if refused:
        raise MendError(refused[0][1])
    return after


UV = """version = 1
requires-python = ">=3.9"

[[package]]
name = "w"
version = "1.0"
source = { registry = "https://pypi.test/simple" }
wheels = [
    { url = "https://files.test/w-1.0-py3-none-any.whl", hash = "sha256:BB", size = 1 },
]

# a comment
[[package]]
name = "x"
version = "1.0"
source = { registry = "https://pypi.test/simple" }
sdist = { url = "https://files.test/x-1.0.tar.gz", hash = "sha256:BBBB", size = 10, upload-time = "2020-01-01T00:00:00Z" }
wheels = [
    { url = "https://files.test/x-1.0-py3-none-any.whl", hash = "sha256:AAAA", size = 20, upload-time = "2020-01-01T00:00:00Z" },
    { url = "https://files.test/x-1.0-py2-none-any.whl", hash = "sha256:DDDD" },
]

[package.metadata]
requires-dist = []
"""
UV = UV.replace("AAAA", OLD).replace("BBBB", OTHER).replace("DDDD", MORE).replace('BB"', f'{"e" * 64}"')


def test_a_fork_that_would_say_the_same_as_another_stays() -> None:
    fork = UV.replace(
        'source = { registry = "https://pypi.test/simple" }\nsdist',
        f'source = {{ registry = "{INDEX}" }}\nsdist',
    ).replace(OLD, NEW)
    here = """[[package]]
name = "x"
version = "1.0"
source = { registry = "https://pypi.test/simple" }
resolution-markers = ["sys_platform == 'linux'"]
wheels = [
    { url = "https://files.test/x-1.0-py3-none-any.whl", hash = "sha256:OLD" },
]

[[package]]
name = "y"
version = "1.0"
source = { registry = "https://pypi.test/simple" }
wheels = [
    { url = "https://files.test/y-1.0-py3-none-any.whl", hash = "sha256:OLD" },
]
""".replace("OLD", OLD)
    text = f"{fork}\n{here}"
    known = recognise("uv.lock", text)
    assert known is not None
    found = packages("uv.lock", text)
    wanted = [
        Mending(package=found[name], rows=((OLD, (file(),)),), index=INDEX.rstrip("/")) for name in "xy"
    ]
    after, refused = mended(known, "uv.lock", text, wanted)
    assert [(each.package.name, why) for each, why in refused] == [
        (
            "x",
            "the lock has it once for each of several markers, and would have the same entry twice afterwards",
        )
    ]
    first, y, last = text.partition('name = "y"')
    assert after.startswith(first + y)
    assert NEW in after.removeprefix(first)
    assert NEW not in last


def test_a_row_of_uv_keeps_its_form_and_tells_no_more_than_the_index_does() -> None:
    after = mend("uv.lock", UV, (OLD, (file(),)))
    assert after == UV.replace(
        f'{{ url = "https://files.test/x-1.0-py3-none-any.whl", hash = "sha256:{OLD}", size = 20, '
        'upload-time = "2020-01-01T00:00:00Z" }',
        f'{{ url = "{INDEX}x/x-1.0-py3-none-any.whl", hash = "sha256:{NEW}" }}',
    ).replace(
        'name = "x"\nversion = "1.0"\nsource = { registry = "https://pypi.test/simple" }',
        f'name = "x"\nversion = "1.0"\nsource = {{ registry = "{INDEX}" }}',
    )
    told = mend("uv.lock", UV, (OLD, (file(size=7, upload_time="2026-01-02T03:04:05Z"),)))
    assert f'hash = "sha256:{NEW}", size = 7, upload-time = "2026-01-02T03:04:05Z" }}' in told


def test_several_files_take_the_place_of_one_and_rows_go() -> None:
    two = (file(), file("f" * 64, "x-1.0-py4-none-any.whl"))
    after = mend("uv.lock", UV, (OLD, two), (MORE, ()))
    assert [
        each.filename
        for each in packages("uv.lock", after)["x"].artifacts
        if str(each.filename).endswith("whl")
    ] == [
        "x-1.0-py3-none-any.whl",
        "x-1.0-py4-none-any.whl",
    ]
    assert "py2-none" not in after
    assert mend("uv.lock", UV.replace("\n", "\r\n"), (OLD, two), (MORE, ())) == after.replace("\n", "\r\n")


def test_a_version_changes_where_it_is_asked() -> None:
    after = mend("uv.lock", UV, (OLD, (file(name="x-1.0+cgr.1-py3-none-any.whl"),)), version="1.0+cgr.1")
    assert packages("uv.lock", after)["x"].version == "1.0+cgr.1"
    assert packages("uv.lock", after)["w"].version == "1.0"


PYLOCK = f"""lock-version = "1.0"
created-by = "pip"

[[packages]]
name = "x"
version = "1.0"
index = "https://pypi.test/simple"

[[packages.wheels]]
name = "x-1.0-py3-none-any.whl"
url = "https://files.test/x-1.0-py3-none-any.whl"
upload-time = 2020-01-01T00:00:00Z
size = 20

[packages.wheels.hashes]
sha256 = "{OLD}"

[[packages.wheels]]
name = "x-1.0-py2-none-any.whl"
url = "https://files.test/x-1.0-py2-none-any.whl"

[packages.wheels.hashes]
sha256 = "{MORE}"

[[packages]]
name = "y"
version = "1.0"
wheels = [{{ url = "https://files.test/y-1.0-py3-none-any.whl", hashes = {{ sha256 = "{OTHER}" }} }}]
"""


def test_rows_that_are_tables_of_their_own() -> None:
    after = mend(
        "pylock.toml", PYLOCK, (OLD, (file(size=3, upload_time="2026-01-02T03:04:05Z"),)), (MORE, ())
    )
    x = tomli.loads(after)["packages"][0]
    assert x["index"] == INDEX
    [wheel] = x["wheels"]
    assert (wheel["url"], wheel["size"], wheel["hashes"]) == (
        f"{INDEX}x/x-1.0-py3-none-any.whl",
        3,
        {"sha256": NEW},
    )
    assert wheel["upload-time"].year == 2026
    assert tomli.loads(after)["packages"][1] == tomli.loads(PYLOCK)["packages"][1]


def test_an_inline_row_on_the_line_of_its_list() -> None:
    new = file(name="y-1.0-py3-none-any.whl")
    after = mend("pylock.toml", PYLOCK, (OTHER, (new, file("f" * 64, "y-1.0-py4-none-any.whl"))), name="y")
    assert len(tomli.loads(after)["packages"][1]["wheels"]) == 2
    two = PYLOCK.replace(
        "} }]",
        '} }, { url = "https://files.test/y-1.0-py9-none-any.whl", hashes = { sha256 = "'
        + "9" * 64
        + '" } }]',
    )
    first = mend("pylock.toml", two, (OTHER, ()), name="y")
    last = mend("pylock.toml", two, ("9" * 64, ()), name="y")
    assert [len(tomli.loads(each)["packages"][1]["wheels"]) for each in (first, last)] == [1, 1]


POETRY = f"""# generated by Poetry 2.5.1

[[package]]
name = "x"
version = "1.0"
description = ""
optional = false
python-versions = "*"
files = [
    {{file = "x-1.0-py3-none-any.whl", hash = "sha256:{OLD}"}},
]

[package.dependencies]
y = "*"

[metadata]
lock-version = "2.1"
python-versions = ">=3.9"
content-hash = "{OTHER}"
"""


def test_a_source_is_added_to_poetrys_lock_where_there_is_none() -> None:
    after = mend("poetry.lock", POETRY, (OLD, (file(name="X-1.0-py3-none-any.whl"),)), source="cg")
    [x] = tomli.loads(after)["package"]
    assert x["source"] == {"type": "legacy", "url": INDEX.rstrip("/"), "reference": "cg"}
    assert x["files"] == [{"file": "X-1.0-py3-none-any.whl", "hash": f"sha256:{NEW}"}]
    assert x["dependencies"] == {"y": "*"}
    again = mend("poetry.lock", after, (NEW, (file(OLD),)), source="other")
    assert tomli.loads(again)["package"][0]["source"]["reference"] == "other"
    with pytest.raises(MendError, match="gives Chainguard's index no name"):
        mend("poetry.lock", POETRY, (OLD, (file(),)))


REQUIREMENTS = f"""--index-url {INDEX}

w==1.0 --hash=sha256:{OTHER}
# about x
x==1.0 ; python_version >= "3.9" \\
    --hash=sha256:{OLD} \\
    --hash=sha256:{MORE}
    # via w
y==2.0 \\
    --hash sha256:{"9" * 64}
"""


def test_hashes_of_a_requirement_change_where_they_stand() -> None:
    after = mend(
        "requirements.txt", REQUIREMENTS, (OLD, (file(), file("f" * 64))), (MORE, ()), version="1.0+cgr.1"
    )
    assert after == REQUIREMENTS.replace("x==1.0 ;", "x==1.0+cgr.1 ;").replace(
        f"    --hash=sha256:{OLD} \\\n    --hash=sha256:{MORE}\n",
        f"    --hash=sha256:{NEW} \\\n    --hash=sha256:{'f' * 64}\n",
    )
    spaced = mend("requirements.txt", REQUIREMENTS, ("9" * 64, (file(),)), name="y")
    assert f"--hash sha256:{NEW}" in spaced


def test_an_included_requirement_is_another_files() -> None:
    known = recognise("requirements.txt", "")
    assert known is not None
    lock = parse(
        Text(
            path="requirements.txt",
            text="-r base.txt\n",
            read={"base.txt": f"x==1.0 --hash=sha256:{OLD}\n"}.get,
        )
    )
    asked = Mending(package=lock.packages[0], rows=((OLD, (file(),)),), index=INDEX)
    after, [(_, why)] = mended(known, "requirements.txt", "-r base.txt\n", [asked])
    assert (after, why) == ("-r base.txt\n", "it is in base.txt: fix that file")


PIPFILE = json.dumps(
    {
        "_meta": {
            "hash": {"sha256": "0" * 64},
            "pipfile-spec": 6,
            "requires": {},
            "sources": [{"name": "pypi", "url": "https://pypi.test/simple", "verify_ssl": True}],
        },
        "default": {
            "x": {"hashes": [f"sha256:{OLD}", f"sha256:{MORE}"], "index": "pypi", "version": "==1.0"},
            "y": {"hashes": [f"sha256:{OTHER}"], "version": "==2.0"},
        },
        "develop": {},
    },
    indent=4,
)


def test_a_list_of_hashes_stays_sorted_and_written_as_it_was() -> None:
    after = mend("Pipfile.lock", PIPFILE, (OLD, (file(), file("0" * 64))), source="cg", version="1.0+cgr.1")
    assert json.loads(after)["default"] == {
        "x": {
            "hashes": [f"sha256:{each}" for each in ("0" * 64, NEW, MORE)],
            "index": "cg",
            "version": "==1.0+cgr.1",
        },
        "y": json.loads(PIPFILE)["default"]["y"],
    }
    assert after == json.dumps(json.loads(after), indent=4)


@pytest.mark.parametrize(
    ("path", "text", "rows", "why"),
    [
        ("uv.lock", UV, (("9" * 64, (file(),)),), "a row's hash is not inside its entry"),
        (
            "uv.lock",
            UV.replace('source = { registry = "https', 'source = {registry="https').replace(
                "registry", "registry ", 0
            ),
            ((OLD, (file(),)),),
            None,
        ),
        (
            "requirements.txt",
            REQUIREMENTS,
            ((OTHER, (file(),)),),
            "a hash is not on its requirement's lines",
        ),
        ("Pipfile.lock", PIPFILE, ((OTHER, (file(),)),), "a hash is not inside its entry"),
    ],
)
def test_what_is_not_where_it_should_be_is_a_reason(
    path: str, text: str, rows: tuple[tuple[str, tuple[NewFile, ...]], ...], why: str | None
) -> None:
    if why is None:
        assert NEW in mend(path, text, *rows)
        return
    with pytest.raises(MendError, match=why):
        mend(path, text, *rows)


def test_a_text_that_is_written_to_deceive_is_refused() -> None:
    """A description that holds another entry: the row that is found is not the row that counts."""
    trick = UV.replace(
        '[[package]]\nname = "x"', f'[[package]]\nname = "x"\nnote = """\n{{ hash = "sha256:{OLD}" }}\n"""'
    )
    known = recognise("uv.lock", trick)
    assert known is not None
    asked = Mending(package=packages("uv.lock", trick)["x"], rows=((OLD, (file(),)),), index=INDEX)
    after, [(_, why)] = mended(known, "uv.lock", trick, [asked])
    assert (after, why) == (trick, "a row is written in a form that is not known")


def test_edits_do_not_overlap_and_blocks_begin_with_a_header() -> None:
    assert apply_edits("abcd", [Edit(2, 3, "X"), Edit(0, 1, "")]) == "bXd"
    with pytest.raises(MendError, match="two entries share a row"):
        apply_edits("abcd", [Edit(0, 3, ""), Edit(2, 4, "")])
    with pytest.raises(MendError, match="does not begin with a table"):
        block("name = 1\n", 1)
    with pytest.raises(MendError, match="changed while it was read"):
        block("name = 1\n", 9)


def test_a_lock_that_nobody_knows_how_to_mend() -> None:
    known = recognise("pixi.lock")
    assert known is not None
    with pytest.raises(MendError, match="can't be fixed"):
        mended(known, "pixi.lock", "version: 6\n", [])


# Hashes of the project's contents

PROJECT = """[project]
name = "root"
version = "0"
dependencies = ["x"]

[[tool.{tool}.source]]
name = "cg"
url = "https://chainguard.test/python/simple/"
"""


@pytest.mark.parametrize("tool", ["poetry", "pdm"])
def test_a_lock_of_before_the_source_is_fresh_again_and_one_of_other_contents_is_not(tool: str) -> None:
    from fallback_review.lockfiles.content_hashes import pdm_hash, poetry_hash

    hashed = {"poetry": poetry_hash, "pdm": pdm_hash}[tool]
    renew = {"poetry": freshness.poetry, "pdm": freshness.pdm}[tool]
    line = {"poetry": 'content-hash = "{}"\n', "pdm": 'content_hash = "sha256:{}"\n'}[tool]
    now = PROJECT.format(tool=tool)
    before = now.partition("[[tool")[0]
    moved = now.replace("https://chainguard.test/python/simple/", "https://pypi.test/simple")
    fresh = line.format(hashed(tomli.loads(now)))
    renamed = line.format(hashed(tomli.loads(moved.replace('"cg"', '"p"'))))
    assert renew(renamed, now, [("p", "https://pypi.test/simple")]) == fresh
    several = now + "".join(
        f'[[tool.{tool}.source]]\nname = "s{number}"\nurl = "https://s{number}.test/"\n'
        for number in range(6)
    )
    stated = line.format(hashed(tomli.loads(several.replace("https://s4.test/", "https://pypi.test/simple"))))
    assert renew(stated, several, [(None, "https://pypi.test/simple")]) == line.format(
        hashed(tomli.loads(several))
    )
    for old in (before, moved, now):
        stated = line.format(hashed(tomli.loads(old)))
        assert renew(stated, now, [(None, "https://pypi.test/simple")]) == fresh
    other = line.format(hashed(tomli.loads(now.replace('["x"]', '["x", "y"]'))))
    with pytest.raises(MendError, match="in more than the number, address and rank of its sources"):
        renew(other, now, [(None, "https://pypi.test/simple")])
    assert renew("no hash at all\n", now) == "no hash at all\n"
    for broken, why in (
        (None, "there is no pyproject.toml"),
        ("[", "is not TOML"),
        (f"[tool.{tool}]\nsource = [3]", "not a list of tables"),
    ):
        with pytest.raises(MendError, match=why):
            renew(other, broken)


def test_the_sources_of_a_pipfile_go_into_its_lock() -> None:
    from fallback_review.lockfiles.content_hashes import pipenv_hashes

    before = '[[source]]\nname = "pypi"\nurl = "https://pypi.test/simple"\nverify_ssl = true\n\n[packages]\nx = "*"\n'
    now = before.replace("https://pypi.test/simple", INDEX).replace('"pypi"', '"cg"')
    stated = PIPFILE.replace("0" * 64, pipenv_hashes(tomli.loads(before))[0])
    after = freshness.pipfile(stated, now)
    meta = json.loads(after)["_meta"]
    assert meta["sources"] == [{"name": "cg", "url": INDEX, "verify_ssl": True}]
    assert meta["hash"]["sha256"] == pipenv_hashes(tomli.loads(now))[0]
    assert after == json.dumps(json.loads(after), indent=4)
    assert freshness.pipfile(after, now) == after
    with pytest.raises(MendError, match="in more than the number, address and rank of its sources"):
        freshness.pipfile(stated, now.replace('x = "*"', 'x = "==1"'))
    with pytest.raises(MendError, match="not written as Pipenv writes it"):
        freshness.pipfile("{}", now)
    assert freshness.pipfile_sources(now) == [("cg", INDEX)]
