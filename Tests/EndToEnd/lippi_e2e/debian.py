"""A Debian 12 in a folder, made by debootstrap: a machine that has nothing of a developer's. Needs root."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from .waiting import until

_SUITE = "bookworm"
_CERTIFICATES = Path("/usr/local/share/ca-certificates")
_ENVIRONMENT = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}

# Runs as the first process of its own namespaces and becomes systemd. The network is this machine's: brokers
# and simulator of the tests are reached as they are. The root is changed for good, not by chroot, and shared
# with the namespaces of services, as a container's manager has to do it.
_BOOT = """
set -e
root=$1
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s pts/ptmx "$root/dev/ptmx"
mkdir "$root/dev/shm" "$root/dev/pts" "$root/outside"
mount -t devpts devpts "$root/dev/pts"
hostname lippi-e2e
cd "$root"
pivot_root . outside
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /bin/sh -ec '
  umount -l /outside
  mount --make-rshared /
  exec /lib/systemd/systemd --system'
"""


class DebianUnavailable(Exception):
    """Why there is no such machine here."""


class Debian:
    """`make()` takes about a minute; `copy()` a few seconds."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._first: subprocess.Popen | None = None

    @staticmethod
    def assert_possible() -> None:
        if os.environ.get("LIPPI_E2E_DEBIAN") != "1":
            raise DebianUnavailable("takes minutes and needs root: ./dev test --deploy")
        for tool in ("debootstrap", "unshare", "nsenter"):
            if shutil.which(tool) is None:
                raise DebianUnavailable(f"{tool} is not installed")
        if os.geteuid() != 0:
            raise DebianUnavailable("needs root, for debootstrap and chroot")

    def make(self) -> "Debian":
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", _SUITE, self.folder],
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        # Nobody is there to say yes.
        self.path("/etc/apt/apt.conf.d/90yes").write_text('APT::Get::Assume-Yes "true";\n')
        # A network that needs certificates of its own keeps them.
        if any(_CERTIFICATES.glob("*.crt")):
            shutil.copytree(_CERTIFICATES, self.folder / _CERTIFICATES.relative_to("/"), dirs_exist_ok=True)
        return self

    def copy(self, folder: Path) -> "Debian":
        subprocess.run(["cp", "--archive", "--reflink=auto", self.folder, folder], check=True, timeout=120)
        return Debian(folder)

    def path(self, inside: str) -> Path:
        return self.folder / inside.lstrip("/")

    def run(
        self,
        script: str,
        *,
        folder: str = "/",
        user: str = "0:0",
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        seconds: float = 300,
    ) -> str:
        """Runs a script of the shell inside, before anything is booted; returns what it printed."""
        with self._proc():
            return self._asserted(
                ["chroot", f"--userspec={user}", self.folder, "/bin/sh", "-ec", f'cd "{folder}"; {script}'],
                script,
                stdin,
                {**_ENVIRONMENT, **(environment or {})},
                seconds,
            )

    @contextlib.contextmanager
    def bound(self, outside: Path, inside: str) -> Iterator[None]:
        """A folder of this machine, seen inside."""
        self.path(inside).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", outside, self.path(inside)], check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", self.path(inside)], check=True)

    @contextlib.contextmanager
    def booted(self) -> Iterator["Debian"]:
        """With systemd as its first process; `inside` runs commands then."""
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--cgroup"]
        self._first = subprocess.Popen(
            [*command, "bash", "-c", _BOOT, "boot", self.folder], stdin=subprocess.DEVNULL
        )
        try:
            until(self._is_up, 60, "systemd is up", guard=self._assert_booted)
            yield self
        finally:
            # The first process of a PID namespace takes all others with it.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._system_pid(), signal.SIGKILL)
            self._first.kill()
            self._first.wait()
            self._first = None

    def inside(self, script: str, *, stdin: str = "", seconds: float = 120) -> str:
        return self._asserted(
            [*self._enter(), "/bin/sh", "-ec", script], script, stdin, _ENVIRONMENT, seconds
        )

    def answers(self, script: str) -> str:
        """What it prints, whether it succeeds or not."""
        done = subprocess.run(
            [*self._enter(), "/bin/sh", "-c", script],
            capture_output=True,
            text=True,
            timeout=60,
            env=_ENVIRONMENT,
        )
        return done.stdout.strip()

    def _enter(self) -> list[str]:
        target = f"--target={self._system_pid()}"
        return ["nsenter", target, "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--wd"]

    def _system_pid(self) -> int:
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children").read_text().split()
        if not children:
            raise ProcessLookupError
        return int(children[0])

    def _is_up(self) -> bool:
        try:
            return self.answers("systemctl is-system-running") in ("running", "degraded")
        except ProcessLookupError:
            return False

    def _assert_booted(self) -> None:
        assert self._first.poll() is None, "systemd has ended"

    @contextlib.contextmanager
    def _proc(self) -> Iterator[None]:
        place = self.path("/proc")
        subprocess.run(["mount", "-t", "proc", "proc", place], check=True)
        try:
            yield
        finally:
            # Lazily: what a package's script left running must not fail the test.
            subprocess.run(["umount", "--lazy", place], check=True)

    @staticmethod
    def _asserted(
        command: list, what: str, stdin: str, environment: Mapping[str, str], seconds: float
    ) -> str:
        done = subprocess.run(
            [str(word) for word in command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            env=environment,
        )
        assert done.returncode == 0, f"{what}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout
