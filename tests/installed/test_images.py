"""Images as ``docker save`` and OCI tools write them, and archives that nobody should believe."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.installed import image as images
from fallback_review.installed.image import Image, looks_like_image
from fallback_review.installed.tree import TreeError, TreeFiles
from fallback_review.model import Conclusion
from fallback_review.model.installed import Integrity, Origin
from tests.installed.conftest import one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.installed.conftest import World
    from tests.installed.installers import Project

SITE = "usr/local/lib/python3.11/site-packages"


def member(name: str, data: bytes = b"", **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def folder(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.DIRTYPE)


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.SYMTYPE, linkname=target)


def hard(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.LNKTYPE, linkname=target)


def archive(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for info, data in members:
            made.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


Layer = list[tuple[tarfile.TarInfo, bytes]]


def plain(data: bytes) -> bytes:
    return data


def zstd(data: bytes) -> bytes:
    compressed: bytes = import_module("backports.zstd").compress(data)
    return compressed


def docker_save(path: Path, layers: list[Layer], *, pack: Callable[[bytes], bytes] = plain) -> Path:
    config = json.dumps({"architecture": "amd64", "os": "linux"}).encode()
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    manifest = [{"Config": "config.json", "RepoTags": ["it:1"], "Layers": names}]
    files = [member(name, pack(archive(layer))) for name, layer in zip(names, layers, strict=True)]
    path.write_bytes(
        archive(
            [*files, member("config.json", config), member("manifest.json", json.dumps(manifest).encode())]
        )
    )
    return path


@dataclass
class Oci:
    """An OCI layout in the making."""

    blobs: dict[str, bytes] = field(default_factory=dict)

    def add(self, data: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[f"blobs/sha256/{digest}"] = data
        return {"digest": f"sha256:{digest}", "size": len(data)}

    def files(
        self, layers: list[Layer], pack: Callable[[bytes], bytes], *, nested: bool = False
    ) -> dict[str, bytes]:
        config = self.add(json.dumps({"architecture": "arm64"}).encode())
        manifest = {"config": config, "layers": [self.add(pack(archive(each))) for each in layers]}
        top = [self.add(json.dumps(manifest).encode())]
        attestation = {**self.add(b"{}"), "platform": {"architecture": "unknown"}}
        if nested:
            top = [self.add(json.dumps({"manifests": [*top, attestation]}).encode())]
        index = json.dumps({"manifests": top}).encode()
        return {**self.blobs, "oci-layout": b"{}", "index.json": index}


def oci(
    path: Path, layers: list[Layer], *, pack: Callable[[bytes], bytes] = gzip.compress, nested: bool = False
) -> Path:
    files = Oci().files(layers, pack, nested=nested)
    path.write_bytes(archive(member(name, data) for name, data in files.items()))
    return path


def text(path: Path, name: str) -> bytes | None:
    with Image(path) as image:
        return TreeFiles(image).text(name)


def environment_layer(project: Project, *, spoilt: dict[str, bytes] | None = None) -> Layer:
    """The files of a real environment, laid where an image has them."""
    found: Layer = [folder(SITE)]
    for file in sorted(project.site.rglob("*")):
        if file.is_file():
            name = file.relative_to(project.site).as_posix()
            found.append(member(f"{SITE}/{name}", (spoilt or {}).get(name, file.read_bytes())))
    for script in ("tool-kit", "tool-own"):
        found.append(member(f"usr/local/bin/{script}", (project.environment / "bin" / script).read_bytes()))
    found.append(member("usr/local/share/tool/data.txt", b"data\n"))
    return found


LIBC = member(
    "lib/x86_64-linux-gnu/libc.so.6",
    b"\x7fELF GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n",
)


@pytest.mark.lab
@pytest.mark.parametrize("pack", [plain, gzip.compress, zstd])
@pytest.mark.parametrize("write", [docker_save, oci])
def test_an_image_is_verified_as_an_environment_is(
    world: World, installed: dict[str, Project], tmp_path: Path, write: Any, pack: Any
) -> None:
    path = write(tmp_path / "image.tar", [environment_layer(installed["uv"])], pack=pack)
    found = world.verify(path)
    assert (found.kind, found.conclusion) == ("image", Conclusion.PASS)
    assert {(each.origin, each.integrity) for each in found.distributions} == {
        (Origin.CHAINGUARD, Integrity.INTACT)
    }
    assert len(found.distributions) == 4
    assert one(found, "plain").place == f"{SITE}/plain-1.0.dist-info"


@pytest.mark.lab
def test_a_later_layer_changes_removes_and_adds(
    world: World, installed: dict[str, Project], tmp_path: Path
) -> None:
    second = [
        member(f"{SITE}/plain/core.py", b"EVIL = 1\n"),
        member(f"{SITE}/plain/tests/.wh.test_core.py"),
        member(f"{SITE}/evil.pth", b"import os\n"),
        member(f"{SITE}/.wh.single.py"),
    ]
    found = world.verify(docker_save(tmp_path / "image.tar", [environment_layer(installed["pip"]), second]))
    assert [(each.path.rpartition("/")[2], each.kind) for each in one(found, "plain").deviations] == [
        ("core.py", Integrity.CHANGED),
        ("test_core.py", Integrity.SLIMMED),
    ]
    assert one(found, "single").integrity is Integrity.SLIMMED
    assert [each.path for each in found.strays] == [f"{SITE}/evil.pth"]
    assert found.conclusion is Conclusion.FAIL


@pytest.mark.lab
def test_the_target_is_read_off_the_image(
    world: World, installed: dict[str, Project], tmp_path: Path
) -> None:
    from datetime import date

    from fallback_review.index.open import Secrets
    from fallback_review.installed.judge import Verifying
    from fallback_review.installed.places import place
    from fallback_review.installed.sources import open_sources
    from fallback_review.installed.verify import verify
    from fallback_review.lockfiles import Text
    from tests.installed.conftest import settings_of

    path = docker_save(tmp_path / "image.tar", [[LIBC], environment_layer(installed["uv"])])
    settings = settings_of(world.indexes, b"[indexes]\nlayout = 'chainguard-only'\n")
    lock = Text(path="requirements.txt", text="plain==1.0\nsingle==1.0\n")
    with open_sources(settings.indexes, Secrets(environ={})) as sources:
        found = verify(
            place(path), Verifying(settings=settings, sources=sources, today=date(2026, 11, 1)), lock
        )
    assert found.target == "py3.11 linux-x86_64"
    assert [each.prediction.held for each in found.distributions if each.prediction] == [True, True]


@pytest.mark.lab
@pytest.mark.parametrize(
    "prefix",
    ["home/dev/venv", "srv/sys", "app/node_modules/x", "/".join("abcdefghijklmnopqrstuvwxyz")],
)
def test_an_environment_is_found_wherever_it_lies(
    world: World, installed: dict[str, Project], tmp_path: Path, prefix: str
) -> None:
    base = environment_layer(installed["pip"])
    other = f"{prefix}/lib/python3.11/site-packages"
    info = f"{other}/plain-1.0.dist-info"
    more = [
        member(f"{info}/METADATA", b"Name: plain\nVersion: 1.0\n"),
        member(f"{other}/plain/core.py", b"EVIL = 1\n"),
    ]
    found = world.verify(docker_save(tmp_path / "image.tar", [base, more]))
    assert [each.place for each in found.distributions if each.name == "plain"] == sorted(
        [info, f"{SITE}/plain-1.0.dist-info"]
    )
    assert found.conclusion is Conclusion.FAIL


@pytest.mark.lab
def test_modules_without_metadata_are_strays_in_an_image_too(world: World, tmp_path: Path) -> None:
    layer = [
        member(f"{SITE}/README.txt", b"of Python's own installation"),
        member("usr/lib/python3/dist-packages/lsb_release.py", b"of Debian's, without metadata"),
    ]
    clean = world.verify(docker_save(tmp_path / "clean.tar", [layer]))
    assert (clean.strays, clean.conclusion) == ((), Conclusion.UNKNOWN)  # there is no package
    layer.append(member(f"{SITE}/evil.py", b"EVIL = 1\n"))
    found = world.verify(docker_save(tmp_path / "image.tar", [layer]))
    assert [each.path for each in found.strays] == [f"{SITE}/evil.py"]
    assert found.conclusion is Conclusion.FAIL


def test_layers_lie_upon_each_other_as_the_format_says(tmp_path: Path) -> None:
    lower = [
        folder("a"),
        member("a/one", b"1"),
        member("a/two", b"2"),
        folder("b"),
        member("b/kept", b"k"),
        link("lib", "usr/lib"),
        folder("usr/lib"),
        member("usr/lib/x", b"x"),
        member("file", b"file"),
        hard("a/same", "a/one"),
        folder("gone"),
        member("gone/x", b"x"),
    ]
    upper = [
        member("a/new", b"n"),
        member("a/.wh.one"),
        member("b/.wh..wh..opq"),
        member("b/fresh", b"f"),
        member("lib/through", b"t"),
        folder("file"),
        member("file/inside", b"i"),
        member("./gone", b"now a file"),
        hard("usr/lib/linked", "a/two"),
        member("a/.wh.new"),
    ]
    path = docker_save(tmp_path / "image.tar", [lower, upper])
    with Image(path) as image:
        files = TreeFiles(image)

        def read(name: str) -> bytes | None:
            return files.text(name)

        assert read("a/one") is None
        assert read("a/same") == b"1"
        assert (read("a/two"), read("a/new")) == (b"2", b"n")  # a whiteout hides lower layers only
        assert (read("b/kept"), read("b/fresh")) == (None, b"f")
        assert (read("usr/lib/through"), read("lib/x"), read("usr/lib/linked")) == (b"t", b"x", b"2")
        assert read("file/inside") == b"i"
        assert read("gone") == b"now a file"
        assert [each.name for each in image.names("a")] == ["new", "same", "two"]
        assert image.architecture == "amd64"


def test_links_stay_inside_and_end(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_text("secret")
    layer = [
        link("up", "../../../../../../.." + str(outside)),
        link("absolute", str(outside)),
        link("round", "round"),
        link("one", "two"),
        link("two", "one"),
        folder("d"),
        link("d/here", "/d"),
        member("d/file", b"f"),
        member("device", type=tarfile.CHRTYPE),
        member("pipe", type=tarfile.FIFOTYPE),
        hard("dangling", "nowhere"),
        link("nul", "a\0b"),
    ]
    with Image(docker_save(tmp_path / "image.tar", [layer])) as image:
        for name in ("up", "absolute", "round", "one", "device", "pipe", "dangling", "d", "d/file/x", "nul"):
            assert image.size(name) is None
            assert image.open(name) is None
        assert TreeFiles(image).text("d/here/here/../d/file") == b"f"
        assert TreeFiles(image).text("d/here/here/file") == b"f"
        kinds = {each.name: each.kind for each in image.names("")}
        assert (kinds["round"], kinds["device"], kinds["d"]) == ("other", "other", "folder")


def bomb() -> bytes:
    return gzip.compress(bytes(64 * 1024 * 1024))


def broken_gzip() -> bytes:
    return gzip.compress(b"x" * 10_000, mtime=0)[:-20]


def refused(path: Path) -> str:
    with pytest.raises(TreeError) as error, Image(path):
        pass
    assert "\n" not in str(error.value)
    return str(error.value)


def with_layer(path: Path, data: bytes) -> Path:
    manifest = json.dumps([{"Config": "c", "Layers": ["l"]}]).encode()
    path.write_bytes(archive([member("l", data), member("manifest.json", manifest)]))
    return path


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (broken_gzip(), "a layer can't be unpacked (EOFError)"),
        (b"\x28\xb5\x2f\xfdnonsense", "a layer can't be unpacked (ZstdError)"),
        (b"\x1f\x8bnonsense", "a layer can't be unpacked (BadGzipFile)"),
        (b"nonsense" * 200, "a layer is not a valid tar archive (ReadError)"),
        (archive([member("../evil", b"x")]), "a layer has a member whose path leads outside of it"),
        (archive([member("a/../../evil", b"x")]), "a layer has a member whose path leads outside of it"),
    ],
    ids=["cut gzip", "broken zstd", "broken gzip", "no archive", "parent", "parent inside"],
)
def test_a_hostile_layer_ends_in_a_clear_line(tmp_path: Path, data: bytes, words: str) -> None:
    assert refused(with_layer(tmp_path / "image.tar", data)) == words


def test_a_member_that_claims_an_absurd_size_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("huge")
    info.size = 1 << 62
    path = with_layer(tmp_path / "image.tar", info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert refused(path).startswith("a layer is not a valid tar archive")


def test_bombs_and_crowds_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_FIRST", 1024 * 1024)
    assert refused(with_layer(tmp_path / "bomb.tar", bomb())) == "a layer unpacks to far too much"
    monkeypatch.setattr(images, "MOST_MEMBERS", 3)
    many = [member(f"f{number}") for number in range(5)]
    assert "more than 3 members" in refused(docker_save(tmp_path / "many.tar", [many]))
    path = tmp_path / "outer.tar"
    path.write_bytes(archive(many))
    assert "more than 3 members" in refused(path)
    monkeypatch.setattr(images, "MOST_MEMBERS", 100)
    monkeypatch.setattr(images, "MOST_LAYERS", 1)
    assert "more than 1 layers" in refused(docker_save(tmp_path / "layers.tar", [many, many]))
    monkeypatch.setattr(images, "MOST_JSON", 10)
    assert "is too large" in refused(docker_save(tmp_path / "json.tar", [many]))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "neither manifest.json nor index.json"),
        ({"manifest.json": b"{"}, "is not JSON"),
        ({"manifest.json": b"[{}, {}]"}, "several images"),
        ({"manifest.json": b'[{"Layers": ["absent"]}]'}, "lacks the layer 'absent'"),
        ({"manifest.json": b'[{"Layers": []}]'}, "names no layers"),
        ({"manifest.json": b'[{"Layers": ["manifest.json", 3]}]'}, "names no layers"),
        ({"index.json": b'{"layers": [3]}'}, "names no layers"),
        (
            {"index.json": b'{"manifests": [{"digest": "sha256:a"}, {"digest": "sha256:b"}]}'},
            "several platforms",
        ),
        ({"index.json": b'{"manifests": [{"digest": "sha256:a"}]}'}, "lacks its manifest"),
        ({"index.json": b'{"manifests": 3}'}, "several platforms"),
    ],
)
def test_what_is_no_image_is_said(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(archive(member(name, data) for name, data in files.items()))
    assert words in refused(path)


def test_an_oci_layout_may_be_a_folder_or_nested(tmp_path: Path) -> None:
    layer = [member("a", b"1")]
    assert text(oci(tmp_path / "nested.tar", [layer], nested=True), "a") == b"1"
    base = tmp_path / "layout"
    for name, data in Oci().files([layer], gzip.compress).items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(data)
    assert looks_like_image(base)
    with Image(base) as image:
        assert (TreeFiles(image).text("a"), image.architecture) == (b"1", "arm64")
    index = json.loads((base / "index.json").read_text())
    index["manifests"][0]["digest"] = "sha256:../../../etc/passwd"
    (base / "index.json").write_text(json.dumps(index))
    assert "lacks its manifest" in refused(base)


def test_a_shared_layer_of_older_docker_is_found(tmp_path: Path) -> None:
    manifest = json.dumps([{"Config": "c", "Layers": ["b/layer.tar"]}]).encode()
    path = tmp_path / "image.tar"
    path.write_bytes(
        archive(
            [
                member("a/layer.tar", archive([member("x", b"1")])),
                link("b/layer.tar", "../a/layer.tar"),
                link("evil", "../../../etc/passwd"),
                member("manifest.json", manifest),
            ]
        )
    )
    assert text(path, "x") == b"1"
