"""Values of an item's attributes flow in, the values that registered functions compute from them flow out.

This is the one place where columns with `derive` are filled, for every source. Equal inputs are computed once in a
page; a function that reads something is called once in a run for equal inputs. An error of a function concerns its
item, never the page.
"""

import datetime as dt
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
import structlog

from dataset_model.derivations import Derivation, NotYet
from exporter.errors import ExportError
from exporter.values.attribute_values import AttributeValue, kind_of

AT_A_TIME = 16
"""Calls of functions that read something, over all threads of a run."""

REMEMBERED = 1 << 16
"""Results and objects that a run keeps; those not used for longest go first."""

PATIENCE = 60.0
"""Seconds after which the log says that a function that reads something has not answered, and again after as many."""

_DEEPEST = 32
"""Lists and maps inside one another, as DynamoDB holds them."""

T = TypeVar("T")
Inputs = tuple[AttributeValue | None, ...]
Outcome = AttributeValue | NotYet | Exception | None
"""A value, one that may come later, or why there is none."""

_log = structlog.get_logger()
_encode = msgspec.json.Encoder().encode


@dataclass
class Derived:
    """One column's values."""

    values: list[AttributeValue | None]
    failures: list[tuple[int, str]] = field(default_factory=list)
    """(row, reason); the value is None."""
    awaited: list[int] = field(default_factory=list)
    """Rows with a value that may come later."""


class BoundedCache:
    """A cache of results by key, bounded in entries. Any thread may use it; two may compute the same result at once."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._made: OrderedDict[Any, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any) -> Any:
        """Return the result for a key, or None."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
            return self._made.get(key)

    def keep(self, key: Any, made: Any) -> None:
        """Store the result for a key."""
        with self._lock:
            self._made[key] = made
            self._made.move_to_end(key)
            if len(self._made) > self._most:
                self._made.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._made.clear()


class Deriver:
    """The functions of one run, for any number of threads."""

    def __init__(self, functions: Mapping[str, Derivation], resources: Any, forget: Callable[[], None]) -> None:
        """`functions` by name, each with its function; `resources` is given to those that read something."""
        self._functions, self._resources, self._forget = functions, resources, forget
        self._results = BoundedCache()
        self._turns = threading.BoundedSemaphore(AT_A_TIME)

    def forget(self) -> None:
        """Begin a new run: values that were missing may exist now."""
        self._results.clear()
        self._forget()

    def derived(self, name: str, rows: Sequence[Inputs]) -> Derived:
        """Return a derivation's value for the inputs of each row; none where a row has no input at all."""
        found = Derived([None] * len(rows))
        keys = [(name, _encode(inputs)) if any(map(_is_there, inputs)) else None for inputs in rows]
        distinct = {key: inputs for key, inputs in zip(keys, rows, strict=True) if key is not None}
        outcomes = self._outcomes(self._functions[name], distinct)
        for row, key in enumerate(keys):
            outcome: Outcome = outcomes[key] if key is not None else None
            if isinstance(outcome, NotYet):
                found.awaited.append(row)
                outcome = _stored_or_error(outcome.value)
            if isinstance(outcome, Exception):
                found.failures.append((row, f"derivation {name} failed; found {_text(outcome)}"))
            elif not isinstance(outcome, NotYet):
                found.values[row] = outcome
        return found

    def _outcomes(self, known: Derivation, wanted: Mapping[Any, Inputs]) -> dict[Any, Any]:
        function = known.function
        if function is None:
            raise AssertionError(f"derivation {known.name} has no function")
        if not known.batch:
            return {key: _attempted(function, inputs) for key, inputs in wanted.items()}
        known_already = {key: self._results.get(key) for key in wanted}
        outcomes = {key: held[0] for key, held in known_already.items() if held is not None}
        missing = [(key, _plain_inputs(inputs)) for key, inputs in wanted.items() if key not in outcomes]
        for key, outcome in self._called(known.name, function, missing, known.batch):
            outcomes[key] = outcome
            self._results.keep(key, (outcome,))
        return outcomes

    def _called(
        self, name: str, function: Callable[..., Any], wanted: list[tuple[Any, tuple[Any, ...]]], size: int
    ) -> Iterator[tuple[Any, Outcome]]:
        batches = [wanted[start : start + size] for start in range(0, len(wanted), size)]
        if not batches:
            return
        with ThreadPoolExecutor(min(len(batches), AT_A_TIME), thread_name_prefix="derive") as pool:
            futures = [pool.submit(self._results_of, function, batch) for batch in batches]
            try:
                for future in futures:
                    yield from _when_done(future, name)
            finally:  # where one has ended the run, the others are not begun
                for future in futures:
                    future.cancel()

    def _results_of(
        self, function: Callable[..., Any], batch: list[tuple[Any, tuple[Any, ...]]]
    ) -> list[tuple[Any, Outcome]]:
        """Return (key, outcome) of a batch; where the call fails, of each of its items alone."""
        inputs = [values for _, values in batch]
        try:
            with self._turns:
                found = list(function(self._resources, inputs))
            results = list(zip(batch, found, strict=True))
        except ExportError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a function raises belongs to its item
            if len(batch) == 1:
                return [(batch[0][0], _failure(error))]
            return [result for one in batch for result in self._results_of(function, [one])]
        return [(key, _stored_or_error(value)) for (key, _), value in results]


def _when_done(future: "Future[list[tuple[Any, Outcome]]]", name: str) -> list[tuple[Any, Outcome]]:
    """Return a call's results; while it has none, say so in the log: nothing else shows what the run waits for."""
    waited = 0.0
    while True:
        try:
            return future.result(timeout=PATIENCE)
        except TimeoutError:  # of the waiting: a function's own is the outcome of its item
            waited += PATIENCE
            _log.warning("a derivation has not answered yet", derivation=name, seconds=waited)


def _attempted(function: Callable[..., Any], inputs: Inputs) -> Outcome:
    try:
        value = function(*_plain_inputs(inputs))
    except ExportError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a function raises belongs to its item
        return _failure(error)
    return _stored_or_error(value)


def _failure(error: Exception | SystemExit) -> Exception:
    """Return an error that is one of a value; what would end the program is none of the run's."""
    return error if isinstance(error, Exception) else RuntimeError("the function would have ended the program")


def _stored_or_error(value: Any) -> Outcome:
    if isinstance(value, NotYet | Exception):
        return value
    try:
        stored = _stored(value)
        _encode(stored)  # a text of other than Unicode characters cannot be written
    except Exception as error:  # noqa: BLE001 - whatever a function returns belongs to its item
        return error
    return stored


def _is_there(value: AttributeValue | None) -> bool:
    return value is not None and value.NULL is None


def _text(error: Exception) -> str:
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - an error of a team's own may not even have a text
        said = "an error without a text"
    return f"{type(error).__name__}: {said}"[:200].encode(errors="backslashreplace").decode()


def _plain_inputs(inputs: Inputs) -> tuple[Any, ...]:
    return tuple(None if value is None else _plain(value) for value in inputs)


def _plain(value: AttributeValue) -> Any:  # noqa: PLR0911 - a table
    """Return an attribute's value as Python has it; numbers are decimals."""
    kind = kind_of(value)
    held = getattr(value, kind)
    match kind:
        case "N":
            return Decimal(held)
        case "NULL":
            return None
        case "M":
            return {name: _plain(inner) for name, inner in held.items()}
        case "L":
            return [_plain(inner) for inner in held]
        case "NS":
            return [Decimal(text) for text in held]
        case "B":
            return msgspec.convert(held, bytes)
        case "BS":
            return [msgspec.convert(text, bytes) for text in held]
    return held


def _stored(value: Any, depth: int = 0) -> AttributeValue | None:  # noqa: PLR0911 - a table
    """Return what a function gave as an attribute's value, so that a column takes it as any other; raise ValueError."""
    match value:
        case None:
            return None
        case bool():
            return AttributeValue(BOOL=value)
        case str():
            return AttributeValue(S=str.__str__(value))  # an enumeration's text, too
        case int() | Decimal() | float():
            if not math.isfinite(value):
                raise ValueError(f"{value} is no number of a column")
            return AttributeValue(N=str(value))
        case dt.datetime() | dt.date():
            return AttributeValue(S=value.isoformat())
        case dict():
            return AttributeValue(M={str(name): _inner(inner, depth) for name, inner in value.items()})
        case list() | tuple():
            return AttributeValue(L=[_inner(inner, depth) for inner in value])
    raise ValueError(f"a function returned a {type(value).__name__}, which no column holds")


def _inner(value: Any, depth: int) -> AttributeValue:
    if depth == _DEEPEST:
        raise ValueError(f"more than {_DEEPEST} lists and maps are inside one another")
    return _stored(value, depth + 1) or AttributeValue(NULL=True)
