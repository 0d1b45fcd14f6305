#!/usr/bin/env python3
"""Packs the archive to ship; called by `./dev dist`, needs nothing but Python and Debian's dpkg.

Same input, same bytes: files are sorted, times come from SOURCE_DATE_EPOCH, and nobody owns anything.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import platform
import re
import subprocess
import tarfile
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]

# What goes into the archive as it stands, by place in the checkout.
_FOLDERS = ["config", "deploy", "docs"]
_FILES = ["LICENSE", "README.md", "CHANGELOG.md"]
# They are for building from source.
_LEFT_OUT = ["deploy/Dockerfile", "deploy/pack-archive.py"]
# Found at the top, where whoever unpacks looks first.
_MOVED = {"deploy/INSTALL.md": "INSTALL.md"}

# Parts of the toolchain that a statically linked program holds.
_STATIC_PARTS = {
    "Swift standard library": "https://github.com/swiftlang/swift",
    "libdispatch": "https://github.com/swiftlang/swift-corelibs-libdispatch",
}


@dataclass(frozen=True)
class Package:
    """A Debian package with shared objects that the program loads."""

    name: str
    version: str
    architecture: str
    objects: tuple[str, ...]
    is_direct: bool
    """Named by the program itself, not by another library."""

    @property
    def purl(self) -> str:
        version = self.version.replace(":", "%3A").replace("+", "%2B").replace("~", "~")
        return f"pkg:deb/debian/{self.name}@{version}?arch={self.architecture}&distro=debian-{_debian()}"

    @property
    def copyright(self) -> bytes:
        return Path(f"/usr/share/doc/{self.name}/copyright").read_bytes()

    def licences(self) -> list[str]:
        """Names as the package's copyright file has them; none when it is written freely."""
        found = re.findall(r"^License: *(\S.*?) *$", self.copyright.decode(errors="replace"), re.MULTILINE)
        return sorted(set(found))


def _run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _debian() -> str:
    found = re.search(r'^VERSION_ID="?([\d.]+)', Path("/etc/os-release").read_text(), re.MULTILINE)
    return found[1] if found else "unknown"


def _owners(paths: list[str]) -> dict[str, str]:
    """The packages of shared objects. Since /lib became a link, dpkg knows some files by the one and some by the
    other name."""
    plain = {path.removeprefix("/usr"): path for path in paths}
    asked = [*plain, *("/usr" + name for name in plain)]
    # It fails whenever it does not know one of the names.
    answer = subprocess.run(["dpkg", "-S", *asked], check=False, capture_output=True, text=True).stdout
    owners = {}
    for packages, name in re.findall(r"^(\S+(?:, \S+)*): (/\S+)$", answer, re.MULTILINE):
        owners[plain[name.removeprefix("/usr")]] = packages.split(",")[0].split(":")[0]
    if missing := sorted(set(paths) - set(owners)):
        raise SystemExit(f"pack-archive: no Debian package owns {' '.join(missing)}; what is linked must come from one")
    return owners


def linked_packages(binary: Path) -> list[Package]:
    direct = set(re.findall(r"\(NEEDED\).*\[(.+)\]", _run("readelf", "-d", binary)))
    loaded = dict(re.findall(r"^\t(\S+) => (\S+) \(", _run("ldd", binary), re.MULTILINE))
    missing = sorted(name for name, path in loaded.items() if not path.startswith("/"))
    if missing:
        raise SystemExit(f"pack-archive: not found: {' '.join(missing)}")
    swift = sorted(name for name in loaded if name.startswith(("libswift", "libdispatch", "libBlocksRuntime")))
    if swift:
        raise SystemExit(f"pack-archive: {binary} needs Swift's libraries ({' '.join(swift)}): link them statically")
    owners = _owners(list(loaded.values()))
    objects: dict[str, list[str]] = {}
    for name, path in loaded.items():
        objects.setdefault(owners[path], []).append(name)
    shown = "${Package} ${Version} ${Architecture}\n"
    rows = _run("dpkg-query", "--show", f"--showformat={shown}", *objects).splitlines()
    installed = {name: (version, architecture) for name, version, architecture in map(str.split, rows)}
    return [
        Package(name, *installed[name], tuple(sorted(names)), not direct.isdisjoint(names))
        for name, names in sorted(objects.items())
    ]


