"""Derivations: modules register functions here, dataset files name them.

`python -m dataset_model derivations` lists them.

    from dataset_model.derivations import derivation

    @derivation("address.domain", inputs=("address",), type="string", description="What follows the @.")
    def domain(address):
        return address.partition("@")[2] if address else None

    - {name: mail_domain, type: string, derive: address.domain, from: [customer.email]}

The names are here, because a dataset file is checked without the exporter; the functions that the product ships are in
the exporter, because they read files. A team's own module is named by `DERIVATIONS` and registers both in one step.
"""

import difflib
import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Protocol

from dataset_model.columns.column import Column
from dataset_model.columns.types import BIGINT, DOUBLE, STRING, ColumnType
from dataset_model.faults import DatasetError, Fault

VARIABLE = "DERIVATIONS"
"""Modules with a team's own derivations, separated by commas."""

_TRANSCRIPT_SETTINGS = MappingProxyType({"TRANSCRIBE_BUCKET": "the name of the bucket that holds the transcripts"})

Function = Callable[..., Any]


@dataclass(frozen=True)
class NotYet:
    """What a function returns where the value may come later: the row has `value`, and is derived again."""

    value: Any = None


class Resources(Protocol):
    """What a function with `batch` reads from; one for each run."""

    def setting(self, name: str, default: str = "") -> str:
        """Return an environment variable."""

    def read(self, bucket: str, key: str) -> bytes | None:
        """Return an object of S3, or None where there is none."""

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """Return what `make` returns, made once in a run for each key."""


@dataclass(frozen=True)
class Derivation:
    """A name, and what is known of it."""

    name: str
    inputs: tuple[str, ...]
    """What each entry of `from` is."""
    type: ColumnType
    description: str
    batch: int = 0
    """0: the function is given the values of one item, and is pure. Else it is given the resources and the values of so
    many items at most, as a list of tuples, and returns a list."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment variable that it needs -> what is expected."""
    function: Function | None = None


_OF_MESSAGES = "the list of messages"
_SHIPPED = (
    Derivation("conversation.messages", (_OF_MESSAGES,), BIGINT, "All messages; 0 without a list."),
    *(
        Derivation(
            f"conversation.{role}_messages",
            (_OF_MESSAGES,),
            BIGINT,
            f"Messages with the role {role}; 0 without a list.",
        )
        for role in ("user", "bot", "agent")
    ),
    Derivation(
        "conversation.duration", ("start", "end"), DOUBLE, "Seconds between two ISO times; null without one of them."
    ),
    *(
        Derivation(f"transcript.{name}", ("call id",), column_type, description, 1, _TRANSCRIPT_SETTINGS)
        for name, column_type, description in (
            ("answer_type", STRING, "Human, Voicemail, NoAnswer or Unknown, from the speakers and the duration."),
            ("duration", DOUBLE, "Seconds: the audio's where the transcript has them, else the end of the last word."),
            ("duration_rule", STRING, "Which rule gave the duration: audio_duration, last_word or none."),
            ("s3_key", STRING, "Key of the transcript in its bucket; null while there is none."),
        )
    ),
)

_known: dict[str, Derivation] = {one.name: one for one in _SHIPPED}


def derivation(
    name: str,
    *,
    inputs: tuple[str, ...],
    type: str,  # noqa: A002 - as dataset files call it
    description: str = "",
    batch: int = 0,
    settings: Mapping[str, str] | None = None,
) -> Callable[[Function], Function]:
    """Register a function under a name; raise ValueError where another one has it."""

    def register(function: Function) -> Function:
        known = _known.get(name)
        if known is not None and known.function is not function:
            raise ValueError(f"derivation {name} is registered twice")
        column_type = ColumnType.parse(type)
        _known[name] = Derivation(name, tuple(inputs), column_type, description, batch, settings or {}, function)
        return function

    return register


def implementation(name: str) -> Callable[[Function], Function]:
    """Give a shipped derivation its function."""

    def implement(function: Function) -> Function:
        _known[name] = replace(_known[name], function=function)
        return function

    return implement


def known_derivations() -> Mapping[str, Derivation]:
    """Return name -> derivation, sorted."""
    return dict(sorted(_known.items()))


def load_modules(environment: Mapping[str, str]) -> list[Fault]:
    """Import the modules that `DERIVATIONS` names; return a fault for each that cannot be used."""
    faults = []
    for name in (part.strip() for part in environment.get(VARIABLE, "").split(",")):
        try:
            if name:
                importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - a team's module may raise anything
            found = f"{name} ({type(error).__name__}: {error})"
            faults.append(Fault("environment", VARIABLE, "modules that can be imported, separated by commas", found))
    return faults


def require_modules(environment: Mapping[str, str]) -> None:
    """Import the modules that `DERIVATIONS` names; raise DatasetError."""
    if faults := load_modules(environment):
        raise DatasetError(faults)


def wrong_uses(columns: tuple[Column, ...]) -> Iterator[tuple[int, str, str, str]]:
    """Yield (column, field, what is expected, what was found) of derived columns that no derivation fits."""
    for number, column in enumerate(columns):
        known = _known.get(column.derive)
        if not column.derive:
            continue
        if known is None:
            yield number, "derive", _near(column.derive), column.derive
        elif len(known.inputs) != len(column.inputs):
            wanted = f"{len(known.inputs)}: {', '.join(known.inputs)}"
            yield number, "from", wanted, ", ".join(column.inputs)
        elif known.type != column.type:
            yield number, "type", f"{known.type}, as {known.name} gives it", str(column.type)


def missing_settings(columns: tuple[Column, ...], environment: Mapping[str, str]) -> Iterator[Fault]:
    """Yield a fault for each variable that a derivation needs and that is not set."""
    used = [_known[column.derive] for column in columns if column.derive in _known]
    needed = {variable: (expected, one.name) for one in used for variable, expected in one.settings.items()}
    for variable, (expected, name) in sorted(needed.items()):
        if not environment.get(variable, "").strip():
            yield Fault("environment", variable, f"{expected}, for derivation {name}")


def listing() -> str:
    """Return all derivations for people, with inputs and types."""
    lines = []
    for one in known_derivations().values():
        lines.append(f"{one.name} ({', '.join(one.inputs)}) -> {one.type}")
        lines += [f"    {text}" for text in (one.description, _settings_text(one)) if text]
    return "\n".join(lines) + "\n"


def _settings_text(one: Derivation) -> str:
    return f"Needs {', '.join(sorted(one.settings))}." if one.settings else ""


def _near(name: str) -> str:
    near = difflib.get_close_matches(name, _known, n=3, cutoff=0.5)
    if near:
        return f"a registered derivation (did you mean {' or '.join(near)}?)"
    return f"a registered derivation: {', '.join(sorted(_known))}; {VARIABLE} names modules with others"
