"""Environments as each installer leaves them, and as somebody else does afterwards."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import marshal
import os
import shutil
import struct
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from fallback_review.model import Conclusion
from fallback_review.model.installed import Integrity, Origin, Proof
from fallback_review.report.verification.sections import headline
from tests.installed.builds import wheel
from tests.installed.conftest import NATIVE, copied, one
from tests.installed.installers import INSTALLERS, Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.installed.conftest import World

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("installer", INSTALLERS)
def test_what_an_installer_leaves_is_chainguards_and_intact(
    world: World, installed: dict[str, Project], installer: str
) -> None:
    found = world.verify(installed[installer].environment)
    assert {
        each.name: (each.origin, each.integrity, each.proof, each.deviating) for each in found.distributions
    } == dict.fromkeys(
        ("plain", "tool-kit", "native", "single"),
        (Origin.CHAINGUARD, Integrity.INTACT, Proof.RECORD, 0),
    )
    assert found.strays == ()
    assert found.conclusion is Conclusion.PASS
    assert all(each.files >= 4 for each in found.distributions)


@pytest.mark.parametrize("installer", INSTALLERS)
def test_wheels_of_pypi_are_told_from_rebuilds_of_them(world: World, installer: str, tmp_path: Path) -> None:
    project = Project(installer, tmp_path / "project", ("plain==1.0", "native==1.0", "only-pypi==1.0"))
    project.declare(world.indexes.pypi)
    project.lock()
    project.install()
    found = world.verify(project.environment)
    assert {each.name: (each.origin, each.integrity) for each in found.distributions} == dict.fromkeys(
        ("plain", "native", "only-pypi"), (Origin.PYPI, Integrity.INTACT)
    )
    assert found.conclusion is Conclusion.FAIL


def test_whole_wheels_are_a_stronger_proof(world: World, installed: dict[str, Project]) -> None:
    found = world.verify(installed["uv"].environment, full=True)
    assert {each.proof for each in found.distributions} == {Proof.WHEEL}
    assert found.conclusion is Conclusion.PASS


def append(path: Path, text: str) -> None:
    path.write_bytes(path.read_bytes() + text.encode())


def rewrite_record(site: Path, info: str) -> None:
    """Make a distribution's own RECORD agree with what is on disk."""
    record = site / info / "RECORD"
    rows = []
    for line in record.read_text().splitlines():
        path = line.partition(",")[0]
        file = site / path
        if path.endswith(("RECORD", ".pyc")) or not file.exists():
            rows.append(f"{path},,")
            continue
        digest = base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{file.stat().st_size}")
    record.write_text("\n".join([*rows, ""]))


def line_appended(project: Project, _: World) -> None:
    append(project.site / "plain/core.py", "EVIL = 1\n")


def line_appended_and_recorded(project: Project, world: World) -> None:
    line_appended(project, world)
    rewrite_record(project.site, "plain-1.0.dist-info")


def sbom_pasted(project: Project, world: World) -> None:
    """PyPI's wheel in place of Chainguard's, with Chainguard's own SBOM left beside it."""
    with zipfile.ZipFile(world.pypi / "plain-1.0-py3-none-any.whl") as archive:
        for name in archive.namelist():
            if not name.endswith("RECORD"):
                (project.site / name).write_bytes(archive.read(name))
    rewrite_record(project.site, "plain-1.0.dist-info")


def without_tests(project: Project, _: World) -> None:
    (project.site / "plain/tests/test_core.py").unlink()


def start_file_added(project: Project, _: World) -> None:
    (project.site / "evil.pth").write_text("import os\n")


def module_added(project: Project, _: World) -> None:
    (project.site / "plain/evil.py").write_text("EVIL = 1\n")


def bytecode_poisoned(project: Project, _: World) -> None:
    source = project.site / "plain/core.py"
    cached = source.parent / "__pycache__" / f"core.{sys.implementation.cache_tag}.pyc"
    cached.parent.mkdir(exist_ok=True)
    code = compile("def run():\n    return 'evil'\n", str(source), "exec")
    status = source.stat()
    header = importlib.util.MAGIC_NUMBER + struct.pack("<III", 0, int(status.st_mtime), status.st_size)
    cached.write_bytes(header + marshal.dumps(code))


def compiled_code_swapped(project: Project, world: World) -> None:
    with zipfile.ZipFile(world.pypi / f"native-1.0-{NATIVE}.whl") as archive:
        (project.site / "native/_core.so").write_bytes(archive.read("native/_core.so"))


