"""A call's id flows in, facts of its Amazon Transcribe result flow out: duration, answer type, key.

The documented output has no duration of the audio, and its times are texts that punctuation lacks. Speakers stand in
`results.speaker_labels`, and in newer outputs on the items.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from dataset_model.derivations import NotYet, Resources, implementation

DEFAULT_KEY = "transcripts/{callId}.json"
NO_ANSWER_SECONDS = 10
HUMAN_SECONDS = 30
"""Of a call with speakers that cannot be read."""


@dataclass(frozen=True)
class Transcript:
    """What is known of one call's transcript."""

    key: str
    duration: float | None = None
    rule: str = "none"
    speakers: int | None = None
    """None where they cannot be read."""
    fault: str = ""
    """Why the duration cannot be read."""


_NULL = msgspec.Raw(b"null")


class _Results(msgspec.Struct):
    # Each part is read by itself, so a malformed one does not affect the others.
    audio_duration: msgspec.Raw = _NULL
    items: msgspec.Raw = _NULL
    speaker_labels: msgspec.Raw = _NULL


class _File(msgspec.Struct):
    results: _Results


class _Item(msgspec.Struct):
    end_time: str | float | None = None
    speaker_label: str | None = None


class _Segment(msgspec.Struct):
    speaker_label: str | None = None


class _Labels(msgspec.Struct):
    speakers: int | None = None
    segments: list[_Segment] = []


_file = msgspec.json.Decoder(_File)
_items = msgspec.json.Decoder(list[_Item] | None)
_labels = msgspec.json.Decoder(_Labels | None)
_number = msgspec.json.Decoder(str | float | None)


def transcript_of(key: str, body: bytes) -> Transcript:
    """Return the facts of a transcript, as far as it can be read."""
    try:
        results = _file.decode(body).results
    except msgspec.MsgspecError as error:
        return Transcript(key, fault=f"{key} is no Transcribe result ({error})")
    try:
        duration, rule, fault = *_duration(results), ""
    except (msgspec.MsgspecError, ValueError) as error:
        duration, rule, fault = None, "none", f"{key}: {error}"
    return Transcript(key, duration, rule, _speakers(results), fault)


def _duration(results: _Results) -> tuple[float | None, str]:
    audio = _number.decode(results.audio_duration)
    if audio is not None:
        return _seconds(audio), "audio_duration"
    items = _items.decode(results.items) or ()
    ends = [_seconds(item.end_time) for item in items if item.end_time is not None]
    return (max(ends), "last_word") if ends else (None, "none")


def _seconds(text: str | float) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError(f"expected seconds from 0; found {text!r}")
    return seconds


def _speakers(results: _Results) -> int | None:
    """Return how many speakers there are; None where that cannot be read."""
    try:
        labels = _labels.decode(results.speaker_labels) or _Labels()
        items = _items.decode(results.items) or ()
    except msgspec.MsgspecError:
        return None
    named = ({one.speaker_label for one in labels.segments} | {one.speaker_label for one in items}) - {None}
    return len(named) or labels.speakers or 0


def answer_type_of(transcript: Transcript) -> str:
    """Return who answered, by the rules of docs/calls.md."""
    duration, speakers = transcript.duration or 0.0, transcript.speakers
    if duration == 0:
        return "Unknown"
    if speakers is None:
        return "Human" if duration > HUMAN_SECONDS else "Unknown"
    if duration < NO_ANSWER_SECONDS:
        return "NoAnswer"
    if speakers == 0:
        return "Unknown"
    return "Human" if speakers > 1 else "Voicemail"


def _found(resources: Resources, call_id: Any) -> Transcript | None:
    pattern = resources.setting("TRANSCRIPT_KEY", DEFAULT_KEY)
    key = pattern.replace("{callId}", str(call_id))

    def made() -> tuple[Transcript | None]:
        body = resources.read(resources.setting("TRANSCRIBE_BUCKET"), key)
        return (None if body is None else transcript_of(key, body),)

    found: tuple[Transcript | None] = resources.once(key, made)
    return found[0]


def _of_each(
    resources: Resources, calls: Sequence[tuple[Any]], value: Callable[[Transcript], Any], until: Any = None
) -> list[Any]:
    found = [_found(resources, call_id) for (call_id,) in calls]
    return [NotYet(until) if transcript is None else value(transcript) for transcript in found]


@implementation("transcript.duration")
def durations(resources: Resources, calls: Sequence[tuple[Any]]) -> list[Any]:
    """Return seconds; an error for a transcript that cannot be read."""
    return _of_each(resources, calls, lambda found: ValueError(found.fault) if found.fault else found.duration)


@implementation("transcript.duration_rule")
def duration_rules(resources: Resources, calls: Sequence[tuple[Any]]) -> list[Any]:
    """Return which rule gave the duration."""
    return _of_each(resources, calls, lambda found: found.rule)


@implementation("transcript.answer_type")
def answer_types(resources: Resources, calls: Sequence[tuple[Any]]) -> list[Any]:
    """Return who answered; unknown while there is no transcript."""
    return _of_each(resources, calls, answer_type_of, "Unknown")


@implementation("transcript.s3_key")
def keys(resources: Resources, calls: Sequence[tuple[Any]]) -> list[Any]:
    """Return the transcript's key."""
    return _of_each(resources, calls, lambda found: found.key)
