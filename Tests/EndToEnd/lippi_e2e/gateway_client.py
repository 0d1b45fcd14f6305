"""A client of the gateway, written from its documentation; shares nothing with the bridge."""

import hashlib
import hmac
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

METHOD = "alibaba.lyservice.lippi.message.send"
APP_KEY = "12345678"
APP_SECRET = "helloworld"
RESPONSE = "alibaba_lyservice_lippi_message_send_response"
_ANSWER_SECONDS = 20


def signature(parameters: dict[str, str], secret: str, sign_method: str) -> str:
    ordered = sorted((name.encode(), value.encode()) for name, value in parameters.items() if name != "sign")
    text = b"".join(name + value for name, value in ordered)
    key = secret.encode()
    if sign_method == "md5":
        return hashlib.md5(key + text + key).hexdigest().upper()
    digest = {"hmac": "md5", "hmac-sha256": "sha256"}[sign_method]
    return hmac.new(key, text, digest).hexdigest().upper()


def gateway_time(moment: datetime | None = None) -> str:
    """`yyyy-MM-dd HH:mm:ss` in GMT+8."""
    moment = moment or datetime.now(UTC)
    return (moment.astimezone(UTC) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")


def message(message_id: str = "768572312", sid: str = "testSessionId", content: str = "hello") -> dict:
    return {
        "bu_id": "100",
        "content": content,
        "content_type": 1,
        "message_id": message_id,
        "session_source": "XSpace",
        "sid": sid,
    }


def parameters(
    business: dict | None = None,
    *,
    caller: dict | None = None,
    sign_method: str = "hmac-sha256",
    secret: str = APP_SECRET,
    without: tuple[str, ...] = (),
    **replaced: str,
) -> dict[str, str]:
    """All parameters of a call, signed. `without` leaves some out and `replaced` sets some, before signing;
    a `sign` among them is taken as it is."""
    chosen = {
        "method": METHOD,
        "app_key": APP_KEY,
        "timestamp": gateway_time(),
        "v": "2.0",
        "sign_method": sign_method,
        "format": "json",
        "ly_ding_open_para_dto": json.dumps(caller or {}, ensure_ascii=False),
        "ly_open_message_dto": json.dumps(business or message(), ensure_ascii=False),
        **replaced,
    }
    chosen = {name: value for name, value in chosen.items() if name not in without}
    if "sign" not in without:
        chosen.setdefault("sign", signature(chosen, secret, sign_method))
    return chosen


@dataclass(frozen=True)
class Answer:
    status: int
    body: str

    @property
    def document(self) -> dict:
        return json.loads(self.body)

    @property
    def error(self) -> dict:
        return self.document["error_response"]

    @property
    def result(self) -> dict:
        return self.document[RESPONSE]["result"]


def opener() -> urllib.request.OpenerDirector:
    """Without proxies: those named by the environment have no business between two programs of one machine.
    Certificates are not looked at: whoever wants to test that has a client of their own."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting)
    )


def call(url: str, chosen: dict[str, str], *, verb: str = "POST") -> Answer:
    form = urllib.parse.urlencode(chosen)
    if verb == "POST":
        request = urllib.request.Request(
            url,
            data=form.encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"},
        )
    else:
        request = urllib.request.Request(f"{url}?{form}", method=verb)
    try:
        with opener().open(request, timeout=_ANSWER_SECONDS) as answer:
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())
