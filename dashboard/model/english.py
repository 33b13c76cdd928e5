"""Names of columns and nouns flow in, English words and plurals flow out."""

import re
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ENDING_IN_ID: Final = _set(
    "acid aid android asteroid avoid bid braid candid covid druid eyelid fluid grid humid hybrid invalid kid laid "
    "lid lipid liquid lucid maid mid morbid orchid overpaid paid plaid prepaid pyramid raid rapid repaid rigid "
    "said skid solid splendid squid steroid stupid tabloid thyroid timid typhoid underpaid unpaid valid vivid "
    "void"
)
"""Words that end in `id` without being the id of something."""
_IRREGULAR: Final = {
    "aircraft": "aircraft",
    "alumnus": "alumni",
    "appendix": "appendices",
    "atlas": "atlases",
    "axis": "axes",
    "bias": "biases",
    "calf": "calves",
    "canvas": "canvases",
    "child": "children",
    "criterion": "criteria",
    "datum": "data",
    "echo": "echoes",
    "equipment": "pieces of equipment",
    "firmware": "firmware versions",
    "fish": "fish",
    "foot": "feet",
    "gas": "gases",
    "goose": "geese",
    "half": "halves",
    "hardware": "kinds of hardware",
    "hero": "heroes",
    "knife": "knives",
    "leaf": "leaves",
    "lens": "lenses",
    "life": "lives",
    "loaf": "loaves",
    "man": "men",
    "matrix": "matrices",
    "mouse": "mice",
    "news": "news",
    "offspring": "offspring",
    "ox": "oxen",
    "person": "people",
    "phenomenon": "phenomena",
    "potato": "potatoes",
    "quiz": "quizzes",
    "series": "series",
    "sheep": "sheep",
    "shelf": "shelves",
    "software": "software versions",
    "spacecraft": "spacecraft",
    "staff": "staff members",
    "thief": "thieves",
    "tomato": "tomatoes",
    "tooth": "teeth",
    "vertex": "vertices",
    "veto": "vetoes",
    "wolf": "wolves",
    "woman": "women",
}
_SPELLED: Final = _set(
    "ai api asin atm b2b b2c cpu crm csat csv dns ean erp eta faq gps gpu gtin html http https iban id imei iot "
    "ip isbn json kpi mfa nps os pdf pin qr ram rfid roi sdk sku sla sms sql ssl sso tls tv ui upc uri url utc "
    "uuid vat vin vip vpn xml"
)
"""Abbreviations that people write in capitals."""
_MIXED: Final = {"iot": "IoT"}
_YES_OR_NO: Final = ("is ", "has ", "was ", "are ")
_UNCOUNTABLE: Final = _set(
    "age content data feedback gender health humidity information media metadata money music origin power "
    "pressure quality revenue temperature time traffic weather weight"
)
"""Words that stay singular: a chart of them shows values, not several of them."""
_GERMAN_ENDINGS: Final = ("heit", "keit", "schaft", "nummer", "strasse", "zahl", "ung", "kunde", "auftrag", "preis")
_GERMAN: Final = _set(
    "abteilung artikel auftrag benutzer bestellung betrag filiale grund kanal kunde lager land lieferant menge "
    "mitarbeiter ort preis quelle stadt typ ware"
)
"""Words of another language have their own plurals; an English `s` would be wrong."""
_WORD_STARTS: Final = re.compile(r"(?<=[a-zß-öø-ÿ0-9])(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ])")
_BETWEEN: Final = re.compile(r"[\s_.\-/]+")


def words_in(name: str) -> str:
    """Return a name as words, abbreviations in capitals: `order UUID` of `order_uuid`, `device ID` of `deviceid`."""
    return " ".join(_spelled(part) for word in name.split("_") for part in _parts(word))


def split_name(attribute: str) -> str:
    """Return the name of an attribute in snake case, its letters kept: `queueWaitTime` is `queue_wait_time`."""
    return _BETWEEN.sub("_", _WORD_STARTS.sub("_", attribute)).strip("_").lower()


def without_id(name: str) -> str:
    """Return a name in words, without what says that it is an id: `device` of `deviceid`."""
    words = [part for word in name.split("_") for part in _parts(word)]
    if words[-1:] == ["id"]:
        words = words[:-1]
    return words_in("_".join(words)).strip()


def plural_of(noun: str) -> str:
    """Return the plural of a noun, of its last word: `agents`, `cities`, `statuses`, `firmware versions`.

    What is true or false has no plural: `is paid: yes or no`.
    """
    if noun.startswith(_YES_OR_NO):
        return f"{noun}: yes or no"
    before, space, last = noun.rpartition(" ")
    return f"{before}{space}{_plural(last)}"


def _parts(word: str) -> list[str]:
    """Return a word, and the id that is written together with it."""
    for end in ("id", "ids"):
        if word.endswith(end) and len(word) > len(end) + 2 and word.removesuffix("s") not in _ENDING_IN_ID:
            return [word.removesuffix(end), end]
    return [word]


def _spelled(word: str) -> str:
    if word in _MIXED:
        return _MIXED[word]
    if word.endswith("s") and word[:-1] in _SPELLED and word not in _SPELLED:
        return f"{word[:-1].upper()}s"
    return word.upper() if word in _SPELLED else word


def _plural(word: str) -> str:
    lower = word.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    if lower in _UNCOUNTABLE or _is_german(lower):
        return f"{word} values"
    if word.isupper() and len(word) > 1:
        return f"{word} values" if lower.endswith("s") else f"{word}s"
    if lower.endswith(("ss", "us", "is", "x", "z", "ch", "sh")):
        return f"{word[:-2] if lower.endswith('sis') else word}es"
    if lower.endswith("s"):
        return word
    return f"{word[:-1]}ies" if lower.endswith("y") and lower[-2:-1] not in set("aeiou") else f"{word}s"


def _is_german(word: str) -> bool:
    return not word.isascii() or word in _GERMAN or (len(word) > 5 and word.endswith(_GERMAN_ENDINGS))