def link_to_elsewhere(project: Project, _: World) -> None:
    (project.folder / "evil.py").write_text("EVIL = 1\n")
    (project.site / "single.py").unlink()
    (project.site / "single.py").symlink_to(project.folder / "evil.py")


def pipe_in_place(project: Project, _: World) -> None:
    (project.site / "single.py").unlink()
    os.mkfifo(project.site / "single.py")


def script_changed(project: Project, _: World) -> None:
    append(project.environment / "bin/tool-kit", "import evil\n")


def own_script_changed(project: Project, _: World) -> None:
    append(project.environment / "bin/tool-own", "import evil\n")


def build_changed(project: Project, _: World) -> None:
    append(project.site / "native-1.0.dist-info/WHEEL", "Generator: other\n")


def installer_hidden(project: Project, _: World) -> None:
    """As a package of the system would look: it is compared all the same."""
    line_appended(project, _)
    (project.site / "plain-1.0.dist-info/INSTALLER").unlink()
    (project.site / "plain-1.0.dist-info/RECORD").unlink()


def claimed_to_be_local(project: Project, _: World) -> None:
    line_appended(project, _)
    (project.site / "plain-1.0.dist-info/direct_url.json").write_text('{"url": "file:///x", "dir_info": {}}')


def claimed_to_be_linked(project: Project, _: World) -> None:
    """Editable by its own account, while its code lies here and its RECORD does not tell of it."""
    info = project.site / "plain-1.0.dist-info"
    line_appended(project, _)
    (info / "direct_url.json").write_text('{"url": "file:///x", "dir_info": {"editable": true}}')
    (info / "RECORD").write_text("plain-1.0.dist-info/METADATA,,\n")


def customisation_added(project: Project, _: World) -> None:
    (project.site / "sitecustomize.py").write_text("EVIL = 1\n")


def folder_linked(project: Project, _: World) -> None:
    (project.folder / "evil").mkdir()
    (project.site / "plain/evil").symlink_to(project.folder / "evil")


def version_changed(project: Project, _: World) -> None:
    path = project.site / "plain-1.0.dist-info/METADATA"
    path.write_text(path.read_text().replace("Version: 1.0", "Version: 9.0"))


def bytecode_without_source(project: Project, _: World) -> None:
    (project.site / "plain/evil.pyc").write_bytes(b"evil")


def data_changed(project: Project, _: World) -> None:
    append(project.environment / "share/tool/data.txt", "evil\n")


def same_size_and_time(project: Project, _: World) -> None:
    path = project.site / "plain/core.py"
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"'a': 1", b"'a': 9"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def claimed_to_be_condas(project: Project, world: World) -> None:
    line_appended(project, world)
    (project.site / "plain-1.0.dist-info/INSTALLER").write_text("conda\n")
    (project.environment / "conda-meta").mkdir()
    (project.environment / "conda-meta/plain-1.0-0.json").write_text("{}")


def claimed_to_be_an_archive(project: Project, world: World) -> None:
    line_appended(project, world)
    direct = '{"url": "https://elsewhere.test/plain-1.0.tar.gz", "archive_info": {}}'
    (project.site / "plain-1.0.dist-info/direct_url.json").write_text(direct)


def entry_point_added(project: Project, _: World) -> None:
    (project.site / "plain-1.0.dist-info/entry_points.txt").write_text("[console_scripts]\nx = plain:x\n")


def namespace_added(project: Project, _: World) -> None:
    (project.site / "plain/portion").mkdir()
    (project.site / "plain/portion/module.py").write_text("EVIL = 1\n")


def extension_beside(project: Project, _: World) -> None:
    """Python takes it before the module of the same name."""
    (project.site / "plain/core.abi3.so").write_bytes(b"\x7fELF")


def code_among_metadata(project: Project, _: World) -> None:
    (project.site / "plain-1.0.dist-info/evil.py").write_text("EVIL = 1\n")


def made_an_egg(project: Project, world: World) -> None:
    line_appended(project, world)
    shutil.rmtree(project.site / "plain-1.0.dist-info")
    (project.site / "plain-1.0.egg-info").mkdir()
    (project.site / "plain-1.0.egg-info/PKG-INFO").write_text("Name: plain\nVersion: 1.0\n")


def hidden_by_case(project: Project, world: World) -> None:
    line_appended(project, world)
    (project.site / "plain-1.0.dist-info").rename(project.site / "PLAIN-1.0.dist-info")


def own_script_exchanged(project: Project, _: World) -> None:
    path = project.environment / "bin/tool-kit"
    path.unlink()
    path.symlink_to(project.environment / "bin/tool-own")


