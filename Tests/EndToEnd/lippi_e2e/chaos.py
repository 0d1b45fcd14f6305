"""`python -m lippi_e2e.chaos --minutes 5 --seed 1 --dir DIR`: workers, brokers, network and gateway fail for
some minutes under a steady load; then the faults end, everything drains, and the promise is checked.

In DIR afterwards: `plan.json` (what was to be done, drawn from the seed), `actions.jsonl` (what was done, and
when), `proxy.jsonl`, the logs of workers and simulator, the brokers' data, `report.txt` and `report.json`.
"""

import argparse
import contextlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import confluent_kafka
from confluent_kafka import KafkaException

from .chaos_actors import BrokerUnderFire, Member, Script, Scripts
from .chaos_evidence import CONCURRENCY, NoRun, Remains, Run, judge_again
from .chaos_plan import Action, Choices, plan
from .checker import Report
from .delivery_check import table
from .kafka import KafkaCluster, KafkaUnavailable
from .kafka_proxy import Fault, KafkaProxy
from .line import Line
from .overload import overload
from .process import usage_of
from .steady_load import SteadyLoad
from .waiting import until
from .worker import default_binary

_USAGE = 64
_UNAVAILABLE = 69
_PARTITIONS = 6
_LATENCY_MS = 20
_DRAIN_SECONDS = 240
_CALM_SECONDS = 90
_TURN_SECONDS = 0.05
_RSS_LIMIT_MIB = 150
_INSTANCES = ("one", "two", "three")
# Ends that a supervisor has to expect in such weather: no broker at the start, another with the same name.
_OWN_ENDS = {69, 73}
# 75: the drain was missed; the signal itself: it came before the program had set its handler.
_STOP_ENDS = {0, 75, -15}


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    if not options.binary.is_file():
        print(f"{options.binary} does not exist: build it first (./dev build)", file=sys.stderr)
        return _UNAVAILABLE
    try:
        if options.judge:
            return _tell(judge_again(options.dir), options.dir)
        options.dir.mkdir(parents=True, exist_ok=True)
        if any(options.dir.iterdir()):
            print(f"{options.dir} is not empty", file=sys.stderr)
            return _USAGE
        if options.overload:
            return overload(options.binary, options.dir, options.minutes, options.seed)
        with Chaos(options) as chaos:
            report = chaos.run()
    except NoRun as reason:
        print(reason, file=sys.stderr)
        return _USAGE
    except KafkaUnavailable as reason:
        print(f"no broker: {reason}", file=sys.stderr)
        return _UNAVAILABLE
    return _tell(report, options.dir)


