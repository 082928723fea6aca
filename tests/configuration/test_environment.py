"""What workflows and Dockerfiles set in plain text."""

from __future__ import annotations

import pytest

from fallback_review import configuration
from fallback_review.configuration.environment import may_set_variables, pip_files, set_variables
from tests.configuration.cases import C, P, Tree, lock

WORKFLOW = ".github/workflows/ci.yml"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (WORKFLOW, True),
        (".github/workflows/ci.yaml", True),
        (".github/workflows/README.md", False),
        ("Dockerfile", True),
        ("docker/Dockerfile.dev", True),
        ("docker/dev.Dockerfile", True),
        ("Containerfile", True),
        ("docker-compose.yml", True),
        ("compose.override.yaml", True),
        (".github/actions/install/action.yml", True),
        ("docs/dockerfile-howto.md", False),
        ("ci.yml", False),
    ],
)
def test_which_files_set_variables(path: str, expected: bool) -> None:
    assert may_set_variables(path) is expected


SET = [
    (f"env:\n  PIP_INDEX_URL: {P}\n", [("PIP_INDEX_URL", P, 2)]),
    (f"      PIP_EXTRA_INDEX_URL: {C} {P}  # both\n", [("PIP_EXTRA_INDEX_URL", f"{C} {P}", 1)]),
    ('env: { UV_INDEX_STRATEGY: "unsafe-best-match", X: y }\n', [("UV_INDEX_STRATEGY", "unsafe-best-match", 1)]),
    ("env: {UV_OFFLINE: 1}\n", [("UV_OFFLINE", "1", 1)]),
    (f"  UV_DEFAULT_INDEX: '{P}'\n", [("UV_DEFAULT_INDEX", P, 1)]),
    ("ENV PIP_NO_BINARY=:all: PIP_PREFER_BINARY=1\n", [("PIP_NO_BINARY", ":all:", 1), ("PIP_PREFER_BINARY", "1", 1)]),
    (f"ENV PIP_INDEX_URL {P}\n", [("PIP_INDEX_URL", P, 1)]),
    (f"ARG PIP_INDEX_URL={P}\n", [("PIP_INDEX_URL", P, 1)]),
    (f'RUN export PIP_INDEX_URL="{P}" && pip install x\n', [("PIP_INDEX_URL", P, 1)]),
    (f"  - run: UV_INDEX_URL={P} uv sync\n", [("UV_INDEX_URL", P, 1)]),
    (f'  - run: echo "PIP_INDEX_URL={P}" >> $GITHUB_ENV\n', [("PIP_INDEX_URL", P, 1)]),
    (f"RUN pip config --global set global.index-url {P}\n", [("pip config set global.index-url", P, 1)]),
    ("POETRY_INSTALLER_NO_BINARY: foo\n", [("POETRY_INSTALLER_NO_BINARY", "foo", 1)]),
    ("PDM_PYPI_URL: x\nPIPENV_PYPI_MIRROR: y\n", [("PDM_PYPI_URL", "x", 1), ("PIPENV_PYPI_MIRROR", "y", 2)]),
    ("  PIP_INDEX_URL: ${{ vars.INDEX }}\n", [("PIP_INDEX_URL", "${{ vars.INDEX }}", 1)]),
    ("PIP_INDEX_URL: https://user:secret@index.example/simple\n", [("PIP_INDEX_URL", "https://index.example/simple", 1)]),
    ("PIP_NO_INDEX:\n", [("PIP_NO_INDEX", "", 1)]),
    (f"RUN pip install --extra-index-url {P} -r requirements.txt\n", [("pip install --extra-index-url", P, 1)]),
    (f"  - run: pip install -i {P} --no-binary=:all: x\n", [("pip install -i", P, 1), ("pip install --no-binary", ":all:", 1)]),
    (f"RUN pip install \\\n  --index-url '{P}' \\\n  -r requirements.txt\n", [("pip install --index-url", P, 2)]),
    (f"RUN python -m pip3.12 install --no-index -f wheels x && uv sync --default-index {P}\n", [("pip3.12 install --no-index", "", 1), ("pip3.12 install -f", "wheels", 1), ("uv sync --default-index", P, 1)]),
    ("RUN uv  pip sync --index https://user:secret@index.example/simple r.txt\n", [("uv pip sync --index", "https://index.example/simple", 1)]),
    ("RUN pip install --pre\n", [("pip install --pre", "", 1)]),
    # nothing is set here
    ("RUN pip install --upgrade --require-hashes -r requirements.txt && grep -i x y\n", []),
    (f"RUN pip download --index-url {P} x\nRUN twine upload --index-url {P}\n", []),
    (f"RUN pip install x\n  --index-url {P}\n", []),
    ("RUN pip install --index-urls x --prefix y --indexes z\n", []),
    (f"# PIP_INDEX_URL: {P}\n", []),
    ("run: echo $PIP_INDEX_URL ${PIP_INDEX_URL} ${{ env.PIP_INDEX_URL }}\n", []),
    ("if: env.PIP_INDEX_URL == 'x'\n", []),
    ("MY_PIP_INDEX_URL: x\n", []),
    ("PIP_DISABLE_PIP_VERSION_CHECK: 1\nUV_CACHE_DIR: /x\nPIP_TIMEOUT=3\n", []),
    ("Tell PIP_INDEX_URL to nobody\n", []),
    ("RUN pip config set global.timeout 60\n", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SET)
def test_what_is_set(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert [(each.name, each.value, each.line) for each in set_variables({WORKFLOW: text})] == expected


def test_a_variable_is_named_once_for_each_value_with_its_place() -> None:
    texts = {
        WORKFLOW: f"\nPIP_INDEX_URL: {P}\nPIP_INDEX_URL: {P}\n",
        "Dockerfile": f"ENV PIP_INDEX_URL={C}\n",
    }
    notices = [each.notice for each in set_variables(texts)]
    assert [(each.path, each.line) for each in notices] == [(WORKFLOW, 2), ("Dockerfile", 1)]
    assert notices[0].text == (
        f"PIP_INDEX_URL is set to {P} here, and outranks the files that this review reads, where pip runs with it"
    )


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ("PIP_CONFIG_FILE: .pip/pip.conf", (".pip/pip.conf",)),
        ("PIP_CONFIG_FILE: ${{ github.workspace }}/ci/pip.conf", ("ci/pip.conf",)),
        ('PIP_CONFIG_FILE: "$GITHUB_WORKSPACE/ci/pip.conf"', ("ci/pip.conf",)),
        ("RUN PIP_CONFIG_FILE=./ci/pip.conf pip install x", ("ci/pip.conf",)),
        ("ENV PIP_CONFIG_FILE=/app/.pip/pip.conf", ("app/.pip/pip.conf", ".pip/pip.conf", "pip.conf")),
        ("PIP_CONFIG_FILE: /dev/null", ()),
        ("PIP_CONFIG_FILE: ../pip.conf", ()),
        ("PIP_CONFIG_FILE: ${{ runner.temp }}/pip.conf", ()),
    ],
)
def test_which_pip_configuration_a_variable_names(given: str, paths: tuple[str, ...]) -> None:
    assert pip_files({WORKFLOW: given}) == paths


def test_the_named_configuration_comes_first() -> None:
    tree = Tree({"ci/pip.conf": f"[global]\nindex-url={C}\n", "pip.conf": f"[global]\nindex-url={P}\n"})
    found = configuration.read(lock("pip"), tree.text_of, installer="pip", named=["ci/pip.conf"])
    assert [index.url for index in found.indexes] == [C]
    assert found.files == ("ci/pip.conf",)


def test_big_texts_are_read_in_linear_time() -> None:
    for text in (
        "PIP_INDEX_URL" * 200_000,
        "PIP_INDEX_URL: x, " * 100_000,
        "ENV " + "PIP_" * 500_000,
        "\n" * 2_000_000,
        "pip install " + "-i " * 500_000,
        "pip install " * 100_000 + "\\\n" + "--pre " * 100_000,
        "pip" + " " * 500_000,
    ):
        assert len(set_variables({WORKFLOW: text})) <= 50