C, M, L, U = (
    Origin.CHAINGUARD,
    Origin.MIXED,
    Origin.LOCAL_BUILD,
    Origin.UNVERIFIABLE,
)
MANIPULATIONS: dict[Callable[..., None], tuple[str, Origin, Integrity, Conclusion]] = {
    line_appended: ("plain", C, Integrity.CHANGED, Conclusion.FAIL),
    line_appended_and_recorded: ("plain", C, Integrity.CHANGED, Conclusion.FAIL),
    sbom_pasted: ("plain", M, Integrity.ADDED, Conclusion.FAIL),
    without_tests: ("plain", C, Integrity.SLIMMED, Conclusion.PASS),
    module_added: ("plain", C, Integrity.ADDED, Conclusion.FAIL),
    bytecode_poisoned: ("plain", C, Integrity.BYTECODE_DIFFERS, Conclusion.FAIL),
    compiled_code_swapped: ("native", M, Integrity.CHANGED, Conclusion.FAIL),
    link_to_elsewhere: ("single", C, Integrity.CHANGED, Conclusion.FAIL),
    pipe_in_place: ("single", C, Integrity.SLIMMED, Conclusion.FAIL),
    script_changed: ("tool-kit", C, Integrity.CHANGED, Conclusion.FAIL),
    own_script_changed: ("tool-kit", C, Integrity.CHANGED, Conclusion.FAIL),
    build_changed: ("native", C, Integrity.CHANGED, Conclusion.FAIL),
    installer_hidden: ("plain", C, Integrity.CHANGED, Conclusion.FAIL),
    claimed_to_be_local: ("plain", L, Integrity.CHANGED, Conclusion.FAIL),
    claimed_to_be_linked: ("plain", L, Integrity.ADDED, Conclusion.FAIL),
    folder_linked: ("plain", C, Integrity.ADDED, Conclusion.FAIL),
    version_changed: ("plain", U, Integrity.CHANGED, Conclusion.FAIL),
    bytecode_without_source: ("plain", C, Integrity.ADDED, Conclusion.FAIL),
    data_changed: ("tool-kit", C, Integrity.CHANGED, Conclusion.FAIL),
    same_size_and_time: ("plain", C, Integrity.CHANGED, Conclusion.FAIL),
    claimed_to_be_condas: ("plain", C, Integrity.CHANGED, Conclusion.FAIL),
    claimed_to_be_an_archive: ("plain", C, Integrity.CHANGED, Conclusion.FAIL),
    entry_point_added: ("plain", C, Integrity.ADDED, Conclusion.FAIL),
    namespace_added: ("plain", C, Integrity.ADDED, Conclusion.FAIL),
    extension_beside: ("plain", C, Integrity.ADDED, Conclusion.FAIL),
    code_among_metadata: ("plain", C, Integrity.ADDED, Conclusion.FAIL),
    made_an_egg: ("plain", U, Integrity.CHANGED, Conclusion.FAIL),
    hidden_by_case: ("plain", U, Integrity.CHANGED, Conclusion.FAIL),
    own_script_exchanged: ("tool-kit", C, Integrity.CHANGED, Conclusion.FAIL),
}


@pytest.mark.parametrize("spoil", MANIPULATIONS, ids=lambda spoil: spoil.__name__)
@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_manipulation_is_shown(
    world: World, installed: dict[str, Project], installer: str, spoil: Callable[..., None], tmp_path: Path
) -> None:
    project = copied(installed[installer], tmp_path)
    spoil(project, world)
    name, origin, integrity, conclusion = MANIPULATIONS[spoil]
    found = world.verify(project.environment)
    spoilt = one(found, name)
    assert (spoilt.origin, spoilt.integrity, found.conclusion) == (origin, integrity, conclusion), spoilt
    assert spoilt.deviations or found.strays
    for each in found.distributions:
        if each.name != name:
            assert (each.origin, each.integrity) == (Origin.CHAINGUARD, Integrity.INTACT), each


