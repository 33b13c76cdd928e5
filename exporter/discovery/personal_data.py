"""An attribute's name and its values flow in; whether they identify a person flows out."""

import re
from collections.abc import Collection

from exporter.discovery.naming import snake_case

_ALWAYS = re.compile(
    r"(?:^|_)(?:e_?mails?|mail_address|phones?|telephone|tel|mobile|cell|fax|msisdn|caller_id|cli|ani|ssn|"
    r"social_security|passport|iban|tax_id|national_id|insurance_number|credit_card|card_number|account_number|"
    r"birth|birthday|birthdate|dob|born|address|street|postcode|postal_code|zip|zip_code|ip|user_agent)(?:_|$)"
)
_PERSON_NAME = re.compile(
    r"(?:^|_)(?:first|last|full|given|family|middle|maiden|nick|sur|fore|display|legal|user|login)_?names?$|"
    r"(?:^|_)(?:customer|client|patient|caller|guest|member|person|contact|employee|user|student|tenant|buyer|"
    r"recipient|sender|owner|payer|holder|visitor|subscriber)(?:_(?:name|number|no|nr))?s?$"
)
_NAME = re.compile(r"(?:^|_)names?$")
_STAFF = re.compile(r"(?:^|_)(?:agent|clerk|operator|assignee|technician|driver|cashier)(?:_|$)")

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+\d[\d ()./-]{6,}|\(?0\d[\d ()./-]{6,}")
_TWO_WORDS = re.compile(r"[^\W\d_][\w'.-]*(?: [^\W\d_][\w'.-]*){1,3}")

_LOOKS = 0.5
"""Share of the values from which on a form counts."""


def is_personal(attribute: str, values: Collection[str]) -> bool:
    """Return whether an attribute holds e-mail addresses, names or numbers of persons, as name or values show.

    The name of an agent is none of these: it is what a contact centre reports by.
    """
    name = snake_case(attribute)
    if _ALWAYS.search(name) or _share(values, _EMAIL) or _share(values, _PHONE):
        return True
    if _STAFF.search(name):
        return False
    return bool(_PERSON_NAME.search(name)) or (bool(_NAME.search(name)) and _share(values, _TWO_WORDS))


def _share(values: Collection[str], form: re.Pattern[str]) -> bool:
    return bool(values) and sum(form.fullmatch(value) is not None for value in values) >= _LOOKS * len(values)
