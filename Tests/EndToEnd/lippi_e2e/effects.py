"""What a request may have done to the agent, judged from the gateway's side of the wire.

Written from the API's documentation, independently of the bridge's own table of rules.
"""

import enum

_FLOW_CONTROL = {4, 5, 6, 7, 8}
_REMOTE_SERVICE_ERROR = {15, 50, 520, 530, 540, 670, 700}
_CALLER_OR_PROGRAM = {1, 2, 3, 9, 11, 12, 13, 20, *range(21, 30), 30, 31, 32, 33, 34, 42, 44, 45, 46, 47}
_REFUSED = {40, 41, 43}
_REFUSED_BY_STATUS = {401, 403, 404, 405, 407, 408, 413, 414, 425, 429, 431}
_NEVER_REACHED_THE_BACKEND = {"isp.top-remote-connection-error", "isp.get-app-error"}


class Effect(enum.Enum):
    NONE = "none"
    DONE = "done"
    UNKNOWN = "unknown"


def effect_of(request: dict) -> Effect:
    """`request` is one line of the simulator's log."""
    if request.get("taken"):
        return Effect.DONE
    if not request.get("complete"):
        # The signature is the last parameter: a torn request cannot have been executed.
        return Effect.NONE
    answer = request.get("answer")
    if answer is None:
        return Effect.UNKNOWN
    code, sub_code, status = answer.get("code"), answer.get("sub_code"), answer.get("http")
    if sub_code:
        return _effect_of_sub_code(str(sub_code))
    if answer.get("result_code") is not None:
        # The backend's own refusal.
        return Effect.NONE
    if code is not None:
        return _effect_of_code(code)
    if status == 200:
        # HTML with 200 has an unknown effect for the bridge; judged as none, the check is the weaker one.
        return Effect.NONE
    refused = 300 <= status < 400 or status in _REFUSED_BY_STATUS
    return Effect.NONE if refused else Effect.UNKNOWN


def _effect_of_sub_code(sub_code: str) -> Effect:
    if sub_code in _NEVER_REACHED_THE_BACKEND:
        return Effect.NONE
    return Effect.UNKNOWN if sub_code.startswith("isp.") else Effect.NONE


def _effect_of_code(code: int) -> Effect:
    if code in _REMOTE_SERVICE_ERROR or code == 10:
        return Effect.UNKNOWN
    known = code in _FLOW_CONTROL or code in _CALLER_OR_PROGRAM or code in _REFUSED
    return Effect.NONE if known else Effect.UNKNOWN
