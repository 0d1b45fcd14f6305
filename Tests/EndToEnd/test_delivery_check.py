"""The check of the whole promise against runs that it must accept, and against planted faults."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from lippi_e2e.bad_events import bad_events
from lippi_e2e.checker import Expectations, Report
from lippi_e2e.delivery_check import Evidence, ProcessRun, judge, table
from lippi_e2e.events import EventGenerator, LoadedEvent
from lippi_e2e.group_commits import GroupCommit
from lippi_e2e.recovery_log import RecoveryLog
from lippi_e2e.synthetic_run import T0, Run, faultless_run

_FIRST, _SECOND = 0xA1, 0xB2
_STEP = 8
_VICTIM = 40
"""The index of an event that the first process sends."""


@dataclass
class Story:
    """Two processes after each other, the first of which stops in peace half way. Each commit resolves some
    events; the one before it has raised the ceiling over them."""

    run: Run
    commits: dict[int, list[GroupCommit]] = field(default_factory=lambda: defaultdict(list))
    first_code: int = 0
    in_flight_limit: int = 4
    expectations: dict = field(default_factory=dict)

    def judge(self) -> Report:
        starts = tuple(
            (partition, commits[0].log.committed, commits[0].log.committed)
            for partition, commits in self.commits.items()
        )
        return judge(
            Evidence(
                inputs=self.run.inputs,
                outcomes=self.run.outcomes,
                requests=self.run.requests,
                commits=self.commits,
                processes=[
                    ProcessRun("one", _FIRST, self.first_code, starts),
                    ProcessRun("one", _SECOND, 0),
                ],
                expectations=Expectations(group="bridge", **self.expectations),
                in_flight_limit=self.in_flight_limit,
                lag=0,
            )
        )

    @property
    def victim(self) -> LoadedEvent:
        return self.run.inputs[_VICTIM]

    def covering(self, item: LoadedEvent) -> int:
        """The index of the commit that passes an event."""
        commits = self.commits[item.partition]
        return next(i for i, commit in enumerate(commits) if commit.offset > item.offset)

    def change(self, partition: int, index: int, offset: int | None = None, **members: object) -> None:
        commits = self.commits[partition]
        commit = commits[index]
        log = replace(commit.log, **members)
        if offset is not None:
            log = replace(log, committed=offset)
        commits[index] = replace(commit, offset=commit.offset if offset is None else offset, log=log)


def told() -> Story:
    generator = EventGenerator(seed=9, conversations=20)
    events = generator.events(120) + list(bad_events(generator, "bad-conversation"))[:20]
    run = faultless_run(events)
    story = Story(run)
    for partition in {item.partition for item in run.inputs}:
        items = [item for item in run.inputs if item.partition == partition]
        groups = [items[at : at + _STEP] for at in range(0, len(items), _STEP)]
        # Raised before anything is sent; then each commit passes a group and raises over the next one.
        story.commits[partition].append(_commit(partition, 0, 0, _STEP, 0))
        for number, group in enumerate(groups, 1):
            token = _log(number, 0, 0, len(groups)).token
            for item in group:
                run_outcome = next(
                    o for o in run.outcomes if o.source == (item.partition, item.offset)
                )
                run_outcome.headers["bridge_batch"] = token.encode()
            end = group[-1].offset + 1
            ahead = 0 if number in (len(groups), len(groups) // 2) else _STEP
            story.commits[partition].append(_commit(partition, number, end, end + ahead, len(groups)))
            if number == len(groups) // 2:
                story.commits[partition].append(
                    _commit(partition, number + 1, end, end + _STEP, len(groups), counter=9_999)
                )
    return story


def _log(number: int, committed: int, ceiling: int, groups: int, counter: int | None = None) -> RecoveryLog:
    process = _FIRST if number <= groups // 2 or not groups else _SECOND
    return RecoveryLog(process, number if counter is None else counter, committed, ceiling, None, frozenset())


def _commit(
    partition: int, number: int, committed: int, ceiling: int, groups: int, counter: int | None = None
) -> GroupCommit:
    # Before the first request of the run, which comes at a millisecond.
    return GroupCommit(partition, committed, "x", _log(number, committed, ceiling, groups, counter), "", 0)


@pytest.fixture
def story() -> Story:
    return told()


def test_a_run_as_it_should_be_passes(story: Story) -> None:
    report = story.judge()
    assert report.ok, report.text()
    for rule in ("V1", "V2", "V3", "V6", "V8", "V9", "V10", "V11", "V12"):
        assert report.checked[rule] > 0, rule
    assert len(table(report).splitlines()) == 13


def test_a_flag_after_a_crash_passes(story: Story) -> None:
    """The first process dies with one event below its ceiling; the second one flags it."""
    _flag_the_event_behind_the_last_commit(story)
    story.first_code = -9
    report = story.judge()
    assert report.ok, report.text()
    assert report.counts["outcomes flagged by inheritance alone"] == 1


def _flag_the_event_behind_the_last_commit(story: Story) -> None:
    partition = story.victim.partition
    index = _last_of(story, partition, _FIRST)
    offset = story.commits[partition][index].offset
    story.change(partition, index, ceiling=offset + 1)
    outcome = next(o for o in story.run.outcomes if o.source == (partition, offset))
    _flag(outcome)


def _last_of(story: Story, partition: int, process: int) -> int:
    return max(i for i, commit in enumerate(story.commits[partition]) if commit.log.process == process)


def _flag(outcome) -> None:
    entry = {"at": None, "ms": None, "effect": "unknown", "http_status": None, "code": None, "sub_code": None}
    outcome.document["possible_duplicate"] = True
    outcome.document["attempts"] = 2
    outcome.document["attempt_log"] = [entry, dict(entry, at=T0, ms=5, effect="done", http_status=200)]


def leave_doubt_behind_a_clean_stop(story: Story) -> None:
    """The event that the clean stop left below its ceiling was never sent before: it has no request."""
    _flag_the_event_behind_the_last_commit(story)
    partition = story.victim.partition
    offset = story.commits[partition][_last_of(story, partition, _FIRST)].offset
    item = next(i for i in story.run.inputs if (i.partition, i.offset) == (partition, offset))
    story.run.requests[:] = [r for r in story.run.requests if r["message_id"] != item.event.message_id]


def drop_an_outcome(story: Story) -> None:
    story.run.outcomes.remove(story.run.outcome_of(_VICTIM))


def double_an_outcome(story: Story) -> None:
    story.run.outcomes.append(replace(story.run.outcome_of(_VICTIM), offset=10_000))


def send_twice_without_flag(story: Story) -> None:
    story.run.requests.append(dict(story.run.requests_of(_VICTIM)[0], seq=1000, arrived_us=900_000))


def swap_outcomes_of_a_conversation(story: Story) -> None:
    one, other = (story.run.outcome_of(index) for index in story.run.neighbours())
    one.offset, other.offset = other.offset, one.offset


def flag_without_a_reason(story: Story) -> None:
    _flag(story.run.outcome_of(_VICTIM))


def show_an_aborted_outcome(story: Story) -> None:
    outcome = next(o for o in story.run.outcomes if o.kind == "invalid")
    outcome.headers["bridge_batch"] = b"00000000deadbeef"


def let_the_commit_fall(story: Story) -> None:
    partition = story.victim.partition
    commits = story.commits[partition]
    commits.insert(3, commits[1])


def remove_the_commit(story: Story) -> None:
    commits = story.commits[story.victim.partition]
    commits.append(replace(commits[-1], offset=-1, log=None, metadata="", fault="removed"))


def pass_an_open_event(story: Story) -> None:
    """The commit before passes it already."""
    partition, index = story.victim.partition, story.covering(story.victim)
    story.change(partition, index - 1, offset=story.commits[partition][index].offset)


def disagree_with_the_recovery_log(story: Story) -> None:
    partition = story.victim.partition
    story.change(partition, 1, committed=story.commits[partition][1].offset + 1)


def send_before_the_ceiling_is_certain(story: Story) -> None:
    partition, index = story.victim.partition, story.covering(story.victim)
    commits = story.commits[partition]
    late = story.run.requests_of(_VICTIM)[0]["arrived_us"] // 1000 + 5
    for number in range(index - 1, len(commits)):
        commits[number] = replace(commits[number], durable_ms=late)


def raise_the_ceiling_too_late(story: Story) -> None:
    """By the clock in time, and not before the commit that has the outcome."""
    partition = story.victim.partition
    for index, commit in enumerate(story.commits[partition]):
        story.change(partition, index, ceiling=commit.offset)


def send_too_many_at_a_time(story: Story) -> None:
    for request in story.run.requests[10:15]:
        request["completed_us"] = story.run.requests[15]["arrived_us"]


def open_too_wide_a_window(story: Story) -> None:
    partition = story.victim.partition
    story.change(partition, 1, published=story.commits[partition][1].offset + 100_000)


@pytest.mark.parametrize(
    ("plant", "rules"),
    [
        (drop_an_outcome, {"V1", "V9"}),
        (double_an_outcome, {"V2"}),
        (send_twice_without_flag, {"V4"}),
        (swap_outcomes_of_a_conversation, {"V6"}),
        (flag_without_a_reason, {"V7"}),
        (show_an_aborted_outcome, {"V8", "V9"}),
        (let_the_commit_fall, {"V9"}),
        (remove_the_commit, {"V9"}),
        (pass_an_open_event, {"V9"}),
        (disagree_with_the_recovery_log, {"V9"}),
        (send_before_the_ceiling_is_certain, {"V9"}),
        (raise_the_ceiling_too_late, {"V9"}),
        (send_too_many_at_a_time, {"V10"}),
        (open_too_wide_a_window, {"V10"}),
        (leave_doubt_behind_a_clean_stop, {"V3", "V11"}),
    ],
)
def test_a_planted_fault_is_found(
    story: Story, plant: Callable[[Story], None], rules: set[str]
) -> None:
    plant(story)
    report = story.judge()
    assert report.rules == rules, report.text()


def test_under_report_nothing_is_sent_again_from_then_on(story: Story) -> None:
    first = story.run.requests_of(_VICTIM)[0]
    story.run.requests.append(dict(first, seq=1000, arrived_us=900_000, completed_us=900_010))
    _flag(story.run.outcome_of(_VICTIM))
    assert story.judge().ok
    story.expectations = {"report_periods_us": ((950_000, 990_000),)}
    assert story.judge().ok
    story.expectations = {"report_periods_us": ((800_000, 990_000),)}
    assert story.judge().rules == {"V5"}


def test_at_least_once_an_outcome_may_come_again(story: Story) -> None:
    double_an_outcome(story)
    story.expectations = {"repeated_outcomes": True}
    assert story.judge().ok
    send_twice_without_flag(story)
    assert story.judge().rules == {"V4"}
    # The flag may be on the other copy.
    copy = replace(story.run.outcomes[-1], document=dict(story.run.outcomes[-1].document))
    story.run.outcomes[-1] = copy
    _flag(copy)
    assert story.judge().ok
