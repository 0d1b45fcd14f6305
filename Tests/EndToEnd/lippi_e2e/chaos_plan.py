"""What will be done to a run, and when: all of it drawn from the seed before anything starts."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from .kafka_proxy import COMMIT_KEYS, HEARTBEAT, OFFSET_COMMIT, TRANSACTION_KEYS

_WORKER_ACTIONS = {
    "kill": 5,
    "stop": 2,
    "pause": 3,
    "rolling": 1,
    "remove": 2,
    "hold": 2,
    "cut": 2,
}
_BROKER_ACTIONS = {"kill_broker": 2, "stop_broker": 1, "pause_broker": 1}
_FETCH, _METADATA, _PRODUCE, _FIND_COORDINATOR, _JOIN, _SYNC, _LEAVE = 1, 3, 0, 10, 11, 14, 13
_TXN_KEYS = sorted(TRANSACTION_KEYS)
_LIMITED = "accesscontrol.limited-by-api-access-count"
_LATE_SECONDS = (0.3, 2.0, 8.0, 20.0)


@dataclass(frozen=True)
class Action:
    at: float
    """Seconds after the beginning."""
    kind: str
    target: str
    """A worker's instance, a broker's number, `proxy`, `gateway` or `all`."""
    seconds: float = 0.0
    """How long it lasts."""
    fault: dict | None = None
    """For the proxy or the gateway."""

    def document(self) -> dict:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Choices:
    seconds: float
    seed: int
    brokers: int
    policy: str
    mode: str
    instances: Sequence[str]
    calm: bool = False
    """Without faults, but for one rolling restart."""


def plan(choices: Choices) -> list[Action]:
    """Actions in the order of time. Three strands run beside each other: workers and brokers, the proxy, the
    gateway; the last seconds are left in peace."""
    if choices.calm:
        return [Action(choices.seconds / 3, "rolling", "all", 1.0)]
    actions = [
        *_policy_changes(choices),
        *_workers_and_brokers(choices, random.Random(f"workers {choices.seed}")),
        *_proxy(choices, random.Random(f"kafka {choices.seed}")),
        *_gateway(choices, random.Random(f"gateway {choices.seed}")),
    ]
    return sorted(actions, key=lambda action: action.at)


def _policy_changes(choices: Choices) -> Iterator[Action]:
    if choices.policy == "half":
        yield Action(choices.seconds / 2, "policy", "report")


def _workers_and_brokers(choices: Choices, chance: random.Random) -> Iterator[Action]:
    at = chance.uniform(6, 12)
    weights = _WORKER_ACTIONS | _BROKER_ACTIONS
    while at < choices.seconds - 12:
        kind = chance.choices(list(weights), list(weights.values()))[0]
        target = chance.choice(list(choices.instances))
        seconds = 0.0
        if kind == "kill":
            # At once, as a supervisor does, or when the group has noticed.
            seconds = chance.choice((0.0, 0.0, 1.0, 5.0, 18.0))
        elif kind in ("stop", "rolling"):
            seconds = chance.choice((0.0, 0.5, 3.0))
        elif kind == "pause":
            seconds = chance.uniform(3, 22)
        elif kind == "remove":
            seconds = chance.uniform(8, 25)
        elif kind == "hold":
            seconds = chance.uniform(2, 18)
        elif kind in _BROKER_ACTIONS:
            target = str(chance.randrange(choices.brokers))
            seconds = chance.uniform(3, 10) if kind == "pause_broker" else chance.choice((0.0, 3.0, 12.0))
        if kind == "rolling":
            target = "all"
        yield Action(round(at, 2), kind, target, round(seconds, 2))
        at += chance.uniform(3, 12)


def _proxy(choices: Choices, chance: random.Random) -> Iterator[Action]:
    commits = [OFFSET_COMMIT] if choices.mode == "at_least_once" else _TXN_KEYS
    # Now and then one is late, all the time.
    for kind in ("late_copy", "late_request"):
        fault = {"kind": kind, "keys": sorted(COMMIT_KEYS), "rate": 0.002, "seconds": 12.0}
        yield Action(1.0, "fault", "proxy", choices.seconds, fault)
    at = chance.uniform(4, 8)
    while at < choices.seconds - 10:
        kind = chance.choice(
            ("drop_answer", "late_copy", "late_request", "drop_request", "cut_after", "cut_before", "delay")
        )
        keys = [chance.choice(commits)] if chance.random() < 0.7 else list(commits)
        seconds = round(chance.uniform(2, 9), 2)
        if kind == "delay":
            keys = chance.choice(([_PRODUCE], [_FETCH], [HEARTBEAT], commits, [_JOIN, _SYNC]))
            fault = {"kind": "delay_answer", "rate": 0.3, "seconds": round(chance.uniform(0.2, 4.0), 2)}
        elif kind in ("late_copy", "late_request"):
            fault = {"kind": kind, "rate": chance.choice((0.1, 0.5, 1.0)), "count": chance.randint(1, 10)}
            fault["seconds"] = chance.choice(_LATE_SECONDS)
        else:
            if chance.random() < 0.25:
                keys = chance.choice(
                    ([_PRODUCE], [HEARTBEAT], [_JOIN], [_SYNC], [_FIND_COORDINATOR], [_METADATA], [_LEAVE])
                )
            fault = {"kind": kind, "rate": chance.choice((0.1, 0.5, 1.0)), "count": chance.randint(1, 6)}
        yield Action(round(at, 2), "fault", "proxy", seconds, {**fault, "keys": sorted(keys)})
        at += seconds + chance.uniform(0.5, 6)


def _gateway(choices: Choices, chance: random.Random) -> Iterator[Action]:
    at = chance.uniform(3, 6)
    while at < choices.seconds - 10:
        seconds = chance.uniform(1.5, 7)
        fault = _gateway_fault(chance)
        if fault["kind"] == "ban":
            seconds = fault["seconds"] + 0.5
        yield Action(round(at, 2), "fault", "gateway", round(seconds, 2), fault)
        at += seconds + chance.uniform(0.5, 5)


def _gateway_fault(chance: random.Random) -> dict:
    rate = chance.choice((0.02, 0.1, 0.3))
    taken = chance.random() < 0.5
    return chance.choice(
        (
            {"kind": "ban", "seconds": chance.randint(1, 6)},
            {"kind": "answer", "code": 7, "sub_code": _LIMITED, "rate": 0.05},
            {"kind": "answer", "code": 10, "http": 503, "rate": rate},
            {"kind": "answer", "code": 15, "sub_code": "isp.remote-service-timeout", "rate": rate}
            | {"delivered": taken},
            {"kind": "answer", "code": 15, "sub_code": "isp.top-remote-connection-error", "rate": 0.5},
            {"kind": "answer", "code": 50, "sub_code": "isv.invalid-parameter", "rate": rate},
            {"kind": "answer", "result_code": "400001", "rate": rate},
            {"kind": "answer", "code": 25, "count": 40},
            {"kind": "html", "http": 502, "rate": rate, "delivered": taken},
            {"kind": "html", "http": 502, "rate": 1.0, "delivered": False},
            {"kind": "html", "http": 200, "rate": 0.02, "delivered": taken},
            {"kind": "html", "http": 429, "retry_after": 2, "count": 3},
            {"kind": "text", "body": "{\"error_response\":{\"code\":7", "rate": 0.02, "delivered": taken},
            {"kind": "text", "body": "{}", "rate": 0.02, "delivered": taken},
            {"kind": "answer", "code": 999, "count": 2, "delivered": taken},
            {"kind": "close", "when": "mid_answer", "rate": rate, "delivered": taken},
            {"kind": "close", "when": "after_read", "rate": rate, "delivered": taken},
            {"kind": "reset", "when": "after_read", "rate": rate, "delivered": taken},
            {"kind": "reset", "when": "mid_answer", "rate": rate, "delivered": taken},
            {"kind": "reset", "when": "before_read", "rate": rate},
            {"kind": "stall", "when": "after_read", "rate": 0.05, "count": 10, "delivered": taken},
            {"kind": "stall", "when": "after_read", "rate": 1.0, "delivered": taken},
            {"kind": "latency", "ms": chance.randint(200, 1500)},
            {"kind": "latency", "ms": chance.randint(3000, 9500), "rate": 0.05},
            {"kind": "idle_close", "ms": 5},
            {"kind": "drip", "ms": 2},
            {"kind": "chunked"},
            {"kind": "gzip"},
        )
    )
