"""RFC 3339 times, read from the grammar of the RFC (section 5.6) and its rule for leap seconds (5.7)."""

import re
from datetime import date

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_YEAR_ZERO_DAYS = 366
_MINUTES_A_DAY = 1440


def milliseconds(text: str) -> int | None:
    """Milliseconds since 1970, finer digits cut off. None: no RFC 3339 time."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[group]) for group in range(1, 7))
    fraction, sign = int((found[7] or "0")[:3].ljust(3, "0")), found[8]
    away_hours, away_minutes = (int(found[9]), int(found[10])) if sign else (0, 0)
    if not 1 <= month <= 12 or not 1 <= day <= _days_in(year, month):
        return None
    if hour > 23 or minute > 59 or second > 60 or away_hours > 23 or away_minutes > 59:
        return None
    away = (away_hours * 60 + away_minutes) * (-1 if sign == "-" else 1)
    minutes = _days_since_1970(year, month, day) * _MINUTES_A_DAY + hour * 60 + minute - away
    if second == 60 and minutes % _MINUTES_A_DAY != _MINUTES_A_DAY - 1:
        return None
    return (minutes * 60 + second) * 1000 + fraction


def _days_in(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _DAYS[month - 1]


def _days_since_1970(year: int, month: int, day: int) -> int:
    if year == 0:
        # `date` begins with year 1; year 0 is a leap year.
        return date(4, month, day).toordinal() - date(4, 1, 1).toordinal() - _YEAR_ZERO_DAYS + 1 - _EPOCH_DAY
    return date(year, month, day).toordinal() - _EPOCH_DAY
