"""Reads the documents that an environment file declares, as they are committed."""

import asyncio
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.documents import DocumentEvidence
from gonogo.families.entry_question import EntryQuestion
from gonogo.families.repository import changes
from gonogo.families.repository.document_entry import DocumentEntry
from gonogo.families.repository.git import git, incomplete, top_level
from gonogo.families.variables.section import Variables

DocumentQuestion = EntryQuestion[DocumentEntry, str]
"""One document, and the folder that its paths are seen from."""
_MARKDOWN = (".md", ".markdown")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|#|$")
_SHOWN = 5
_UNSHALLOW = "git fetch --unshallow (GitHub Actions: fetch-depth: 0; GitLab: GIT_DEPTH: 0)"


def document_questions(environment: Environment, _secrets: Secrets) -> Sequence[DocumentQuestion]:
    """Every declared document."""
    variables: Variables | None = environment.section(Variables)
    usual = variables.repository if variables else "."
    return [
        DocumentQuestion(entry=entry, place=entry.repository or usual, host="documents", scope=("documents", name))
        for name, entry in environment.table(DocumentEntry).items()
    ]


async def probe_document(question: DocumentQuestion) -> DocumentEvidence:
    """Ask git, beside the event loop."""
    return await asyncio.to_thread(_look, question)


def _look(question: DocumentQuestion) -> DocumentEvidence:
    entry, taken_at, folder = question.entry, datetime.now(UTC), Path(question.place)
    root = top_level(folder)
    seen = _Look(root=root, within=folder.resolve().relative_to(root.resolve()).as_posix())
    seen.look(entry)
    return DocumentEvidence(
        scope=question.scope,
        taken_at=taken_at,
        file=entry.file,
        commit=seen.edit.id if seen.edit else "",
        changed_at=seen.edit.made_at if seen.edit else None,
        departures=tuple(seen.departures),
        unread=seen.unread,
    )


@dataclass(slots=True, kw_only=True)
class _Look:
    """One document, and what came of looking at it."""

    root: Path
    within: str
    """The folder that declared paths are seen from, from the root of the repository."""
    departures: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    edit: changes.Commit | None = None

    def look(self, entry: DocumentEntry) -> None:
        """Is it committed, what is in it, and is it younger than what it is about?"""
        path = self._path(entry.file)
        mode = changes.modes(self.root, [path]).get(path, "")
        if not mode.startswith("100"):
            self._no_file(path, mode)
            return
        content = git(self.root, "cat-file", "blob", f"HEAD:{path}")
        if b"\0" in content:
            self.unread["it is no text, so that nobody can tell what is in it"] = "keep it as text, or attest the line"
        else:
            self.departures += _missing(entry, content.decode(errors="replace"))
            self._links(path, content.decode(errors="replace"))
        self._age(path, entry.about)
        if self.departures and any(changes.uncommitted(self.root, [path])):
            self.departures.append("its changes that are not committed do not count")

    def _path(self, declared: str) -> str:
        return posixpath.normpath(posixpath.join(self.within, declared))

    def _no_file(self, path: str, mode: str) -> None:
        if mode == changes.LINK:
            self.departures.append("it is a symbolic link; declare the file that it leads to")
        elif mode:
            self.departures.append("it is a folder; declare a file in it")
        elif submodule := changes.submodule_of(self.root, path):
            self.unread[f"it is in the submodule {submodule}, which has a history of its own"] = (
                f'declare it with repository = "{submodule}", and its paths from there on'
            )
        elif (self.root / path).exists():
            self.departures.append("it is not committed: whoever has a clone does not have it")
        else:
            self.departures.append("there is no such file in the repository")

    def _links(self, path: str, text: str) -> None:
        if not path.lower().endswith(_MARKDOWN):
            return
        targets = {link: _target(path, link) for link in _links(text)}
        there = changes.modes(self.root, targets.values())
        dead = [link for link, target in targets.items() if target not in there]
        inside = {link: submodule for link in dead if (submodule := changes.submodule_of(self.root, targets[link]))}
        for link, submodule in inside.items():
            self.unread[f"its link {link} leads into the submodule {submodule}"] = "look whether it is there"
        if dead := [link for link in dead if link not in inside]:
            more = f" and {len(dead) - _SHOWN} more" if len(dead) > _SHOWN else ""
            self.departures.append(f"its links lead nowhere: {', '.join(dead[:_SHOWN])}{more}")

    def _age(self, path: str, about: Sequence[str]) -> None:
        if not about:
            return
        if "shallow" in (reason := incomplete(self.root)):
            self.unread[f"when it last changed is not known: {reason}"] = _UNSHALLOW
            return
        self.edit = changes.last_edit(self.root, path)
        subjects = {declared: self._path(declared) for declared in about}
        there = changes.modes(self.root, subjects.values())
        for declared, subject in subjects.items():
            if subject in there:
                self._compare(declared, subject)
            elif submodule := changes.submodule_of(self.root, subject):
                self.unread[f"{declared} is in the submodule {submodule}, which has a history of its own"] = (
                    f"declare the submodule itself: about = {submodule!r}"
                )
            else:
                self.departures.append(f"what it is about is not in the repository: {declared}")

    def _compare(self, declared: str, subject: str) -> None:
        if differing := next(changes.uncommitted(self.root, [subject]), ""):
            self.unread[f"{differing} has changes that are not committed: nobody knows when it changed"] = (
                "commit them, or run gonogo in a clean clone of the release"
            )
        change = changes.last_change(self.root, subject)
        if self.edit and change and changes.came_before(self.root, self.edit, change):
            self.departures.append(
                f"it is of {self.edit.shown}, and {declared} changed on {change.shown}: does it still hold?"
            )


def _missing(entry: DocumentEntry, text: str) -> Iterator[str]:
    shown = _folded(_COMMENT.sub(" ", text))
    if len(shown) < entry.characters:
        yield f"it has {len(shown)} characters, at least {entry.characters} are expected"
    for words in entry.contains:
        if _folded(words) not in shown:
            yield f"{words!r} does not stand in it"


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _links(text: str) -> Iterator[str]:
    """Every target in the Markdown that is a path: not those of other hosts, and not those in the page itself."""
    for token in MarkdownIt().enable("table").parse(text):
        for child in token.children or ():
            target = str(child.attrs.get("href") or child.attrs.get("src") or "")
            if not _ELSEWHERE.match(target) and urlsplit(target).path:
                yield target


def _target(file: str, link: str) -> str:
    path = unquote(urlsplit(link).path)
    return posixpath.normpath(
        path.lstrip("/") if path.startswith("/") else posixpath.join(posixpath.dirname(file), path)
    )
