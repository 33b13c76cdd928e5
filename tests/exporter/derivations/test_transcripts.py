"""Facts of an Amazon Transcribe result."""

import json

import pytest

from dataset_model.derivations import NotYet, known_derivations
from exporter.derivations.transcripts import answer_type_of, keys, transcript_of


def word(end: str, speaker: str | None = None) -> dict:
    found = {"type": "pronunciation", "start_time": "0.0", "end_time": end, "alternatives": [{"content": "hello"}]}
    return found | ({"speaker_label": speaker} if speaker else {})


def segments(*speakers: str) -> dict:
    return {"speakers": len(speakers), "segments": [{"speaker_label": speaker, "items": []} for speaker in speakers]}


POINT = {"type": "punctuation", "alternatives": [{"content": "."}]}


def facts(results: object) -> tuple:
    """Return duration, rule, answer type and whether there is a fault."""
    found = transcript_of("k", json.dumps({"jobName": "j", "status": "COMPLETED", "results": results}).encode())
    return found.duration, found.rule, answer_type_of(found), bool(found.fault)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"audio_duration": 61.5, "items": [word("9.0")]}, (61.5, "audio_duration", "Unknown", False)),
        ({"audio_duration": "61.5", "items": []}, (61.5, "audio_duration", "Unknown", False)),
        ({"audio_duration": None, "items": [word("9.5")]}, (9.5, "last_word", "NoAnswer", False)),
        # Text order would give 9.99; punctuation has no time; the largest is not the last.
        (
            {"items": [word("9.99"), word("120.04"), POINT, word("35.1"), POINT]},
            (120.04, "last_word", "Unknown", False),
        ),
        ({"items": []}, (None, "none", "Unknown", False)),
        ({"items": [POINT]}, (None, "none", "Unknown", False)),
        ({}, (None, "none", "Unknown", False)),
        ({"items": [word("0.0")]}, (0.0, "last_word", "Unknown", False)),
        ({"items": [word("soon")]}, (None, "none", "Unknown", True)),
        ({"items": [word("nan")]}, (None, "none", "Unknown", True)),
        ({"audio_duration": -1}, (None, "none", "Unknown", True)),
        ({"audio_duration": {}}, (None, "none", "Unknown", True)),
    ],
)
def test_the_duration_is_the_audios_else_the_end_of_the_last_word(results, expected):
    """`results.audio_duration` wins; else the largest `end_time` as a number; the rule says which."""
    assert facts(results) == expected


@pytest.mark.parametrize(
    ("seconds", "labels", "answer"),
    [
        (0, segments("spk_0", "spk_1"), "Unknown"),
        (0.5, segments("spk_0", "spk_1"), "NoAnswer"),
        (9.99, segments("spk_0", "spk_1"), "NoAnswer"),
        (9.99, segments(), "NoAnswer"),
        (10, segments("spk_0", "spk_1"), "Human"),
        (10, segments("spk_0", "spk_0", "spk_1", "spk_2"), "Human"),
        (10, segments("spk_0", "spk_0"), "Voicemail"),
        (600, segments(), "Unknown"),
        (600, None, "Unknown"),
        (12, {"speakers": 2}, "Human"),
        (12, {"speakers": 1, "segments": []}, "Voicemail"),
        (30, "unreadable", "Unknown"),
        (30.01, "unreadable", "Human"),
        (31, {"segments": "unreadable"}, "Human"),
        (31, {"segments": [{"speaker_label": 7}]}, "Human"),
        (5, "unreadable", "Unknown"),
        (0, "unreadable", "Unknown"),
    ],
)
def test_the_answer_type_follows_duration_and_speakers(seconds, labels, answer):
    """0 Unknown; below 10 s NoAnswer; two speakers Human; one Voicemail; none Unknown; unreadable: above 30 s Human."""
    labelled = {} if labels is None else {"speaker_labels": labels}
    assert facts({"audio_duration": seconds, **labelled})[2] == answer


def test_newer_outputs_name_the_speaker_on_each_item():
    """Speakers on items count as those of segments do, each once."""
    assert facts({"items": [word("4", "spk_0"), word("40", "spk_1")]})[2] == "Human"
    assert facts({"items": [word("4", "spk_0"), word("40", "spk_0")], "speaker_labels": segments("spk_0")})[2] == (
        "Voicemail"
    )


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"results": 5}', b'{"status": "FAILED"}', b"\xff\xfe"])
def test_what_is_no_transcript_has_no_duration_and_says_so(body):
    """An unreadable file gives no duration, with a fault that names its key; the answer type is Unknown."""
    found = transcript_of("transcripts/c-1.json", body)
    assert (found.duration, found.rule, answer_type_of(found)) == (None, "none", "Unknown")
    assert "transcripts/c-1.json" in found.fault


class Bucket:
    """Resources with objects in memory."""

    def __init__(self, settings: dict, objects: dict) -> None:
        self.settings, self.objects, self.asked = settings, objects, []

    def setting(self, name: str, default: str = "") -> str:
        return self.settings.get(name) or default

    def read(self, bucket: str, key: str) -> bytes | None:
        self.asked.append((bucket, key))
        return self.objects.get(key)

    def once(self, _key, make):
        return make()


@pytest.mark.parametrize(
    ("pattern", "key"),
    [("", "transcripts/c-1.json"), ("calls/{callId}/result.json", "calls/c-1/result.json")],
)
def test_the_key_follows_the_pattern(pattern, key):
    """Default `transcripts/{callId}.json` in TRANSCRIBE_BUCKET; TRANSCRIPT_KEY sets another."""
    bucket = Bucket({"TRANSCRIBE_BUCKET": "heard", "TRANSCRIPT_KEY": pattern}, {key: b'{"results": {}}'})
    assert keys(bucket, [("c-1",), ("c-2",)]) == [key, NotYet(None)]
    assert bucket.asked[0] == ("heard", key)


def test_every_shipped_derivation_has_its_function():
    """What the list names can be computed."""
    shipped = [one for name, one in known_derivations().items() if name.startswith("transcript.")]
    assert len(shipped) == 4
    assert all(one.function is not None for one in shipped)
