"""``[documents.NAME]`` of an environment file: a document in the repository, and what it is about."""

from typing import Annotated

from pydantic import AfterValidator, Field

from gonogo.environment.entry_check import EntryCheck
from gonogo.environment.types import FolderPath, MaybeTexts, Text


def _inside(path: str) -> str:
    if path.startswith("/") or "\0" in path:
        raise ValueError(f"{path!r} is no path inside the repository; write it from there on, as docs/deployment.md")
    return path


def _all_inside(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_inside, paths))


class DocumentEntry(EntryCheck):
    """A text that is committed, says what it must, and was looked at after what it is about had changed."""

    file: Annotated[Text, AfterValidator(_inside)] = Field(description="Its path in the repository.")
    about: Annotated[MaybeTexts, AfterValidator(_all_inside)] = Field(
        default=(), description="Files and folders: no commit that changed one of them is later than its own last one."
    )
    contains: MaybeTexts = Field(default=(), description="What must stand in it; case and line breaks do not matter.")
    characters: int = Field(default=500, ge=1, le=500_000, description="The least amount of text.")
    repository: FolderPath | None = Field(
        default=None, description="A folder of the clone that paths are seen from; variables.repository if missing."
    )

    @property
    def words(self) -> str:
        """The document, and what it keeps up with."""
        if not self.about:
            return f"{self.file} is committed, and says what it must"
        return f"{self.file} is committed, says what it must, and is not older than {', '.join(self.about)}"
