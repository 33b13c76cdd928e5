"""The answers of the first Overview flow to S3 and back, so that a new process shows it without a query.

An object that cannot be read or written is logged, and Athena is asked.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

from dashboard.aws.s3 import Objects
from dashboard.errors import DashboardError
from dashboard.log import LogLines
from dashboard.model.result import Answer
from dashboard.model.statements import Statement
from dashboard.quality.verification_status import StoredObject, is_as_recorded
from dashboard.stores.export_records import Records
from dashboard.stores.overview_answers import NotReadable, answers_from, answers_key, body_from, question_from
from dataset_model.definition import Dataset
from dataset_model.records.manifest import Manifest

_log = LogLines(__name__)


class AnswerStore:
    """The stored answers of the datasets in one bucket. Safe to use from any thread."""

    def __init__(self, objects: Objects, records: Records, bucket: str) -> None:
        self._objects, self._records, self._bucket = objects, records, bucket
        self._is_trusted = True
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="answers")

    def answers(
        self,
        dataset: Dataset,
        manifest: Manifest,
        data: Collection[StoredObject],
        statements: Sequence[Statement],
        ask: Callable[[], Sequence[Answer]],
    ) -> Sequence[Answer]:
        """Return the stored answers to the statements, or those of `ask`, which are then stored.

        `data` are the objects on S3. Stored answers are valid for the objects that the manifest records: where S3 holds
        other objects, as after a run that died, Athena is asked, and nothing is stored.
        """
        if not is_as_recorded(manifest, data):
            return ask()
        question = question_from(manifest, statements)
        if self._is_trusted and (found := self._find(dataset, question, statements)):
            return found
        answers = ask()
        # In the background: the page does not wait for it.
        self._writer.submit(self._store, dataset, manifest, question, answers)
        return answers

    def forget(self) -> None:
        """Use no stored answer from now on: a person has asked for fresh ones."""
        self._is_trusted = False

    def close(self) -> None:
        """Wait for the writes under way."""
        self._writer.shutdown(wait=True)

    def _find(self, dataset: Dataset, question: str, statements: Sequence[Statement]) -> tuple[Answer, ...] | None:
        key = answers_key(dataset.target.prefix)
        try:
            body = self._objects.read(self._bucket, key)
            return answers_from(body, question, statements) if body is not None else None
        except (DashboardError, NotReadable) as error:
            _log.warning("stored answers are not used", object=f"s3://{self._bucket}/{key}", reason=str(error))
            return None

    def _store(self, dataset: Dataset, manifest: Manifest, question: str, answers: Sequence[Answer]) -> None:
        key = answers_key(dataset.target.prefix)
        try:
            body = body_from(question, answers)
            # An export that was published meanwhile may be in a part of the answers: they belong to no single export.
            if body is None or self._records.manifest(dataset) != manifest:
                return
            if not is_as_recorded(manifest, self._records.data(dataset)):
                return
            before = self._objects.read_version(self._bucket, key)
            # Another process may write at the same moment; its answer is equal.
            self._objects.put(self._bucket, key, body, etag=before[1] if before else None)
        except DashboardError as error:
            _log.warning("answers are not stored", object=f"s3://{self._bucket}/{key}", reason=str(error))