def _tell(report: Report, folder: Path) -> int:
    print(report.text())
    print(table(report))
    print(f"everything is in {folder}")
    return 0 if report.ok else 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev chaos", description=(__doc__ or "").split(": ", 1)[1])
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=3.0, help="of faults, before the drain")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--policy", choices=("resend", "report", "half"), default="resend")
    parser.add_argument("--mode", choices=("exactly_once", "at_least_once"), default="exactly_once")
    parser.add_argument("--client", choices=("debian", "current"), default="debian", help="librdkafka")
    parser.add_argument("--assignment", choices=("range", "cooperative-sticky"), default="range")
    parser.add_argument("--static", action="store_true", help="static membership")
    parser.add_argument("--workers", type=int, choices=(1, 2, 3), default=3)
    parser.add_argument("--rate", type=float, default=200, help="events per second")
    parser.add_argument("--calm", action="store_true", help="no fault, one rolling restart: no flag at all")
    parser.add_argument("--overload", action="store_true", help="ten times what the gateway takes, 1 worker")
    parser.add_argument("--dir", type=Path, required=True, help="an empty folder")
    parser.add_argument("--judge", action="store_true", help="judge again what an earlier run left in --dir")
    parser.add_argument("--binary", type=Path, default=default_binary(), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.mode == "at_least_once" and options.policy != "resend":
        parser.error("--policy report needs transactions: the worker refuses it with --mode at_least_once")
    options.dir = options.dir.resolve()
    return options


class Chaos:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.folder: Path = options.dir
        self.exits = contextlib.ExitStack()
        self.began = 0.0
        self.refused: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.scripts = Scripts()
        self.rss_peak = 0
        self._actions = (self.folder / "actions.jsonl").open("w", buffering=1)
        self.plan = plan(
            Choices(
                seconds=options.minutes * 60,
                seed=options.seed,
                brokers=options.brokers,
                policy=options.policy,
                mode=options.mode,
                instances=_INSTANCES[: options.workers],
                calm=options.calm,
            )
        )
        self._write("plan.json", [action.document() for action in self.plan])

    def __enter__(self) -> "Chaos":
        options = self.options
        self.proxy = self.exits.enter_context(KafkaProxy(options.seed, self.folder / "proxy.jsonl"))
        self.cluster = self.exits.enter_context(
            KafkaCluster(
                self.folder / "kafka", brokers=options.brokers, stand_before=self.proxy.stand_before
            )
        )
        self.line = self.exits.enter_context(
            Line(
                options.binary,
                self.cluster.bootstrap,
                self.folder,
                partitions=_PARTITIONS,
                replicas=options.brokers,
                latency_ms=_LATENCY_MS,
                settings=self._settings(),
                simulator_options=("--seed", str(options.seed)),
            )
        )
        Run(
            seed=options.seed,
            policy=options.policy,
            mode=options.mode,
            calm=options.calm,
            instances=list(_INSTANCES[: options.workers]),
            group=self.line.group,
            input_topic=self.line.input_topic,
            result_topic=self.line.result_topic,
        ).write(self.folder)
        self.load = SteadyLoad(
            self.cluster.bootstrap, self.line.input_topic, seed=options.seed, rate=options.rate
        )
        self.members = {
            name: Member(name, self._worker(name), self.note) for name in _INSTANCES[: options.workers]
        }
        self.brokers = [BrokerUnderFire(broker, self.note) for broker in self.cluster.brokers]
        return self

    def __exit__(self, *_: object) -> None:
        self.exits.close()
        self._actions.close()

    def run(self) -> Report:
        self.began = time.monotonic()
        for member in self.members.values():
            member.start()
        self.load.start()
        self._go_through_the_plan()
        self.note("faults end", "all")
        self.proxy.clear()
        self.line.simulator.clear_faults()
        self._turn_until(lambda: self.scripts.are_done, _CALM_SECONDS, "every action has ended")
        self.cluster.wait_until_it_answers()
        self.load.stop()
        self._turn_until(self._is_drained, _DRAIN_SECONDS, "lag is 0", every=0.5)
        self._turn_until(lambda: self.proxy.copies_under_way() == 0, _CALM_SECONDS, "the last copy is there")
        for member in self.members.values():
            self._look_at_memory(member)
            member.busy = True
            self.scripts.begin(member.stop(0, again=False))
        self._turn_until(lambda: self.scripts.are_done, _CALM_SECONDS, "every worker has stopped")
        self.note("over", "all")
        return self._judge()

    def _is_drained(self) -> bool:
        try:
            return self.line.lag() == 0
        except KafkaException:
            return False  # A leader that has just moved.

    # What is done

    def note(self, what: str, target: str, **members: object) -> None:
        after = round(time.monotonic() - self.began, 2) if self.began else 0.0
        at_us = time.time_ns() // 1000
        line = {"after": after, "at_us": at_us, "what": what, "target": target, **members}
        self._actions.write(json.dumps(line) + "\n")

    def _go_through_the_plan(self) -> None:
        waiting = list(self.plan)
        end = self.began + self.options.minutes * 60
        while time.monotonic() < end:
            while waiting and time.monotonic() - self.began >= waiting[0].at:
                self._perform(waiting.pop(0))
            self._turn()
            time.sleep(_TURN_SECONDS)

    def _turn(self) -> None:
        self.scripts.turn()
        for member in self.members.values():
            member.supervise()

    def _turn_until(
        self, condition: Callable[[], bool], seconds: float, what: str, every: float = _TURN_SECONDS
    ) -> None:
        def ask() -> bool:
            self._turn()
            return condition()

        until(ask, seconds, what, every=every)

    def _perform(self, action: Action) -> None:
        script = self._script(action)
        if script is None:
            self.note("left out", action.target, action=action.document())
            self.refused[action.kind] += 1
            return
        self.done[_title(action)] += 1
        self.note("do", action.target, action=action.document())
        self.scripts.begin(script)

    def _script(self, action: Action) -> Script | None:
        """None: whom it is about has enough to do."""
        seconds = float(action.seconds)
        match action.kind:
            case "fault" if action.target == "proxy":
                return self._proxy_fault(action)
            case "fault":
                return self._gateway_fault(action)
            case "policy":
                return self._change_policy(action.target)
            case "rolling":
                return self._rolling_restart(seconds)
            case "kill_broker" | "stop_broker" | "pause_broker" | "full_disk":
                broker = self.brokers[int(action.target)]
                if any(one.busy for one in self.brokers):
                    return None
                if action.kind == "pause_broker":
                    return self._busy(broker, broker.sleep(seconds))
                if action.kind == "full_disk":
                    return self._busy(broker, broker.fill_disk(seconds))
                return self._busy(broker, broker.end(seconds, kill=action.kind == "kill_broker"))
        member = self.members[action.target]
        if member.busy or not member.worker.running:
            return None
        match action.kind:
            case "kill":
                self._look_at_memory(member)
                return self._busy(member, member.kill(seconds))
            case "stop" | "remove":
                self._look_at_memory(member)
                return self._busy(member, member.stop(seconds))
            case "pause":
                return self._busy(member, member.sleep(seconds))
            case "hold":
                return self._hold(member, seconds)
            case "cut":
                return self._cut(member)
        raise ValueError(f"no action is called {action.kind}")

    @staticmethod
    def _busy(who: Member | BrokerUnderFire, script: Script) -> Script:
        who.busy = True
        yield from script
        who.busy = False

    def _proxy_fault(self, action: Action) -> Script:
        fault = Fault(**{**action.fault, "keys": frozenset(action.fault["keys"])})
        self.proxy.add(fault)
        yield float(action.seconds)
        self.proxy.remove(fault)

    def _gateway_fault(self, action: Action) -> Script:
        members = dict(action.fault)
        kind = members.pop("kind")
        began = time.time_ns() // 1_000_000
        self.line.simulator.fault(kind, **members)
        yield float(action.seconds)
        self.line.simulator.clear_faults()
        if kind in ("idle_close", "text") or (kind == "html" and members["http"] == 200):
            ended = time.time_ns() // 1_000_000 + members.get("ms", 0)
            self.note("log unclear", "gateway", from_ms=began, to_ms=ended)

    def _hold(self, member: Member, seconds: float) -> Script:
        self.proxy.hold(seconds, _client_of(member.instance))
        yield 0.0

    def _cut(self, member: Member) -> Script:
        self.proxy.cut(_client_of(member.instance))
        yield 0.0

    def _rolling_restart(self, pause: float) -> Script:
        for member in self.members.values():
            if member.busy:
                yield lambda member=member: not member.busy
            if not member.worker.running:
                continue
            self._look_at_memory(member)
            yield from self._busy(member, member.stop(pause))
            yield member.is_assigned

    def _change_policy(self, policy: str) -> Script:
        """All workers end before the first one starts with the new policy."""
        members = list(self.members.values())
        yield lambda: not any(member.busy for member in members)
        stops = Scripts()
        for member in members:
            member.busy = True
            member.worker.settings["ambiguous.policy"] = policy
            if member.worker.running:
                stops.begin(member.stop(0.0, again=False))

        def stopped() -> bool:
            stops.turn()
            return stops.are_done

        yield stopped
        self.note("policy", policy)
        for member in members:
            member.start()
            member.busy = False

    # What is found

    def _judge(self) -> Report:
        remains = Remains(self.folder, self.cluster)
        report = remains.judge(self.load.loaded(self.line.topics))
        self._judge_processes(report)
        report.counts |= self._figures()
        self._keep(report)
        return report

    def _judge_processes(self, report: Report) -> None:
        for member in self.members.values():
            for code in member.own_ends:
                report.expect("process", code in _OWN_ENDS, f"{member.instance} ended by itself with {code}")
            last = member.exit_codes[-1]
            report.expect("process", last in _STOP_ENDS, f"{member.instance} ended its last stop with {last}")
        peak = self.rss_peak / 2**20
        report.expect("V10", peak <= _RSS_LIMIT_MIB, f"a worker had {peak:.0f} MiB of memory")

    def _figures(self) -> dict[str, int]:
        return {
            **{f"done: {kind}": count for kind, count in sorted(self.done.items())},
            **{f"proxy: {kind}": count for kind, count in sorted(self.proxy.hits.items())},
            "left out, busy": sum(self.refused.values()),
            "RSS peak, MiB": round(self.rss_peak / 2**20),
        }

    def _keep(self, report: Report) -> None:
        (self.folder / "report.txt").write_text(f"{report.text()}\n{table(report)}\n")
        self._write(
            "report.json",
            {
                "options": {k: str(v) if isinstance(v, Path) else v for k, v in vars(self.options).items()},
                "counts": report.counts,
                "checked": report.checked,
                "findings": [[finding.rule, finding.text] for finding in report.findings],
            },
        )

    def _write(self, name: str, document: object) -> None:
        (self.folder / name).write_text(json.dumps(document, indent=1) + "\n")

    # Making

    def _settings(self) -> dict[str, object]:
        options = self.options
        settings: dict[str, object] = {
            "kafka.bootstrap_servers": self.cluster.proxied_bootstrap,
            "kafka.static_membership": options.static,
            "gateway.concurrency": CONCURRENCY,
            "ambiguous.policy": "report" if options.policy == "report" else "resend",
            "outcomes.delivery": options.mode,
            "log.level": "debug",
        }
        if options.assignment != "range":
            settings["kafka.assignment"] = options.assignment
        return settings

    def _worker(self, name: str) -> object:
        worker = self.line.another_worker(name)
        worker.settings["kafka.properties"] = {"client.id": _client_of(name)}
        if self.options.client == "current":
            worker.environment["LD_LIBRARY_PATH"] = str(current_client(self.folder))
        return worker

    def _look_at_memory(self, member: Member) -> None:
        with contextlib.suppress(OSError, AttributeError, ValueError):
            self.rss_peak = max(self.rss_peak, usage_of(member.worker.process.pid).rss_peak_bytes)


def current_client(folder: Path) -> Path:
    """A folder in which the dynamic linker finds the librdkafka that confluent-kafka brings along."""
    bundled = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    libraries = folder / "librdkafka"
    libraries.mkdir(exist_ok=True)
    link = libraries / "librdkafka.so.1"
    if not link.exists():
        os.symlink(next(bundled.glob("librdkafka-*.so.1")), link)
    return libraries


def _client_of(instance: str) -> str:
    return f"chaos-{instance}"


def _title(action: Action) -> str:
    return action.kind if action.fault is None else f"{action.target} {action.fault['kind']}"


if __name__ == "__main__":
    sys.exit(main())
