"""On a Debian 12 that has neither Swift nor anything else: the archive by its own instructions, the image's
steps, the unit under a real systemd. Minutes, as root, from the network: `./dev test --deploy` runs it."""

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from lippi_e2e.checker import Expectations
from lippi_e2e.debian import Debian, DebianUnavailable
from lippi_e2e.events import EventGenerator
from lippi_e2e.gateway_client import APP_SECRET
from lippi_e2e.line import Line
from lippi_e2e.waiting import until
from lippi_e2e.worker import write_configuration

pytestmark = pytest.mark.timeout(1800)

_ROOT = Path(__file__).parents[2]
_CONFIGURATION = "/etc/lippi-bridge/lippi-bridge.yaml"
_SECRET = "/etc/lippi-bridge/secrets/app-secret"


@pytest.fixture(scope="module", autouse=True)
def _possible() -> None:
    try:
        Debian.assert_possible()
    except DebianUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    folder = tmp_path_factory.mktemp("debian") / "bare"
    yield Debian(folder).make()
    shutil.rmtree(folder)


@pytest.fixture
def debian(bare: Debian, tmp_path: Path) -> Iterator[Debian]:
    folder = tmp_path / "debian"
    yield bare.copy(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def archive() -> Path:
    """`LIPPI_E2E_ARCHIVE`, or a new one."""
    if named := os.environ.get("LIPPI_E2E_ARCHIVE"):
        return Path(named)
    done = subprocess.run([_ROOT / "dev", "dist"], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return _ROOT / done.stdout.splitlines()[-1]


def _unpack(archive: Path, debian: Debian, inside: str) -> str:
    with tarfile.open(archive) as tar:
        tar.extractall(debian.path(inside), filter="data")
    return f"{inside}/{archive.name.removesuffix('.tar.gz')}"


def _instructions() -> list[str]:
    """The lines of INSTALL.md, as root types them."""
    text = (_ROOT / "deploy" / "INSTALL.md").read_text()
    lines = re.findall(r"^    (\S.*)$", text, re.M)
    return [re.sub(r"\s+#.*$", "", line).removeprefix("sudo ") for line in lines]


def _is_for_systemd(line: str) -> bool:
    return line.startswith("systemctl")


# MARK: The archive


def test_the_archive_is_installed_by_its_instructions(archive: Path, debian: Debian) -> None:
    assert debian.run("command -v swift || echo none").strip() == "none"
    top = _unpack(archive, debian, "/root")
    debian.run("apt-get update -q")
    lines = [line for line in _instructions() if not _is_for_systemd(line)]
    assert len(lines) >= 8
    typed = [line for line in lines if "--connect" not in line]
    said = {line: debian.run(line, folder=top, stdin=APP_SECRET) for line in typed}
    (demo,) = [line for line in typed if "demo" in line]
    assert "delivered" in said[demo]
    assert debian.run("lippi-bridge version").startswith("lippi-bridge ")
    assert debian.run(f"cat {_SECRET}") == APP_SECRET
    assert debian.path(_SECRET).stat().st_mode & 0o777 == 0o600


# MARK: The unit


class Service:
    """The unit on a booted Debian, working between a line's topics and gateway."""

    def __init__(self, debian: Debian, line: Line):
        self.debian = debian
        self.line = line

    def show(self, name: str) -> str:
        return self.debian.inside(f"systemctl show --value --property={name} lippi-bridge").strip()

    def kill(self, name: str) -> None:
        self.debian.inside(f"systemctl kill --kill-whom=main --signal={name} lippi-bridge")

    def wait_for(self, name: str, value: str, seconds: float = 60) -> None:
        until(
            lambda: self.show(name) == value, seconds, f"{name} is {value}", every=0.2, explain=self.journal
        )

    def journal(self) -> str:
        return self.debian.answers("journalctl --unit lippi-bridge --no-pager --lines 60")

    def settle(self) -> None:
        until(lambda: self.line.lag() == 0, 90, "lag is 0", every=0.2, explain=self.journal)


@pytest.fixture
def service(archive: Path, debian: Debian, make_line: Callable[..., Line]) -> Iterator[Service]:
    line = make_line(settings={"log.level": "debug"})
    top = _unpack(archive, debian, "/root")
    debian.run("apt-get update -q; apt-get install -q -y --no-install-recommends systemd")
    for typed in _instructions():
        if not _is_for_systemd(typed) and "demo" not in typed and "check" not in typed:
            debian.run(typed, folder=top, stdin=APP_SECRET)
    settings = {name: value for name, value in line.worker.settings.items() if "secret" not in name}
    write_configuration(debian.path(_CONFIGURATION), settings)
    # So that the test need not wait for the unit's own 60 s.
    drop_in = debian.path("/etc/systemd/system/lippi-bridge.service.d/watchdog.conf")
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nWatchdogSec=4s\nRestartSec=1s\n")
    default = debian.path("/etc/systemd/system/default.target")
    default.unlink(missing_ok=True)
    default.symlink_to("/lib/systemd/system/multi-user.target")
    with debian.booted():
        yield Service(debian, line)


@pytest.mark.kafka
def test_the_unit_under_systemd(service: Service) -> None:
    debian, line = service.debian, service.line
    events = EventGenerator(seed=61, conversations=40)

    # Waits for readiness: the job ends when the worker has said it.
    debian.inside("systemctl daemon-reload; systemctl enable --now lippi-bridge")
    assert (service.show("ActiveState"), service.show("NRestarts")) == ("active", "0")
    line.load(events.events(200))
    service.settle()
    until(lambda: "6 partitions, lag 0" in service.show("StatusText"), 15, "the status says so", every=0.2)

    # Not root, and without a way to the secret but its own copy.
    pid = service.show("MainPID")
    status = debian.inside(f"cat /proc/{pid}/status")
    (user,) = re.findall(r"^Uid:\s+(\d+)", status, re.M)
    assert int(user) >= 61184, "a dynamic user"
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.M)
    assert re.search(r"^CapEff:\s+0+$", status, re.M)
    assert re.search(r"^Seccomp:\s+2$", status, re.M)

    debian.inside("systemctl reload lippi-bridge")
    until(lambda: "secrets unchanged" in service.journal(), 10, "the reload was heard", every=0.2)

    # A crash.
    line.load(events.events(200))
    service.kill("SIGKILL")
    service.wait_for("NRestarts", "1")
    service.wait_for("ActiveState", "active")
    service.settle()

    # A loop that stands still.
    pid = service.show("MainPID")
    service.kill("SIGSTOP")
    service.wait_for("NRestarts", "2", 90)
    service.wait_for("ActiveState", "active")
    assert service.show("MainPID") != pid
    assert "Watchdog timeout" in service.journal()
    line.load(events.events(100))
    service.settle()

    # A rotated secret: the credential is read anew at the restart.
    debian.path(_SECRET).write_text("another secret")
    debian.inside("systemctl restart lippi-bridge")
    line.load(events.events(50))
    until(lambda: "halted" in service.journal(), 30, "the line is halted", every=0.2)
    debian.path(_SECRET).write_text(APP_SECRET)
    debian.inside("systemctl restart lippi-bridge")
    service.settle()

    # An orderly end.
    debian.inside("systemctl stop lippi-bridge", seconds=60)
    assert (service.show("ActiveState"), service.show("Result")) == ("inactive", "success")
    line.check(Expectations(all_delivered=True, bad_signatures=True))


@pytest.mark.kafka
def test_a_wrong_configuration_is_not_started_again(service: Service) -> None:
    with service.debian.path(_CONFIGURATION).open("a") as file:
        file.write("no_such_section: 1\n")
    service.debian.answers("systemctl daemon-reload; systemctl start lippi-bridge")
    service.wait_for("ActiveState", "failed")
    assert (service.show("ExecMainStatus"), service.show("NRestarts")) == ("78", "0")


# MARK: The image


def _stages() -> list[list[tuple[str, str]]]:
    """Instructions of each stage of the Dockerfile, continued lines joined."""
    text = (_ROOT / "deploy" / "Dockerfile").read_text()
    text = re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    stages: list[list[tuple[str, str]]] = []
    for line in filter(None, text.splitlines()):
        word, rest = line.split(None, 1)
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest))
    return stages


def _build_context(folder: Path) -> None:
    """What `COPY . .` gets: the committed files that .dockerignore lets through."""
    git = ["git", "-C", _ROOT, "ls-files"]
    listed = subprocess.run(git, capture_output=True, text=True, check=True).stdout
    rules = [line for line in (_ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    for name in listed.splitlines():
        kept = True
        for rule in rules:
            pattern = rule.removeprefix("!")
            parts = name.split("/")
            heads = ["/".join(parts[: count + 1]) for count in range(len(parts))]
            if any(fnmatch(head, pattern) for head in heads):
                kept = rule.startswith("!")
        if kept:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(_ROOT / name, folder / name)


def test_the_steps_of_the_image(bare: Debian, tmp_path: Path) -> None:
    """Both stages by chroot, for want of a container engine: the toolchain is this machine's."""
    build, image = _stages()
    swift = Path(shutil.which("swift")).resolve()
    built = bare.copy(tmp_path / "build")
    folder = "/"
    with built.bound(swift.parents[2], "/toolchain"):
        for word, rest in build:
            match word:
                case "FROM":
                    assert rest.startswith("swift:")
                case "WORKDIR":
                    folder = rest
                    built.path(folder).mkdir()
                case "COPY":
                    assert rest == ". ."
                    _build_context(built.path(folder))
                case "RUN":
                    path = "/toolchain/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                    built.run("apt-get update -q")
                    built.run(rest, folder=folder, environment={"PATH": path}, seconds=1500)
                case _:
                    raise AssertionError(f"{word}: no way to do this here")

    final = bare.copy(tmp_path / "image")
    user, entry = "0:0", ""
    for word, rest in image:
        match word:
            case "FROM":
                assert rest.startswith("debian:12")
            case "RUN":
                final.run(rest)
            case "COPY":
                source, *sources, target = rest.split()
                assert source == "--from=build"
                for name in sources:
                    _copy(built.path(name), final.path(target), target.endswith("/"))
            case "USER":
                user = rest
            case "ENTRYPOINT":
                (entry,) = re.findall(r'\["(.+)"\]', rest)
            case "EXPOSE" | "CMD":
                pass
            case _:
                raise AssertionError(f"{word}: no way to do this here")
    assert final.run(f"{entry} version", user=user).startswith("lippi-bridge ")
    assert "delivered" in final.run(f"{entry} demo --exit-when-idle", user=user)
    assert final.run("id -u lippi-bridge").strip() == user.split(":")[0]
    size = int(final.run("du -sm --exclude=/proc /").split()[0])
    print(f"  the image's files: {size} MB")
    shutil.rmtree(built.folder)
    shutil.rmtree(final.folder)


def _copy(source: Path, target: Path, into: bool) -> None:
    place = target / source.name if into else target
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, place)
    else:
        shutil.copy2(source, place)
