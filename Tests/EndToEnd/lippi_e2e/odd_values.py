"""Values that a reader of events may get wrong, proper, odd and broken, as texts or as pieces of JSON."""

ASCII_TEXTS = (
    "testSessionId",
    "768572312",
    "XSpace",
    "100",
    "a",
    "x y",
    "shop001",
    "dingxxx",
    "/~01",
    "0",
    "true",
)
TEXTS = (
    *ASCII_TEXTS,
    "你好 😀",
    "é\u2028\u0000\u001f",
    'quote " backslash \\ slash / end',
    "\t\n\r\b\f",
    "\u007f\u0080\ufeff\uffff",
    "👩\u200d👩\u200d👧",
    "\U0010ffff",
    " padded ",
    "\u200b",
    "\u001c",
)
BLANK_TEXTS = (
    "",
    " ",
    "\t\n",
    "\u3000",
    "\u00a0\u2003 ",
    "\u0085",
    "\u180e",
    "\u2007",
    "\u1680\u205f\u202f",
)
NUMBERS = (
    "0 -0 1 -1 4 10 11 100 1001 1577096532390 -1577096532390 9007199254740993 "
    "9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 "
    "18446744073709551615 18446744073709551617 1.0 1e3 1E3 1e+0 -0.0 0e0 1e400 1.5 4.0 0.1e-7 10e-1"
).split(" ")
LONG_NUMBERS = tuple(sign + "7" * digits for digits in (63, 64, 65, 200) for sign in ("", "-"))
NO_NUMBERS = (
    "01",
    "-01",
    "+1",
    "1.",
    ".5",
    "-",
    "1e",
    "1e+",
    "0x10",
    "NaN",
    "Infinity",
    "-Infinity",
    "1_000",
    "１",
)
WORDS = ("true", "false", "null")
NO_WORDS = ("True", "nul", "undefined", "None", "TRUE", "'a'", "")
NO_TEXTS = (
    '"\x01"',
    '"\n"',
    '"\\x41"',
    '"\\u12g4"',
    '"\\u123"',
    '"\\U0041"',
    '"open',
    '"\\',
    '"\\ud83d\\u"',
    '"\\ud83d\\u12"',
    '"\\a"',
    '"\\\'"',
)
LONE = (
    '"\\ud800"',
    '"\\udfff"',
    '"before \\uDBFF after"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\u0041"',
    '"\\ud83d\\ud83d\\ude00"',
    '"\\ud83dx\\ude00"',
    '"\\ud83d\\n"',
    '"\\ud83d"',
)
TIMES = (
    "2019-12-23T18:22:12.390+08:00",
    "2019-12-23T10:22:12.3909999Z",
    "2019-12-23t10:22:12z",
    "1969-12-31T23:59:59.9999Z",
    "0000-01-01T00:00:00Z",
    "0000-03-01T00:00:00-00:00",
    "9999-12-31T23:59:59.999Z",
    "2000-02-29T00:00:00Z",
    "1900-02-28T23:59:59+23:59",
    "2024-02-29T12:00:00-23:59",
    "2016-12-31T23:59:60Z",
    "2017-01-01T07:59:60+08:00",
    "2019-12-23T10:22:12.1Z",
    "2019-12-23T10:22:12.12345678901234567890Z",
)
NO_TIMES = (
    "some day",
    "2019-12-23",
    "2019-12-23 10:22:12Z",
    "2019-12-23T10:22:12",
    "2019-12-23T10:22:12.Z",
    "2019-12-23T10:22Z",
    "2019-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2019-00-01T00:00:00Z",
    "2019-13-01T00:00:00Z",
    "2019-04-31T00:00:00Z",
    "2019-04-00T00:00:00Z",
    "2019-12-23T24:00:00Z",
    "2019-12-23T10:60:00Z",
    "2019-12-23T10:22:61Z",
    "2019-12-23T10:22:60Z",
    "2019-12-23T10:22:12+24:00",
    "2019-12-23T10:22:12+08:60",
    "2019-12-23T10:22:12+0800",
    "2019-12-23T10:22:12+08",
    " 2019-12-23T10:22:12Z",
    "2019-12-23T10:22:12Z ",
    "２０19-12-23T10:22:12Z",
    "19-12-23T10:22:12Z",
    "+2019-12-23T10:22:12Z",
    "12019-12-23T10:22:12Z",
    "2019-12-23T10:22:12,5Z",
    "Mon, 23 Dec 2019 10:22:12 GMT",
)
DIGIT_TEXTS = (
    "0 1 01 007 4 10 11 1001 1577096532390 9223372036854775807 9223372036854775808 "
    "00000000000000000000000000000001 99999999999999999999999999 -1 -0 +1 1.0 1e3 0x1 １ ١"
).split(" ")

IDS = ("message_id", "sid", "session_source", "bu_id")
OPTIONAL_IDS = ("cms_id", "ding_corp_id", "sender_id", "open_instance_id")
MEMBERS = (
    *IDS,
    "content",
    "content_type",
    "sender_type",
    "production_type",
    "message_create_at",
    *OPTIONAL_IDS,
)
REQUIRED = (*IDS, "content", "content_type")
CALLER_MEMBERS = ("corp_id", "org_id", "token_grant_type", "isv_org_id", "suite_key")
UNKNOWN = (
    "extra",
    "",
    "a/b",
    "m~n",
    "Content",
    "SID",
    "content ",
    "messageId",
    "数",
    "data",
    "id",
    "type",
    "event_id",
)

STRUCTURED_TYPES = (
    "application/cloudevents",
    "application/cloudevents+json",
    "Application/CloudEvents+JSON; charset=utf-8",
    "APPLICATION/CLOUDEVENTS; x=y",
    "application/cloudevents+json;charset=UTF-8",
)
OTHER_TYPES = (
    "application/json",
    "text/plain",
    "",
    " application/cloudevents+json",
    "application/cloudevent",
    "application/x-cloudevents+json",
)
BATCH_TYPES = (
    "application/cloudevents-batch+json",
    "Application/CloudEvents-Batch",
    "application/cloudevents-BATCH;x",
)
