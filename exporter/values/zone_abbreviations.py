"""What a zone abbreviation means, where it means one thing.

An abbreviation is read as the fixed offset that it names: `EST` is UTC-5 in July too. The North American ones are taken
in their North American sense, because the services that print dates this way do so.
"""

import datetime as dt

from exporter.errors import UnreadableDate

_HOURS: dict[str, float] = {
    "UTC": 0, "GMT": 0, "Z": 0, "UT": 0, "WET": 0, "WEST": 1,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "NDT": -2.5,
    "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3,
    "SAST": 2, "WAT": 1, "CAT": 2, "EAT": 3, "BRT": -3, "ART": -3, "CLT": -4,
    "PKT": 5, "NPT": 5.75, "WIB": 7, "HKT": 8, "SGT": 8, "JST": 9, "KST": 9,
    "AWST": 8, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip

_AMBIGUOUS: dict[str, str] = {
    "AST": "Atlantic or Arabia",
    "ADT": "Atlantic or Arabia",
    "AMT": "Amazon or Armenia",
    "BST": "British Summer, Bangladesh or Bougainville",
    "ECT": "Ecuador or Eastern Caribbean",
    "GST": "Gulf or South Georgia",
    "IST": "India, Israel or Ireland",
    "NST": "Newfoundland or Nepal",
    "PYT": "Paraguay or Pyongyang",
    "SST": "Samoa or Singapore",
    "WST": "Western Australia or West Samoa",
}


def offset_of(abbreviation: str) -> dt.timedelta:
    """Return the offset from UTC that an abbreviation names; raise UnreadableDate where it names none or several."""
    name = abbreviation.upper()
    if name in _HOURS:
        return dt.timedelta(hours=_HOURS[name])
    if name in _AMBIGUOUS:
        raise UnreadableDate(f"ambiguous zone abbreviation: {abbreviation!r} ({_AMBIGUOUS[name]})")
    raise UnreadableDate(f"unknown zone abbreviation: {abbreviation!r}")
