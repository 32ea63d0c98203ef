"""``[requests.NAME]`` of an environment file: a request, and what its answer must be."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from gonogo.base.durations import format_duration
from gonogo.environment.entry_check import EntryCheck
from gonogo.environment.pages import Status, several_statuses
from gonogo.environment.section import Section
from gonogo.environment.types import Duration, Effect, HostOrAddress, MaybeTexts, SecretName, Text, UrlPath

METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
_READING = {"get", "head", "options"}
_WITH_BODY = {"post", "put", "patch", "delete"}


def _expression(value: str) -> str:
    try:
        jmespath.compile(value)
    except JMESPathError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"not a JMESPath expression ({reason[:200]}); see jmespath.org") from None
    return value


Expression = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_expression)]
Expressions = Annotated[
    tuple[Expression, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=100)]


HeaderRule = str | bool
"""Text that stands in it; or whether it is there at all."""


class PageRule(Section):
    """What makes an answer a page that people read without a login. Case and line breaks do not matter."""

    title: Text = Field(description="Text that must stand in the title of the page.")
    characters: int = Field(
        default=500, ge=1, le=500_000, description="The least amount of text, without menus, footers and scripts."
    )
    contains: MaybeTexts = Field(default=(), description="What must stand in that text.")


class RequestEntry(EntryCheck):
    """One request to each address of a host. Without more than a method and a path, any 2xx is right."""

    model_config = ConfigDict(populate_by_name=True)

    get: UrlPath | None = None
    head: UrlPath | None = None
    options: UrlPath | None = None
    post: UrlPath | None = None
    put: UrlPath | None = None
    patch: UrlPath | None = None
    delete: UrlPath | None = None
    host: HostOrAddress | None = Field(default=None, description="One of [hosts]; that of base_url if missing.")
    send: Mapping[str, Any] | tuple[Any, ...] | str | None = Field(
        default=None, description="The body: a table or a list as JSON, a text as it is."
    )
    headers: Mapping[HeaderName, str] = Field(default_factory=dict, description="Headers that are sent.")
    token: SecretName | None = Field(default=None, description="Sent as a bearer token.")
    key: SecretName | None = Field(default=None, description="Sent in the header that key_header names.")
    key_header: HeaderName = "X-API-Key"
    effect: Literal["read", "write", "intrusive", "money"] | None = Field(
        default=None, description="What it does to the service; by its method if missing: GET, HEAD and OPTIONS read."
    )
    status: Annotated[tuple[Status, ...], BeforeValidator(several_statuses)] = Field(
        default=(), description="The right status, or several of them; any of 2xx if empty."
    )
    expressions: Expressions = Field(
        default=(), alias="json", description="JMESPath expressions, each of which must be true of the JSON body."
    )
    header: Mapping[HeaderName, HeaderRule] = Field(
        default_factory=dict,
        description="Text that must stand in a header of the reply; true: it must be there, false: it must not.",
    )
    body: Text | None = Field(default=None, description="Text that must stand in the body.")
    never: Text | None = Field(default=None, description="Text that must not stand in the body.")
    within: Duration | None = Field(default=None, description="How soon the whole reply must be there.")
    page: PageRule | None = Field(default=None, description="The reply is an HTML page, and no login; what is in it.")
    fresh: Duration | None = Field(
        default=None, description="How old the reply's text may be, by its Last-Modified (RFC 9110, 8.8.2)."
    )
    follow: bool | None = Field(
        default=None,
        description="Whether redirects at the same host are followed; if missing, unless a redirect is the right status.",
    )

    @model_validator(mode="after")
    def _is_one_request(self) -> Self:
        methods = [method for method in METHODS if getattr(self, method) is not None]
        if len(methods) != 1:
            listed = " and ".join(methods) or "none of them"
            raise ValueError(
                f'exactly one of {", ".join(METHODS)} is expected, as in get = "/products"; there is {listed}'
            )
        if self.send is not None and methods[0] not in _WITH_BODY:
            raise ValueError(f"send: a {methods[0]} has no body; write {', '.join(sorted(_WITH_BODY))} in its place")
        if (self.page or self.fresh) and methods[0] != "get":
            raise ValueError(f"{'page' if self.page else 'fresh'}: a page is read with get, not with {methods[0]}")
        if self.follow and methods[0] not in _READING:
            raise ValueError(f"follow: a {methods[0]} is not sent twice; declare the redirect as its status")
        return self

    @property
    def method(self) -> str:
        """The method, in upper case."""
        return next(method for method in METHODS if getattr(self, method) is not None).upper()

    @property
    def path(self) -> str:
        """The path with its query."""
        path: str = getattr(self, self.method.lower())
        return path

    @property
    def reads(self) -> bool:
        """Whether the method changes nothing, so that it may be sent again."""
        return self.method.lower() in _READING

    @property
    def follows(self) -> bool:
        """Whether redirects are followed."""
        redirected = any(300 <= status < 400 for status in self.status)  # noqa: PLR2004 - 3xx
        return self.reads and not redirected if self.follow is None else self.follow

    @property
    def effect_on_target(self) -> Effect:
        """The effect that is declared, else the one that the method has."""
        return Effect(self.effect) if self.effect else Effect.READ if self.reads else Effect.WRITE

    @property
    def words(self) -> str:
        """The request, and what is expected of it."""
        wanted = " or ".join(map(str, self.status)) or "2xx"
        within = f" within {self.within / timedelta(milliseconds=1):g} ms" if self.within else ""
        page = f" and the page {self.page.title!r}" if self.page else ""
        fresh = f", at most {format_duration(self.fresh)} old" if self.fresh else ""
        return f"{self.method} {self.path} is answered with {wanted}{page}{fresh}{within}"