@pytest.mark.parametrize("spoil", [start_file_added, customisation_added], ids=lambda spoil: spoil.__name__)
@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_file_that_runs_at_every_start_is_shown(
    world: World, installed: dict[str, Project], installer: str, spoil: Callable[..., None], tmp_path: Path
) -> None:
    project = copied(installed[installer], tmp_path)
    spoil(project, world)
    found = world.verify(project.environment)
    (stray,) = found.strays
    assert stray.kind is Integrity.ADDED
    assert found.startup == (stray.path,)
    assert found.conclusion is Conclusion.FAIL


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_file_that_another_wheel_overwrote_is_told_from_one_that_was_changed(
    world: World, installer: str, tmp_path: Path
) -> None:
    project = Project(installer, tmp_path / "project", ("first-of-two==1.0", "second-of-two==1.0"))
    project.declare(world.indexes.chainguard)
    project.lock()
    project.install()
    found = world.verify(project.environment)
    assert {each.origin for each in found.distributions} == {Origin.CHAINGUARD}
    (loser,) = (each for each in found.distributions if each.integrity is not Integrity.INTACT)
    (deviation,) = loser.deviations
    assert (deviation.kind, deviation.path.rpartition("/")[2]) == (Integrity.OVERWRITTEN, "shared_by_two.py")
    assert deviation.detail in ("it is that of first-of-two 1.0", "it is that of second-of-two 1.0")
    assert found.conclusion is Conclusion.WARN


def test_what_is_built_here_is_no_index_s(world: World, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "own_thing").mkdir(parents=True)
    (source / "own_thing/__init__.py").write_text("OWN = 1\n")
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "own-thing"\nversion = "1.0"\n'
    )
    built = wheel(tmp_path / "wheels", "own-thing", files={"own_thing/__init__.py": "OWN = 1\n"})
    (source / "backend.py").write_text(
        f"import shutil\ndef build_wheel(folder, *_):\n    return shutil.copy({str(built)!r}, folder).rpartition('/')[2]\n"
    )
    project = Project("pip", tmp_path / "project", ())
    project.declare(world.indexes.chainguard)
    project.run("pip", "--python", str(project.environment / "bin/python"), "install", "-q", str(source))
    asked = len(world.indexes.asked())
    own = one(world.verify(project.environment), "own-thing")
    assert (own.origin, own.integrity, own.proof) == (
        Origin.LOCAL_BUILD,
        Integrity.INTACT,
        Proof.ITSELF,
    )
    assert own.why == "it was built here from a folder"
    assert own.conclusion is Conclusion.UNKNOWN
    assert len(world.indexes.asked()) == asked  # its name is nobody else's business
    private = world.verify(project.environment, settings=b"[policy]\nprivate = ['own-*']\n")
    assert (one(private, "own-thing").origin, private.conclusion) == (
        Origin.PRIVATE,
        Conclusion.PASS,
    )
    allowed = world.verify(
        project.environment, settings=b"[[allow]]\npackage = 'own-thing'\nreason = 'ours'\n"
    )
    assert allowed.conclusion is Conclusion.PASS


def test_an_editable_project_is_a_link(world: World, tmp_path: Path) -> None:
    project = Project("uv", tmp_path / "project", ())
    project.declare(world.indexes.chainguard)
    built = wheel(
        tmp_path / "wheels",
        "linked",
        files={"linked.pth": str(tmp_path)},
    )
    project.run("uv", "pip", "install", "-q", "--python", str(project.environment / "bin/python"), str(built))
    info = project.site / "linked-1.0.dist-info"
    (info / "direct_url.json").write_text('{"url": "file:///x", "dir_info": {"editable": true}}')
    rewrite_record(project.site, info.name)
    found = world.verify(project.environment)
    assert (one(found, "linked").origin, one(found, "linked").linked) == (Origin.LOCAL_BUILD, True)
    assert found.conclusion is Conclusion.PASS
    assert [path.rpartition("/")[2] for path in found.startup] == ["linked.pth"]
    assert headline(found)[1] == "Nothing to verify is installed"

    start = project.site / "linked.pth"
    start.write_text("import __editable___linked_1_0_finder; __editable___linked_1_0_finder.install()\n")
    rewrite_record(project.site, info.name)
    assert one(world.verify(project.environment), "linked").linked
    for more in (
        "import os; os.getcwd()\n",
        "import __editable___x_finder; __editable___y_finder.install()\n",
    ):
        start.write_text(f"{tmp_path}\n{more}")
        rewrite_record(project.site, info.name)
        found = world.verify(project.environment)
        assert (one(found, "linked").linked, found.conclusion) == (False, Conclusion.UNKNOWN)


def test_two_dist_infos_of_one_name_are_both_told(
    world: World, installed: dict[str, Project], tmp_path: Path
) -> None:
    project = copied(installed["uv"], tmp_path)
    shutil.copytree(project.site / "plain-1.0.dist-info", project.site / "plain-0.9.dist-info")
    metadata = project.site / "plain-0.9.dist-info/METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 0.9"))
    found = [each for each in world.verify(project.environment).distributions if each.name == "plain"]
    assert [(each.version, each.origin) for each in found] == [
        ("0.9", Origin.UNVERIFIABLE),
        ("1.0", Origin.CHAINGUARD),
    ]