def sbom(version: str, swift: str, packages: list[Package], epoch: int) -> bytes:
    root = f"pkg:generic/lippi-bridge@{version}"
    components: list[dict] = []
    for name, site in _STATIC_PARTS.items():
        components.append(
            {
                "type": "library",
                "bom-ref": f"swift:{name}",
                "name": name,
                "version": swift,
                "description": "linked statically",
                "licenses": [{"expression": "Apache-2.0 WITH Swift-exception"}],
                "externalReferences": [{"type": "vcs", "url": site}],
            }
        )
    for package in packages:
        component: dict = {
            "type": "library",
            "bom-ref": package.purl,
            "name": package.name,
            "version": package.version,
            "description": "loaded from the system: " + " ".join(package.objects),
            "purl": package.purl,
        }
        if licences := package.licences():
            component["licenses"] = [{"license": {"name": name}} for name in licences]
        components.append(component)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": "lippi-bridge",
                "version": version,
                "purl": root,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        "dependencies": [
            {
                "ref": root,
                "dependsOn": [f"swift:{name}" for name in _STATIC_PARTS]
                + [package.purl for package in packages if package.is_direct],
            },
            *({"ref": component["bom-ref"]} for component in components),
        ],
    }
    content = json.dumps(document, sort_keys=True).encode()
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, hashlib.sha256(content).hexdigest())}"
    return (json.dumps(document, indent=2) + "\n").encode()


def checked_out() -> dict[str, Path]:
    """Files of the checkout by their place in the archive; what git ignores is not among them."""
    found = {name: _ROOT / name for name in _FILES}
    for folder in _FOLDERS:
        for path in sorted((_ROOT / folder).rglob("*")):
            name = str(path.relative_to(_ROOT))
            if path.is_file() and "__pycache__" not in path.parts and name not in _LEFT_OUT:
                found[_MOVED.get(name, name)] = path
    return found


def write_archive(file: Path, top: str, entries: dict[str, tuple[bytes, int]], epoch: int) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, (content, mode) in sorted(entries.items()):
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size, member.mode, member.mtime = len(content), mode, epoch
            member.uname = member.gname = "root"
            archive.addfile(member, io.BytesIO(content))
    with file.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=epoch) as packed:
        packed.write(plain.getvalue())


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--binary", type=Path, required=True, help="stripped, with Swift linked statically")
    reading.add_argument("--swift-licence", type=Path, required=True)
    reading.add_argument("--swift-version", required=True)
    reading.add_argument("--output", type=Path, required=True, help="folder")
    arguments = reading.parse_args()
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])

    version = _run(arguments.binary, "version").split("\n")[0].split()[1]
    packages = linked_packages(arguments.binary)
    bill = sbom(version, arguments.swift_version, packages, epoch)
    entries = {name: (path.read_bytes(), 0o644) for name, path in checked_out().items()}
    entries["bin/lippi-bridge"] = (arguments.binary.read_bytes(), 0o755)
    entries["config/schemas/configuration.schema.json"] = (
        _run(arguments.binary, "config", "schema").encode(),
        0o644,
    )
    entries["sbom.cdx.json"] = (bill, 0o644)
    entries["licences/swift"] = (arguments.swift_licence.read_bytes(), 0o644)
    for package in packages:
        entries[f"licences/{package.name}"] = (package.copyright, 0o644)
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, (content, _) in sorted(entries.items())]
    entries["SHA256SUMS"] = ("".join(sums).encode(), 0o644)

    top = f"lippi-bridge-{version}-linux-{platform.machine()}"
    arguments.output.mkdir(parents=True, exist_ok=True)
    archive = arguments.output / f"{top}.tar.gz"
    write_archive(archive, top, entries, epoch)
    (arguments.output / f"{top}.cdx.json").write_bytes(bill)
    beside = [archive, arguments.output / f"{top}.cdx.json"]
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in beside]
    (arguments.output / "SHA256SUMS").write_text("".join(lines))
    print(archive)


if __name__ == "__main__":
    main()
