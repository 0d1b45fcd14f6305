"""What is shipped: the archive and its bill of materials, the unit, the image, the manifests."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from lippi_e2e.process import outside_environment
from lippi_e2e.worker import default_binary

_ROOT = Path(__file__).parents[2]
_DEPLOY = _ROOT / "deploy"
_KUBERNETES = _DEPLOY / "kubernetes"
# Beside this Python: what requirements.txt installs.
_TOOLS = Path(sys.executable).parent
_DEFAULTS = yaml.safe_load((_ROOT / "config" / "lippi-bridge.yaml").read_text())
_GRACE_SECONDS = int(_DEFAULTS["shutdown"]["grace_period"].removesuffix("s"))
# The longest links the program and packs it, twice on a busy machine.
_COMMAND_SECONDS = 250


def _run(*command: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=_COMMAND_SECONDS, **options
    )


def _passes(*command: object) -> str:
    done = _run(*command)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def _documents(path: Path) -> list[dict]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def _manifests() -> list[Path]:
    listed = _documents(_KUBERNETES / "kustomization.yaml")[0]["resources"]
    return [_KUBERNETES / name for name in listed]


def _stateful_set() -> dict:
    return _documents(_KUBERNETES / "stateful-set.yaml")[0]


def _assert_configures(binary: Path, folder: Path, *arguments: str, environment: dict[str, str]) -> None:
    """The worker, strict as it is, takes this configuration."""
    (folder / "app-secret").write_text("helloworld")
    environment = {
        name: str(folder / "app-secret") if value.endswith("/app-secret") else value
        for name, value in environment.items()
    }
    done = _run(
        binary, "check", *arguments, cwd=folder, env={**outside_environment(), **environment}
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


# MARK: The archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, binary: Path) -> Path:
    """Unpacked. Made from this checkout's build, which the other tests use as well."""
    for tool in ("swift", "dpkg", "readelf", "strip"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    if binary != _ROOT / ".build" / "release" / "lippi-bridge":
        pytest.skip("the archive is made from this checkout's own build, LIPPI_E2E_BINARY names another")
    packed = Path(_passes(_ROOT / "dev", "dist").splitlines()[-1])
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(_ROOT / packed) as tar:
        members = tar.getmembers()
        assert {(member.uname, member.uid, member.gid) for member in members} == {("root", 0, 0)}
        assert len({member.mtime for member in members}) == 1
        assert [member.name for member in members] == sorted(member.name for member in members)
        tar.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    assert packed.name == f"{top.name}.tar.gz"
    return top


def test_the_archive_holds_what_it_takes(archive: Path) -> None:
    found = {str(path.relative_to(archive)) for path in archive.rglob("*") if path.is_file()}
    wanted = {
        "bin/lippi-bridge",
        "CHANGELOG.md",
        "INSTALL.md",
        "LICENSE",
        "README.md",
        "SHA256SUMS",
        "sbom.cdx.json",
        "config/lippi-bridge.yaml",
        "config/schemas/configuration.schema.json",
        "config/schemas/event.schema.json",
        "config/schemas/outcome.schema.json",
        "deploy/lippi-bridge.service",
        "deploy/compose/compose.yaml",
        "deploy/kubernetes/kustomization.yaml",
        "docs/configuration.md",
        "licences/swift",
        "licences/librdkafka1",
    }
    assert wanted <= found, sorted(wanted - found)
    tops = {"bin", "config", "deploy", "docs", "licences"}
    assert {name.split("/")[0] for name in found if "/" in name} == tops
    assert "deploy/Dockerfile" not in found, "it builds from source"
    assert [name for name in found if name.endswith((".pyc", ".swift", ".py"))] == []


def test_sums_are_right(archive: Path) -> None:
    listed = dict(
        reversed(line.split("  ")) for line in (archive / "SHA256SUMS").read_text().splitlines()
    )
    found = {str(path.relative_to(archive)) for path in archive.rglob("*") if path.is_file()}
    assert set(listed) == found - {"SHA256SUMS"}
    for name, digest in listed.items():
        assert hashlib.sha256((archive / name).read_bytes()).hexdigest() == digest, name
    for line in (_ROOT / "dist" / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((_ROOT / "dist" / name).read_bytes()).hexdigest() == digest, name


def test_the_program_is_stripped_and_needs_no_swift(archive: Path) -> None:
    program = archive / "bin" / "lippi-bridge"
    assert ".symtab" not in _passes("readelf", "-SW", program)
    dynamic = _passes("readelf", "-d", program)
    assert "rdkafka" in dynamic
    assert not re.search(r"NEEDED.*(swift|dispatch|Blocks)|RPATH|RUNPATH", dynamic), dynamic
    assert _passes(program, "version") == _passes(default_binary(), "version")
    strings = program.read_bytes()
    assert str(_ROOT).encode() not in strings, "where it was built is nobody's business"


def test_the_same_commit_gives_the_same_bytes(archive: Path) -> None:
    sums = (_ROOT / "dist" / "SHA256SUMS").read_text()
    _passes(_ROOT / "dev", "dist")
    assert (_ROOT / "dist" / "SHA256SUMS").read_text() == sums


def test_the_bill_of_materials_is_valid_and_complete(archive: Path) -> None:
    text = (archive / "sbom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    listed = {component["name"] for component in bill["components"]}
    loaded = _passes("ldd", archive / "bin" / "lippi-bridge")
    described = " ".join(component["description"] for component in bill["components"])
    for name in re.findall(r"^\t(\S+) => ", loaded, re.M):
        assert name in described.split(), f"{name} is loaded and not listed"
    assert {"Swift standard library", "librdkafka1", "libcurl4", "libssl3", "libc6"} <= listed
    packages = {name for name in listed if not name.startswith(("Swift", "libdispatch"))}
    assert packages | {"swift"} == {path.name for path in (archive / "licences").iterdir()}


def test_install_names_every_package_that_the_program_links(archive: Path) -> None:
    bill = json.loads((archive / "sbom.cdx.json").read_text())
    (root,) = [entry for entry in bill["dependencies"] if "dependsOn" in entry]
    direct = {
        component["name"]
        for component in bill["components"]
        if component["bom-ref"] in root["dependsOn"] and component.get("purl")
    }
    # They are part of every Debian.
    direct -= {"libc6", "libgcc-s1"}
    for place in ("deploy/INSTALL.md", "deploy/Dockerfile"):
        text = (_ROOT / place).read_text().replace("\\\n", " ")
        line = re.search(r"apt-get install --no-install-recommends(?: -y)?\s+([a-z0-9 .+-]+)", text)
        assert direct | {"ca-certificates"} == set(line[1].split()), place


# MARK: systemd


def test_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    unit = _DEPLOY / "lippi-bridge.service"
    # At most 2.0 of 10.
    _passes(analyze, "security", "--offline=true", "--threshold=20", unit)
    # It looks whether the program is there.
    installed = tmp_path / unit.name
    installed.write_text(unit.read_text().replace("/usr/local/bin/lippi-bridge", str(default_binary())))
    done = _run(analyze, "verify", "--recursive-errors=no", installed)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_unit_gives_the_worker_time_and_asks_for_signs_of_life() -> None:
    settings = dict(
        re.findall(r"^(\w+)=(.*)$", (_DEPLOY / "lippi-bridge.service").read_text(), re.M)
    )
    assert settings["Type"] == "notify"
    assert int(settings["TimeoutStopSec"].removesuffix("s")) > _GRACE_SECONDS
    # The worker's own watchdog speaks first.
    assert int(settings["WatchdogSec"].removesuffix("s")) > 30
    assert "-HUP ${MAINPID}" in settings["ExecReload"]


def test_every_variable_of_the_unit_is_a_key(binary: Path) -> None:
    unit = (_DEPLOY / "lippi-bridge.service").read_text()
    named = re.findall(r"^#?Environment=(LIPPI_BRIDGE_\w+)=%d/([\w-]+)$", unit, re.M)
    loaded = re.findall(r"^#?LoadCredential=([\w-]+):/etc/lippi-bridge/secrets/([\w-]+)$", unit, re.M)
    assert [name for _, name in named] == [name for name, _ in loaded] == [file for _, file in loaded]
    assert len(named) >= 5
    page = _passes(binary, "config", "explain", "--markdown")
    keys = re.findall(r"^\| `([a-z_.]+)` \|", page, re.M)
    variables = {"LIPPI_BRIDGE_" + key.replace(".", "_").upper() for key in keys}
    assert {variable for variable, _ in named} <= variables


# MARK: Containers


def test_the_dockerfile() -> None:
    _passes(_TOOLS / "hadolint", _DEPLOY / "Dockerfile")
    text = (_DEPLOY / "Dockerfile").read_text()
    images = re.findall(r"^FROM (\S+)", text, re.M)
    assert len(images) == 2
    assert all(re.fullmatch(r"[a-z]+:\d+\.[\w.-]+", image) for image in images), images
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.M)


def test_the_build_gets_what_it_reads_and_nothing_else() -> None:
    kept = {line[1:] for line in (_ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    # What is committed and not there for people or CI alone.
    top = {name.split("/")[0] for name in _passes("git", "-C", _ROOT, "ls-files").splitlines()}
    assert kept == {name for name in top if not name.startswith(".")} - {"CONTRIBUTING.md"}


def test_compose_is_valid(binary: Path, tmp_path: Path) -> None:
    file = _DEPLOY / "compose" / "compose.yaml"
    _passes(_TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", file)
    (compose,) = _documents(file)
    services = compose["services"]
    assert set(services) == {"kafka", "topics", "simulator", "bridge", "prometheus", "grafana"}
    for name, service in services.items():
        # A version, not a tag that moves.
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (file.parent / source).exists() or source in compose["volumes"], source
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: nothing is open to others"
    rules = yaml.safe_load((file.parent / "prometheus.yml").read_text())["rule_files"]
    for rule in rules:
        assert (_DEPLOY / "prometheus" / Path(rule).name).exists(), rule
    bridge = services["bridge"]
    assert int(bridge["stop_grace_period"].removesuffix("s")) > _GRACE_SECONDS
    _assert_configures(binary, tmp_path, environment=bridge["environment"])


# MARK: Kubernetes


def test_manifests_are_valid() -> None:
    _passes(_TOOLS / "kubernetes-validate", "--strict", "--no-warn", *_manifests())
    beside = {path.name for path in _KUBERNETES.iterdir()} - {path.name for path in _manifests()}
    assert beside == {"kustomization.yaml", "lippi-bridge.yaml"}, "listed or not, nothing lies about"


def test_manifests_fit_together() -> None:
    (kustomization,) = _documents(_KUBERNETES / "kustomization.yaml")
    by_kind = {document["kind"]: document for path in _manifests() for document in _documents(path)}
    spec = by_kind["StatefulSet"]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    labels = spec["template"]["metadata"]["labels"]
    selectors = [
        spec["selector"]["matchLabels"],
        by_kind["Service"]["spec"]["selector"],
        by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(selector.items() <= labels.items() for selector in selectors)
    assert spec["serviceName"] == by_kind["Service"]["metadata"]["name"]
    assert pod["serviceAccountName"] == by_kind["ServiceAccount"]["metadata"]["name"]
    assert pod["enableServiceLinks"] is False, "they set LIPPI_BRIDGE_ variables, which are read strictly"
    assert pod["terminationGracePeriodSeconds"] > _GRACE_SECONDS
    (port,) = container["ports"]
    probes = {name: container[name]["httpGet"] for name in container if name.endswith("Probe")}
    assert {probe["path"] for probe in probes.values()} == {"/live", "/ready"}
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert by_kind["NetworkPolicy"]["spec"]["ingress"][0]["ports"][0]["port"] == port["containerPort"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    generated = {entry["name"] for entry in kustomization["configMapGenerator"]}
    assert {volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume} == generated
    (image,) = kustomization["images"]
    assert container["image"] == f"{image['name']}:{image['newTag']}"


def test_pods_run_without_privileges() -> None:
    pod = _stateful_set()["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    dockerfile = (_DEPLOY / "Dockerfile").read_text()
    user, group = re.search(r"^USER (\d+):(\d+)$", dockerfile, re.M).groups()
    assert pod["securityContext"]["runAsUser"] == int(user)
    assert pod["securityContext"]["fsGroup"] == int(group)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_worker_takes_the_configuration_of_the_pods(binary: Path, tmp_path: Path) -> None:
    (settings,) = _documents(_KUBERNETES / "lippi-bridge.yaml")
    (container,) = _stateful_set()["spec"]["template"]["spec"]["containers"]
    assert settings["admin"]["listen"].endswith(f":{container['ports'][0]['containerPort']}")
    secrets = next(mount for mount in container["volumeMounts"] if mount["name"] == "secrets")
    assert settings["gateway"]["app_secret_file"] == f"{secrets['mountPath']}/app-secret"
    settings["gateway"]["app_secret_file"] = str(tmp_path / "app-secret")
    file = tmp_path / "lippi-bridge.yaml"
    file.write_text(yaml.safe_dump(settings))
    environment = {entry["name"]: "lippi-bridge-0" for entry in container["env"]}
    _assert_configures(binary, tmp_path, "--config", str(file), environment=environment)


# MARK: One version


def test_the_version_is_the_same_everywhere(binary: Path) -> None:
    version = _passes(binary, "version").split()[1]
    assert re.search(rf"^## \[?{re.escape(version)}\]?", (_ROOT / "CHANGELOG.md").read_text(), re.M)
    for path in _DEPLOY.rglob("*"):
        if path.suffix in (".yaml", ".md") or path.name == "Dockerfile":
            for found in re.findall(r"lippi-bridge:(\d[\w.]*)", path.read_text()):
                assert found == version, path
