"""Judges a run by what the world saw: what was loaded, what the result topic shows, what the gateway took.

It knows nothing of how the bridge works. The rules:

V1   every input has an outcome
V2   and only one
V3   `delivered`: the gateway executed the message at least once
V4   more than one request that may have had an effect: flagged (`possible_duplicate` or `in_doubt`)
V5   under the policy `report`: no second request that may have had an effect
V6   within a conversation, outcomes stand in input order, and so do the first requests
V11  at the end nothing is left: lag 0, no open transaction; without faults nothing is flagged
V12  `rejected`, `invalid`, `expired`, `failed`: the gateway executed nothing

and, beside these,

place   an outcome lies in its input's partition under its input's key, and belongs to an input at all
form    every member of an outcome is there, of its type, and agrees with the others (`outcome_form`)
sent    what the gateway read is what was loaded, signed properly; nothing else was sent
bad     a bad record is `invalid` with the problems that it has; a proper one is not
privacy neither content nor member ids in an outcome
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .effects import Effect, effect_of
from .events import LoadedEvent, content_digest
from .outcome_form import NOT_DELIVERED, faults_of
from .reader import Outcome

_SHOWN_PER_RULE = 8


@dataclass(frozen=True)
class Finding:
    rule: str
    text: str


@dataclass
class Report:
    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    checked: Counter[str] = field(default_factory=Counter)
    """By rule: how often something was held against it."""

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def rules(self) -> set[str]:
        """The rules that were broken."""
        return {finding.rule for finding in self.findings}

    def expect(self, rule: str, holds: bool, text: str) -> None:
        """`text`: what is the matter if it does not hold."""
        self.checked[rule] += 1
        if not holds:
            self.findings.append(Finding(rule, text))

    def text(self) -> str:
        width = max(len(name) for name in self.counts)
        lines = [f"  {name:<{width}}  {count:>9}" for name, count in self.counts.items()]
        per_rule = Counter(finding.rule for finding in self.findings)
        for rule, count in sorted(per_rule.items()):
            lines.append(f"  BROKEN {rule}: {count}")
            shown = [finding.text for finding in self.findings if finding.rule == rule][:_SHOWN_PER_RULE]
            lines += [f"    {text}" for text in shown]
        return "\n".join(lines)

    def raise_if_broken(self) -> "Report":
        print(f"\n{self.text()}")
        if not self.ok:
            raise AssertionError(f"the run broke {', '.join(sorted(self.rules))}\n{self.text()}")
        return self


@dataclass
class Expectations:
    """What a particular run promises beyond the rules that always hold."""

    report_policy: bool = False
    """Ambiguous sends are reported, not repeated (V5)."""
    report_periods_us: tuple[tuple[int, int], ...] = ()
    """The same for a part of the time only: from, to."""
    repeated_outcomes: bool = False
    """At-least-once: an outcome may come again, and one of them has the flag (V2, V4)."""
    no_flags: bool = False
    """Nothing happened that makes a send ambiguous: no outcome may be flagged (V11)."""
    all_delivered: bool = False
    """Every proper event is delivered."""
    bad_signatures: bool = False
    """The worker had a wrong secret for a while."""
    one_request_each: bool = False
    """Nothing happened that makes a second request necessary."""
    group: str | None = None


def check(
    inputs: Sequence[LoadedEvent],
    outcomes: Sequence[Outcome],
    requests: Sequence[dict],
    expectations: Expectations | None = None,
    *,
    lag: int | None = None,
    open_transactions: Sequence[int] = (),
) -> Report:
    """`requests`: the lines of the simulator's log, in its order. `lag` and `open_transactions`: as they are
    when the run is over (None: not looked at)."""
    return _Check(inputs, outcomes, requests, expectations or Expectations()).run(lag, open_transactions)


class _Check:
    def __init__(
        self,
        inputs: Sequence[LoadedEvent],
        outcomes: Sequence[Outcome],
        requests: Sequence[dict],
        expectations: Expectations,
    ):
        self.inputs = inputs
        self.outcomes = outcomes
        self.requests = requests
        self.expectations = expectations
        self.report = Report()
        self.by_place = {(item.partition, item.offset): item for item in inputs}
        self.by_message_id = {
            item.event.message_id: item for item in inputs if item.event.message_id is not None
        }
        self.requests_of: dict[str, list[dict]] = defaultdict(list)
        for request in requests:
            message_id = request.get("message_id")
            if isinstance(message_id, str):
                self.requests_of[message_id].append(request)
        self.outcomes_of: dict[tuple[int, int], list[Outcome]] = defaultdict(list)

    def run(self, lag: int | None, open_transactions: Sequence[int]) -> Report:
        self._place()
        self._one_outcome_each()
        for item in self.inputs:
            found = self.outcomes_of.get((item.partition, item.offset), [])
            for outcome in found:
                self._effects(item, outcome)
                self._verdict(item, outcome)
                self._privacy(item, outcome)
        self._requests()
        self._order()
        for outcome in self.outcomes:
            for fault in faults_of(outcome, self.expectations.group):
                self._found("form", f"{_place_of(outcome)}: {fault}")
        if lag:
            self._found("V11", f"lag is {lag} at the end")
        for partition in open_transactions:
            self._found("V11", f"a transaction is open in partition {partition} at the end")
        self._count()
        return self.report

    def _found(self, rule: str, text: str) -> None:
        self.report.findings.append(Finding(rule, text))

    def _place(self) -> None:
        for outcome in self.outcomes:
            item = self.by_place.get(outcome.source)
            if item is None:
                self._found("place", f"{_place_of(outcome)} belongs to no input: source {outcome.source}")
                continue
            self.outcomes_of[outcome.source].append(outcome)
            if outcome.partition != item.partition:
                self._found("place", f"{_name(item)}: its outcome is in partition {outcome.partition}")
            if outcome.key != item.event.key:
                self._found("place", f"{_name(item)}: key {item.event.key!r} became {outcome.key!r}")
            source = outcome.document["source"]
            if source.get("topic") != item.topic or source.get("timestamp") != item.timestamp:
                self._found("place", f"{_name(item)}, written at {item.timestamp}: source is {source}")

    def _one_outcome_each(self) -> None:
        for item in self.inputs:
            found = self.outcomes_of.get((item.partition, item.offset), [])
            self.report.checked.update(("V1", "V2"))
            if not found:
                self._found("V1", f"{_name(item)} has no outcome")
            elif len(found) > 1 and not self.expectations.repeated_outcomes:
                places = ", ".join(f"{_place_of(o)} ({o.kind})" for o in found)
                self._found("V2", f"{_name(item)} has {len(found)} outcomes: {places}")

    def _effects(self, item: LoadedEvent, outcome: Outcome) -> None:
        requests = self.requests_of.get(item.event.message_id, []) if item.event.message_id else []
        effects = Counter(effect_of(request) for request in requests)
        possible = effects[Effect.DONE] + effects[Effect.UNKNOWN]
        checked = self.report.checked
        checked["V3"] += outcome.kind == "delivered"
        if outcome.kind == "delivered" and not effects[Effect.DONE]:
            self._found("V3", f"{_name(item)} is delivered, and the gateway never executed it")
        checked["V4"] += possible > 1
        if possible > 1 and not self._is_flagged(outcome):
            self._found("V4", f"{_name(item)}: {possible} requests with a possible effect, and no flag")
        self._not_sent_again(item, requests)
        checked["V12"] += outcome.kind in NOT_DELIVERED
        if outcome.kind in NOT_DELIVERED and effects[Effect.DONE]:
            self._found("V12", f"{_name(item)} is {outcome.kind}, and the gateway executed it")
        if self.expectations.no_flags and outcome.flagged:
            self._found("V11", f"{_name(item)} is flagged ({outcome.kind}), and nothing was ambiguous")
        if self.expectations.one_request_each and len(requests) != (0 if item.event.invalid else 1):
            self._found("sent", f"{_name(item)}: {len(requests)} requests")

    def _is_flagged(self, outcome: Outcome) -> bool:
        """An outcome that may repeat owns up in any of its copies."""
        if not self.expectations.repeated_outcomes:
            return outcome.flagged
        return any(copy.flagged for copy in self.outcomes_of[outcome.source])

    def _not_sent_again(self, item: LoadedEvent, requests: list[dict]) -> None:
        """Under `report` nothing follows a request that may have had an effect."""
        possible = [request for request in requests if effect_of(request) is not Effect.NONE]
        expected = self.expectations
        if expected.report_policy:
            self.report.checked["V5"] += bool(possible)
            again = possible[1:]
        else:
            possible.sort(key=_arrival)
            again = [
                request
                for request in possible[1:]
                if any(start <= _arrival(request) < end for start, end in expected.report_periods_us)
            ]
            self.report.checked["V5"] += any(
                start <= _arrival(request) < end
                for request in possible[:1]
                for start, end in expected.report_periods_us
            )
        if again:
            self._found("V5", f"{_name(item)}: {len(possible)} requests with a possible effect")

    def _verdict(self, item: LoadedEvent, outcome: Outcome) -> None:
        event, document = item.event, outcome.document
        if event.invalid:
            if outcome.kind != "invalid":
                self._found("bad", f"{_name(item)} is {outcome.kind}, not invalid")
            elif event.problems is not None:
                self._problems(item, document)
            allowed = (None, event.message_id)
        else:
            if outcome.kind == "invalid":
                self._found(
                    "bad", f"{_name(item)} is invalid: {(document.get('error') or {}).get('problems')}"
                )
            elif self.expectations.all_delivered and outcome.kind != "delivered":
                self._found("bad", f"{_name(item)} is {outcome.kind}: {document.get('error')}")
            allowed = (event.message_id,)
            if document.get("sid") != event.sid:
                self._found("place", f"{_name(item)}: sid is {document.get('sid')!r}")
        if document.get("message_id") not in allowed:
            self._found("place", f"{_name(item)}: message_id is {document.get('message_id')!r}")

    def _problems(self, item: LoadedEvent, document: dict) -> None:
        listed = (document.get("error") or {}).get("problems") or []
        found = [(problem.get("pointer"), problem.get("code")) for problem in listed]
        wanted = list(item.event.problems)
        alike = len(found) == len(wanted) and all(
            code == wanted_code and wanted_pointer in (None, pointer)
            for (pointer, code), (wanted_pointer, wanted_code) in zip(found, wanted, strict=True)
        )
        if not alike:
            self._found("bad", f"{_name(item)}: problems are {found}, not {wanted}")

    def _privacy(self, item: LoadedEvent, outcome: Outcome) -> None:
        for private in item.event.private:
            if private.encode() in outcome.value:
                self._found("privacy", f"{_name(item)}: its outcome holds {private[:20]!r}…")

    def _requests(self) -> None:
        for request in self.requests:
            message_id = request.get("message_id")
            forged = request.get("complete") and not request.get("signature_ok")
            if forged and not self.expectations.bad_signatures:
                self._found("sent", f"request {request.get('seq')} was not signed properly")
            if not isinstance(message_id, str):
                continue
            item = self.by_message_id.get(message_id)
            if item is None:
                self._found(
                    "sent", f"request {request.get('seq')} sent {message_id!r}, which was never loaded"
                )
            elif item.event.invalid:
                self._found("sent", f"{_name(item)} is bad and was sent")
            elif request.get("complete"):
                if request.get("sid") != item.event.sid:
                    self._found("sent", f"{_name(item)} was sent to {request.get('sid')!r}")
                if request.get("content_sha256") != content_digest(item.event.content):
                    self._found("sent", f"{_name(item)} was sent with another content")

    def _order(self) -> None:
        first_request: dict[str, int] = {}
        # Not in the order of the log: that is the one in which requests ended.
        for request in sorted(self.requests, key=_arrival):
            message_id = request.get("message_id")
            if request.get("complete") and isinstance(message_id, str):
                first_request.setdefault(message_id, _arrival(request))
        lanes: dict[tuple[int, bytes], list[LoadedEvent]] = defaultdict(list)
        for item in self.inputs:
            if item.event.lane is not None:
                lanes[(item.partition, item.event.lane)].append(item)
        for items in lanes.values():
            items.sort(key=lambda item: item.offset)
            self._ascending(items, "outcome", self._outcome_offset)
            self._ascending(
                items, "first request", lambda item: first_request.get(item.event.message_id or "")
            )

    def _outcome_offset(self, item: LoadedEvent) -> int | None:
        found = self.outcomes_of.get((item.partition, item.offset))
        return min(outcome.offset for outcome in found) if found else None

    def _ascending(
        self, items: list[LoadedEvent], what: str, position_of: Callable[[LoadedEvent], int | None]
    ) -> None:
        last: tuple[int, LoadedEvent] | None = None
        for item in items:
            position = position_of(item)
            if position is None:
                continue
            self.report.checked["V6"] += last is not None
            if last is not None and position <= last[0]:
                self._found("V6", f"the {what} of {_name(item)} comes before the one of {_name(last[1])}")
            last = (position, item)

    def _count(self) -> None:
        kinds = Counter(outcome.kind for outcome in self.outcomes)
        effects = Counter(effect_of(request) for request in self.requests)
        more_than_one = sum(
            1 for requests in self.requests_of.values() if sum(bool(r.get("taken")) for r in requests) > 1
        )
        self.report.counts = {
            "inputs": len(self.inputs),
            "outcomes": len(self.outcomes),
            **{f"outcomes {kind}": count for kind, count in sorted(kinds.items(), key=lambda kv: str(kv[0]))},
            "outcomes flagged": sum(outcome.flagged for outcome in self.outcomes),
            "requests": len(self.requests),
            **{f"requests, effect {effect.value}": effects[effect] for effect in Effect},
            "messages executed more than once": more_than_one,
            "findings": len(self.report.findings),
        }


def _arrival(request: dict) -> int:
    return request["arrived_us"]


def _name(item: LoadedEvent) -> str:
    called = item.event.name or item.event.message_id or "?"
    return f"input {item.partition}/{item.offset} ({called})"


def _place_of(outcome: Outcome) -> str:
    return f"outcome {outcome.partition}/{outcome.offset}"
