"""Answers on S3 that outlive a process: the next one shows its first page without asking Athena.

A convenience throughout: what cannot be read, is broken or cannot be written is told in the log, and Athena is asked.
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
from dataset_model.manifest import Manifest

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
        """Return the answers to statements: those that are stored, or Athena's by `ask`, which are stored then.

        `data` are the objects that lie on S3. What is stored holds for those that the manifest records: where others
        lie there, as after a run that died, Athena is asked, and nothing is stored.
        """
        if not is_as_recorded(manifest, data):
            return ask()
        question = question_from(manifest, statements)
        if self._is_trusted and (found := self._find(dataset, question, statements)):
            return found
        answers = ask()
        # Nobody waits for it.
        self._writer.submit(self._keep, dataset, manifest, question, answers)
        return answers

    def forget(self) -> None:
        """Look at what is stored no more: somebody wants to hear it from Athena."""
        self._is_trusted = False

    def close(self) -> None:
        """Let what is being written end."""
        self._writer.shutdown(wait=True)

    def _find(self, dataset: Dataset, question: str, statements: Sequence[Statement]) -> tuple[Answer, ...] | None:
        key = answers_key(dataset.target.prefix)
        try:
            body = self._objects.read(self._bucket, key)
            return answers_from(body, question, statements) if body is not None else None
        except (DashboardError, NotReadable) as error:
            _log.warning("stored answers are not used", object=f"s3://{self._bucket}/{key}", reason=str(error))
            return None

    def _keep(self, dataset: Dataset, manifest: Manifest, question: str, answers: Sequence[Answer]) -> None:
        key = answers_key(dataset.target.prefix)
        try:
            body = body_from(question, answers)
            # What was published while Athena read may be in the answers: they are those of no one export.
            if body is None or self._records.manifest(dataset) != manifest:
                return
            if not is_as_recorded(manifest, self._records.data(dataset)):
                return
            before = self._objects.read_version(self._bucket, key)
            # Where another process writes at this moment, its answer is as good.
            self._objects.put(self._bucket, key, body, etag=before[1] if before else None)
        except DashboardError as error:
            _log.warning("answers are not stored", object=f"s3://{self._bucket}/{key}", reason=str(error))
