"""A page, with what its console said, what it asked for in vain, and a picture of it that shows no secret."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

from gonogo.base.redaction import Redactor
from gonogo.clients.replies import masked
from gonogo.evidence.journey import PageRecord, RequestRecord

_MOST, _LONGEST = 20, 300
_LARGEST_BYTES = 150_000
_QUALITIES = (70, 40, 15)
"""Of a JPEG, in percent: the first that is small enough."""
_PICTURE_MILLISECONDS = 5000
_RECORDED = {"document", "xhr", "fetch"}
"""Kinds of requests that are evidence; pictures and style sheets of a page are not."""
_PRIVATE_FIELDS = ", ".join(
    (
        "input[type=password]",
        *(f"input[autocomplete*={word} i]" for word in ("password", "one-time-code", "cc-")),
        *(
            f"input[{name}*={word} i]"
            for name in ("name", "id")
            for word in ("password", "passwd", "secret", "token", "card", "cvc", "cvv")
        ),
    )
)
"""Fields that are covered, also where a button shows what stands in them."""
_TEXTS = """
selector => {
    const texts = [document.title], typed = [];
    const visit = root => {
        for (const element of root.querySelectorAll("*")) {
            if (element.shadowRoot) { texts.push(element.shadowRoot.textContent); visit(element.shadowRoot); }
            if (!("value" in element) || typeof element.value !== "string") continue;
            (element.matches(selector) ? typed : texts).push(element.value);
        }
    };
    visit(document);
    return [texts.concat(document.body ? document.body.innerText : "").join("\\n"), typed];
}
"""
"""All that a reader could see of a document, what stands in its fields included; and what stands in private ones."""
_SHORTEST_TYPED = 4


class WatchedPage:
    """One page of a journey."""

    def __init__(self, page: Page, redactor: Redactor, record: Callable[[RequestRecord], None]) -> None:
        self._page = page
        self.typed: Sequence[str] = ()
        """What stood in private fields when it was recorded."""
        self._redactor = redactor
        self._record = record
        self._errors: list[str] = []
        self._failed: list[str] = []
        self._statuses: dict[Request, int] = {}
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._errors.append(self._shown(str(error))))
        page.on("response", self._answered)
        page.on("requestfinished", self._finished)
        page.on("requestfailed", self._failed_to_load)

    @property
    def is_open(self) -> bool:
        """Whether nobody closed it."""
        return not self._page.is_closed()

    def forget(self) -> None:
        """Forget what was said until now."""
        self._errors.clear()
        self._failed.clear()

    def record(self) -> PageRecord:
        """What it shows now."""
        image, reason, title = "", "", ""
        try:
            image, reason = self._picture()
            title = self._page.title()
        except Error as error:
            reason = f"no picture could be taken: {error}"
        return PageRecord(
            url=self._shown(_without_query(self._page.url)),
            title=self._shown(title),
            image=image,
            no_image=self._shown(reason),
            errors=tuple(without(error, self.typed) for error in self._errors[:_MOST]),
            failed_requests=tuple(self._failed[:_MOST]),
        )

    def _picture(self) -> tuple[str, str]:
        """The picture, or why there is none: what the page shows in plain text cannot be covered."""
        # In this order: a page that hangs lets a picture time out, and an evaluation never.
        image, reason = self._taken()
        readable = self._readable()
        if names := self._redactor.names_in(readable):
            return "", f"the page shows {', '.join(sorted(names))}, so its picture was not kept"
        return image, reason

    def _readable(self) -> str:
        """All that is to be read in it; what was typed into private fields is kept, so that no message tells it."""
        read = [frame.evaluate(_TEXTS, _PRIVATE_FIELDS) for frame in self._page.frames]
        self.typed = [value for _, typed in read for value in typed if len(value) >= _SHORTEST_TYPED]
        return "\n".join(text for text, _ in read)

    def _taken(self) -> tuple[str, str]:
        covered = [frame.locator(_PRIVATE_FIELDS) for frame in self._page.frames]
        for quality in _QUALITIES:
            content = self._page.screenshot(
                type="jpeg",
                quality=quality,
                scale="css",
                mask=covered,
                mask_color="#444444",
                animations="disabled",
                timeout=_PICTURE_MILLISECONDS,
            )
            if len(content) <= _LARGEST_BYTES:
                return b64encode(content).decode(), ""
        return "", f"the picture is larger than {_LARGEST_BYTES // 1000} kB"

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._errors.append(self._shown(message.text))

    def _answered(self, response: Response) -> None:
        self._statuses[response.request] = response.status
        if response.status >= HTTPStatus.BAD_REQUEST:
            self._failed.append(self._shown(f"{_asked(response.request)} answered {response.status}"))

    def _failed_to_load(self, request: Request) -> None:
        reason = request.failure or "it failed"
        status = self._statuses.get(request, 0)
        if status < HTTPStatus.BAD_REQUEST:  # else it is told already: a body that no script reads is not loaded
            self._failed.append(self._shown(f"{_asked(request)}: {reason}"))
        self._keep(request, reason)

    def _finished(self, request: Request) -> None:
        self._keep(request, "")

    def _keep(self, request: Request, problem: str) -> None:
        status = self._statuses.pop(request, None)
        if request.resource_type in _RECORDED:
            # -1 where the browser does not know.
            elapsed = timedelta(milliseconds=round(max(request.timing["responseEnd"], 0.0), 1))
            shown = self._shown(_asked(request))
            self._record(
                RequestRecord(request=shown, status=status, received="" if status else problem, elapsed=elapsed)
            )

    def _shown(self, text: str) -> str:
        return masked(self._redactor.text(" ".join(text.split())))[:_LONGEST]


def without(text: str, typed: Iterable[str]) -> str:
    """The text without what was typed into private fields."""
    for value in sorted(typed, key=len, reverse=True):
        text = text.replace(value, "***")
    return text


def _asked(request: Request) -> str:
    return f"{request.method} {_without_query(request.url)}"


def _without_query(url: str) -> str:
    """Tokens stand in queries and fragments; and a data: URL is its own content."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        return f"{parts.scheme}:…" if parts.scheme in {"data", "blob"} else url
    cut = "?…" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{cut}"
