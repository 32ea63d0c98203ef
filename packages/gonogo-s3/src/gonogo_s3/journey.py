"""Verbs of S3 for the steps of journeys."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.marks import PREFIX, Leftovers, Marks
from gonogo.families.verbs import Verbs
from gonogo_s3.client import Refused, S3Question, asked, bucket_questions
from gonogo_s3.section import S3
from gonogo_s3.writing import remove

Answer = TypeVar("Answer")
_LARGEST = 65_536
_MOST_KEYS = 10_000
_ABSENT = frozenset({"NoSuchKey", "404"})


class S3Verbs(Verbs[S3]):
    """``walk.s3``, asked with the service's own key. Raises UsageError for a bucket that is not declared."""

    model = S3

    def stored(self, bucket: str, key: str) -> str | None:
        """The beginning of an object as text, 64 KiB at the most; None without one.

        Raises Unobserved when S3 cannot be asked.
        """
        question = self._question(bucket)
        return self.walk.looked(f"S3 {bucket}/{key}", lambda: self._ask(question, partial(_text, bucket, key)))

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Objects below the declared prefixes that carry a mark: what the write probe could not remove itself."""
        for bucket in self.section.buckets:
            yield Leftovers(f"objects in {bucket}", partial(self._marked, marks, bucket), partial(self._remove, bucket))

    def _marked(self, marks: Marks, bucket: str) -> Sequence[str]:
        question = self._question(bucket)
        keys = self._ask(question, partial(_keys, bucket, question.prefix + PREFIX)) or []
        return [key for key in keys if marks.in_text(key)]

    def _remove(self, bucket: str, keys: Sequence[str]) -> None:
        for key in keys:
            self._ask(self._question(bucket), partial(remove, bucket=bucket, key=key))

    def _question(self, bucket: str) -> S3Question:
        questions = {
            question.bucket: question for question in bucket_questions(self.world.environment, self.world.secrets)
        }
        if bucket not in questions:
            declared = ", ".join(questions) or "none"
            raise UsageError(f"this step asks for bucket {bucket}, but [s3.buckets] declares {declared}")
        return questions[bucket]

    def _ask(self, question: S3Question, work: Callable[[Any], Answer]) -> Answer | None:
        try:
            answer: Answer = self.world.run(asked, question, work)
        except Refused as error:
            if error.code in _ABSENT:
                return None
            raise Unobserved(f"S3 could not be asked about bucket {question.bucket}: {error}") from None
        return answer


def _text(bucket: str, key: str, client: Any) -> str:  # noqa: ANN401 - botocore's client
    body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read(_LARGEST)
    return body.decode("utf-8", "replace")


def _keys(bucket: str, prefix: str, client: Any) -> list[str]:  # noqa: ANN401 - as above
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": _MOST_KEYS}
    )
    return [entry["Key"] for page in pages for entry in page.get("Contents") or []]
