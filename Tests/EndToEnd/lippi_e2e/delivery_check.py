"""The whole promise, judged after a run full of faults: the rules of `checker`, and those for which one has
to look into the group's commits and the workers' logs as well.

V7   a flag has a reason: a request of unknown effect, or a predecessor that may have sent the event
V8   no outcome of an aborted transaction is visible
V9   the committed offset never falls and never passes an event without outcome; nothing is sent before a
     ceiling above it is committed
V10  requests in flight, windows and the recovery log stay within their limits
V11  beside an empty end: what a clean stop leaves in doubt had a request of unknown effect

V9, on clocks: brokers, gateway and this check share one machine and one clock. A transaction's decision
carries the time at which the coordinator began to write it down, in whole milliseconds, rounded down; the
worker hears of it later, and the gateway sees the request later still. So a proper request never arrives
before that time, and no tolerance is needed but for the clock being set.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .checker import Expectations, Report, check
from .effects import Effect, effect_of
from .events import LoadedEvent
from .group_commits import GroupCommit
from .reader import Outcome

WINDOW_OFFSETS_LIMIT = 100_000
WINDOW_UNRESOLVED_LIMIT = 2_000
METADATA_CHARACTERS_LIMIT = 4_096
CLOCK_TOLERANCE_MS = 1

_RULES = {
    "V1": "every input has an outcome",
    "V2": "and only one",
    "V3": "delivered: the gateway executed it",
    "V4": "several requests of possible effect: flagged",
    "V5": "under report only one such request",
    "V6": "outcomes and first requests of a conversation in order",
    "V7": "a flag has a reason",
    "V8": "no outcome of an aborted transaction",
    "V9": "commits never fall, pass nothing open, come before the request",
    "V10": "in flight, windows, recovery log within limits",
    "V11": "nothing left at the end; a clean stop leaves no new doubt",
    "V12": "not delivered: the gateway executed nothing",
}


@dataclass(frozen=True)
class ProcessRun:
    """One process of a worker, from its log and its end."""

    instance: str
    process: int | None
    """The first half of its writer token. None: it committed nothing."""
    exit_code: int | None
    """Negative: the signal that ended it."""
    starts: tuple[tuple[int, int, int], ...] = ()
    """Partitions that it started: partition, committed, ceiling."""
    let_go: bool = False
    """It says that partitions were lost or taken from it, or that a drain was not finished: what it left
    there was not left in peace, however it ended later."""

    @property
    def was_clean(self) -> bool:
        return self.exit_code == 0 and not self.let_go


@dataclass
class Evidence:
    """All that a run left behind."""

    inputs: Sequence[LoadedEvent]
    outcomes: Sequence[Outcome]
    requests: Sequence[dict]
    commits: Mapping[int, Sequence[GroupCommit]]
    processes: Sequence[ProcessRun]
    expectations: Expectations
    in_flight_limit: int
    """Of all workers together."""
    lag: int | None = None
    open_transactions: Sequence[int] = ()
    unread_ms: Sequence[tuple[int, int]] = ()
    """From, to: the gateway closed idle connections, and a request that crossed this was never read."""


def judge(evidence: Evidence) -> Report:
    report = check(
        evidence.inputs,
        evidence.outcomes,
        evidence.requests,
        evidence.expectations,
        lag=evidence.lag,
        open_transactions=evidence.open_transactions,
    )
    _Judgement(evidence, report).run()
    report.counts["findings"] = len(report.findings)
    return report


def table(report: Report) -> str:
    """A line for each rule: how often it was checked, how often broken."""
    broken: dict[str, int] = defaultdict(int)
    for finding in report.findings:
        broken[finding.rule] += 1
    others = sorted(set(broken) - set(_RULES))
    lines = [f"{'rule':<8}{'checked':>9}{'broken':>8}  what"]
    for rule in [*_RULES, *others]:
        lines.append(f"{rule:<8}{report.checked[rule]:>9}{broken[rule]:>8}  {_RULES.get(rule, '')}".rstrip())
    return "\n".join(lines)


class _Judgement:
    def __init__(self, evidence: Evidence, report: Report):
        self.evidence = evidence
        self.report = report
        self.outcomes_of: dict[tuple, list[Outcome]] = defaultdict(list)
        for outcome in evidence.outcomes:
            self.outcomes_of[outcome.source].append(outcome)
        self.requests_of: dict[str, list[dict]] = defaultdict(list)
        nameless = []
        for request in evidence.requests:
            message_id = request.get("message_id")
            if isinstance(message_id, str):
                self.requests_of[message_id].append(request)
            else:
                nameless.append(request["arrived_us"] // 1000)
        self.nameless_ms = sorted(nameless)
        """Requests that ended before the gateway had read whose they are."""
        self.by_place = {(item.partition, item.offset): item for item in evidence.inputs}
        self.inherited = self._inherited()

    def run(self) -> None:
        self._flags()
        if not self.evidence.expectations.repeated_outcomes:
            self._aborted()
        for partition, commits in self.evidence.commits.items():
            self._commits(partition, commits)
        self._ceilings()
        self._in_flight()
        self._clean_stops()
        # Lag and open transactions.
        self.report.checked["V11"] += 2

    # V7

    def _flags(self) -> None:
        inherited = 0
        for outcome in self.evidence.outcomes:
            item = self.by_place.get(outcome.source)
            if item is None or not outcome.flagged:
                continue
            of_its_own = self._had_unknown_effect(item, outcome)
            inherited += not of_its_own
            self.report.expect(
                "V7",
                of_its_own or outcome.source in self.inherited,
                f"{_name(item)} is flagged ({outcome.kind}), and nothing tells why: "
                f"{(outcome.document or {}).get('attempt_log')}",
            )
        self.report.counts["outcomes flagged by inheritance alone"] = inherited
        self.report.counts["inherited as ambiguous"] = len(self.inherited)

    def _had_unknown_effect(self, item: LoadedEvent, outcome: Outcome | None) -> bool:
        """Whether a request of this event may have had an effect that the bridge could not be sure of."""
        requests = self.requests_of.get(item.event.message_id or "", [])
        if sum(effect_of(request) is not Effect.NONE for request in requests) > 1:
            return True
        if any(_is_vague(request) for request in requests):
            return True
        document = (outcome.document if outcome else None) or {}
        first, last = document.get("first_sent_at"), document.get("finished_at")
        unread = self.evidence.unread_ms
        if outcome is None:
            return bool(self.nameless_ms or unread)
        if first is None or last is None:
            return False
        if any(start <= last and first <= end for start, end in unread):
            return True
        # A request whose head alone was read may have been this one's.
        return bisect_right(self.nameless_ms, last + 1) > bisect_right(self.nameless_ms, first - 1)

    def _inherited(self) -> set[tuple[int, int]]:
        """What some process had to take over as possibly sent: between two commits of different processes,
        and wherever a process says that it started a partition there."""
        found: set[tuple[int, int]] = set()
        starts = {start for process in self.evidence.processes for start in process.starts}
        ends: dict[int, int] = defaultdict(int)
        for item in self.evidence.inputs:
            ends[item.partition] = max(ends[item.partition], item.offset + 1)
        for partition, commits in self.evidence.commits.items():
            logs = [commit.log for commit in commits if commit.log is not None]
            for index, log in enumerate(logs):
                follower = logs[index + 1] if index + 1 < len(logs) else None
                handed_over = follower is not None and follower.process != log.process
                if handed_over or (partition, log.committed, log.ceiling) in starts:
                    found.update(
                        (partition, offset)
                        for offset in range(log.committed, min(log.ceiling, ends[partition]))
                        if log.is_ambiguous(offset)
                    )
        return found

    # V8

    def _aborted(self) -> None:
        committed: dict[int, set[str]] = {
            partition: {commit.log.token for commit in commits if commit.log is not None}
            for partition, commits in self.evidence.commits.items()
        }
        for outcome in self.evidence.outcomes:
            token = outcome.headers.get("bridge_batch", b"").decode(errors="replace")
            self.report.expect(
                "V8",
                token in committed.get(outcome.partition, set()),
                f"outcome {outcome.partition}/{outcome.offset} is of batch {token}, never committed",
            )

    # V9

    def _commits(self, partition: int, commits: Sequence[GroupCommit]) -> None:
        inputs = sorted(
            (item for item in self.evidence.inputs if item.partition == partition),
            key=lambda item: item.offset,
        )
        tokens: set[str] = set()
        last = passed = 0
        for commit in commits:
            where = f"partition {partition}, commit of {commit.offset}"
            if commit.log is None:
                self.report.expect("V9", False, f"{where} has no recovery log: {commit.fault}")
                continue
            log = commit.log
            tokens.add(log.token)
            self.report.expect(
                "V9", commit.offset >= last, f"{where} ({log.token}) comes after one of {last}"
            )
            self.report.expect(
                "V9", log.committed == commit.offset, f"{where}: its recovery log says {log.committed}"
            )
            while passed < len(inputs) and inputs[passed].offset < commit.offset:
                item = inputs[passed]
                found = self.outcomes_of.get((item.partition, item.offset), [])
                known = {outcome.headers.get("bridge_batch", b"").decode() for outcome in found}
                self.report.expect(
                    "V9",
                    bool(known & tokens),
                    f"{where} ({log.token}) passes {_name(item)}, whose outcome is of {known or 'no batch'}",
                )
                passed += 1
            last = max(last, commit.offset)
            self._limits(where, commit)

    def _limits(self, where: str, commit: GroupCommit) -> None:
        log = commit.log
        window = 0 if log.published is None else log.published - log.committed + 1
        unresolved, size = len(log.unresolved), len(commit.metadata)
        expect = self.report.expect
        expect("V10", window <= WINDOW_OFFSETS_LIMIT, f"{where}: {window} offsets in the window")
        expect("V10", unresolved <= WINDOW_UNRESOLVED_LIMIT, f"{where}: {unresolved} unresolved")
        expect("V10", size <= METADATA_CHARACTERS_LIMIT, f"{where}: {size} characters of metadata")

    def _ceilings(self) -> None:
        """No request before the first commit with a ceiling above its event: by the clock, and by the order
        of commits, in which that one comes before the one with the outcome."""
        raised = {partition: _Raised(commits) for partition, commits in self.evidence.commits.items()}
        for item in self.evidence.inputs:
            requests = self.requests_of.get(item.event.message_id or "", [])
            if not requests:
                continue
            first = min(request["arrived_us"] for request in requests)
            known = raised.get(item.partition)
            since, above = (None, None) if known is None else known.since(item.offset)
            self.report.expect(
                "V9",
                since is not None and first >= (since - CLOCK_TOLERANCE_MS) * 1000,
                f"{_name(item)} was sent at {first / 1e6:.3f}, its ceiling was committed "
                + ("never" if since is None else f"at {since / 1e3:.3f}"),
            )
            published = [
                known.index_of(outcome.headers.get("bridge_batch", b"").decode())
                for outcome in self.outcomes_of.get((item.partition, item.offset), [])
                if known is not None
            ]
            self.report.expect(
                "V9",
                above is None or all(index is None or above < index for index in published),
                f"{_name(item)} was sent, and no ceiling above it was committed before its outcome",
            )

    # V10

    def _in_flight(self) -> None:
        steps = []
        for request in self.evidence.requests:
            steps += [(request["arrived_us"], 1), (max(request["completed_us"], request["arrived_us"]), -1)]
        now = most = 0
        # At one moment first those that end.
        for _, step in sorted(steps):
            now += step
            most = max(most, now)
        self.report.counts["most requests in flight"] = most
        limit = self.evidence.in_flight_limit
        self.report.expect("V10", most <= limit, f"{most} requests in flight at a time, of {limit}")

    # V11

    def _clean_stops(self) -> None:
        """Whoever leaves in peace names the highest event in doubt, and that one was sent or inherited."""
        clean = {run.process for run in self.evidence.processes if run.was_clean and run.process is not None}
        for partition, commits in self.evidence.commits.items():
            logs = [commit.log for commit in commits if commit.log is not None]
            taken_over: set[int] = set()
            for index, log in enumerate(logs):
                follower = logs[index + 1] if index + 1 < len(logs) else None
                if follower is not None and follower.process == log.process:
                    continue
                if log.process in clean and log.ceiling > log.committed:
                    item = self.by_place.get((partition, log.ceiling - 1))
                    self.report.expect(
                        "V11",
                        item is not None
                        and (item.offset in taken_over or self._had_unknown_effect(item, None)),
                        f"partition {partition}: a clean stop left {log.ceiling - 1} in doubt "
                        f"({log.token}), and it was never sent",
                    )
                elif log.process in clean:
                    self.report.expect("V11", True, "")
                taken_over |= {o for o in range(log.committed, log.ceiling) if log.is_ambiguous(o)}


class _Raised:
    """When a ceiling above an offset was first certain."""

    def __init__(self, commits: Iterable[GroupCommit]):
        self._ceilings: list[int] = []
        self._times: list[int] = []
        self._numbers: list[int] = []
        self._tokens: dict[str, int] = {}
        for number, commit in enumerate(commits):
            if commit.log is None:
                continue
            self._tokens.setdefault(commit.log.token, number)
            if commit.log.ceiling > (self._ceilings[-1] if self._ceilings else 0):
                self._ceilings.append(commit.log.ceiling)
                self._times.append(commit.durable_ms)
                self._numbers.append(number)

    def since(self, offset: int) -> tuple[int | None, int | None]:
        """Milliseconds, and the number of the commit."""
        index = bisect_right(self._ceilings, offset)
        return (self._times[index], self._numbers[index]) if index < len(self._times) else (None, None)

    def index_of(self, token: str) -> int | None:
        """The number of the commit that was written with an outcome."""
        return self._tokens.get(token)


def _is_vague(request: dict) -> bool:
    """The client cannot have been sure of this request."""
    answer = request.get("answer")
    if answer is None:
        return True
    if request.get("taken"):
        return answer.get("code") is not None or answer.get("http") != 200
    no_envelope = answer.get("code") is None and answer.get("result_code") is None
    return no_envelope or effect_of(request) is Effect.UNKNOWN


def _name(item: LoadedEvent) -> str:
    called = item.event.name or item.event.message_id or "?"
    return f"input {item.partition}/{item.offset} ({called})"
