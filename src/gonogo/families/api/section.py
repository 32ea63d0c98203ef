"""The section ``[api]`` of an environment file."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from gonogo.environment.section import Section
from gonogo.environment.types import Duration, SecretName, Size, Text, TrustFile, UrlPath
from gonogo.families.api.placeholders import OWN_PLACEHOLDERS, placeholders
from gonogo.families.requests.section import Expression, HeaderName

_ACCOUNTS_NEEDED = 2


class FilePart(Section):
    """A file as a browser's form sends it (RFC 7578)."""

    field: Text = "file"
    name: Text = "gonogo.txt"
    type: Text = "text/plain"
    content: Text = Field(default="{mark}", description="What it begins with.")


class Call(Section):
    """One request with a body: a JSON object, a form, or a file."""

    post: UrlPath | None = None
    put: UrlPath | None = None
    send: Mapping[Text, Any] = Field(default_factory=dict, description="Fields of the body.")
    form: bool = Field(default=False, description="true: the fields are sent as a form, not as JSON.")
    file: FilePart | None = None

    @model_validator(mode="after")
    def _is_one_request(self) -> Self:
        if (self.post is None) == (self.put is None):
            message = 'exactly one of post and put is expected, as in post = "/login"'
            raise ValueError(message)
        return self

    @property
    def method(self) -> str:
        """``POST`` or ``PUT``."""
        return "PUT" if self.post is None else "POST"

    @property
    def path(self) -> str:
        """The path with its query."""
        return self.post or self.put or ""


class Login(Call):
    """Exchanges what a user knows for a token: in the JSON reply, or in a cookie."""

    token: Expression | None = Field(default=None, description="Where the token stands in the JSON reply (JMESPath).")
    cookie: Text | None = Field(default=None, description="The cookie that holds the token.")
    id: Expression | None = Field(
        default=None, description="Where the user's id stands in the JSON reply, for the placeholder {id} (JMESPath)."
    )

    @model_validator(mode="after")
    def _token_is_somewhere(self) -> Self:
        if (self.token is None) == (self.cookie is None):
            message = 'exactly one of token and cookie is expected, as in token = "access_token"'
            raise ValueError(message)
        return self


class SentToken(Section):
    """How a token is sent; ``Authorization: Bearer …`` unless said otherwise."""

    header: HeaderName = "Authorization"
    scheme: str = Field(default="Bearer", max_length=40, description="The word before the token; empty: none.")
    cookie: Text | None = Field(default=None, description="The cookie that it is sent in, in place of the header.")


class Account(Section):
    """A user who exists already, and belongs to those who test."""

    email: Text
    user: str = ""
    password: SecretName


class OwnObject(Call):
    """Something that a user makes, and nobody else may read."""

    id: Expression | None = Field(default=None, description="Where its id stands in the JSON reply (JMESPath).")
    get: UrlPath = Field(description="Where its owner reads it, as in /orders/{id}.")


class Upload(Call):
    """A file that is taken up to a size."""

    limit: Size
    counts: Literal["file", "body"] = Field(
        default="file", description='What may be so large: the file, or ("body") the whole request around it.'
    )
    listed: UrlPath | None = Field(
        default=None,
        description="Where users see the names of their files (GET): one that was refused must not be there.",
    )

    @model_validator(mode="after")
    def _names_are_sent(self) -> Self:
        if self.listed and self.file is None:
            message = "listed: without a file there is no name that could be listed; declare file, or leave listed out"
            raise ValueError(message)
        return self


class RateLimit(Call):
    """A class of routes that one user may ask so often: by one of them, in a way that makes nothing that stays."""

    get: UrlPath | None = None
    most: Annotated[int, Field(ge=1, le=2000)] = Field(description="So many requests of one user are answered …")
    within: Duration = Field(default=timedelta(minutes=1), description="… within this time; the next one gets 429.")
    user: Mapping[Text, Any] = Field(
        default_factory=dict, description="What of [api.register] is sent otherwise for who asks."
    )
    stranger: bool = Field(default=False, description="true: asked without a token, and counted by the address sent.")

    @model_validator(mode="after")
    def _is_one_request(self) -> Self:
        if [self.get, self.post, self.put].count(None) != 2:  # noqa: PLR2004 - of three
            message = 'exactly one of get, post and put is expected, as in get = "/search?city={mark}"'
            raise ValueError(message)
        return self

    @property
    def method(self) -> str:
        """``GET``, ``POST`` or ``PUT``."""
        return "GET" if self.get else super().method

    @property
    def path(self) -> str:
        """The path with its query."""
        return self.get or super().path


class SigningKey(Section):
    """The variable from which the service takes the shared key of its tokens."""

    file: Text = Field(description="Name of the file under [variables.files].")
    variable: Text = "SECRET_KEY"


class Derivation(Section):
    """What the OpenAPI document gave, and what it did not: keys of ``[api]``, with where from, or why not."""

    taken: Mapping[Text, str] = Field(default_factory=dict)
    missing: Mapping[Text, str] = Field(default_factory=dict)


class Document(Section):
    """A budget for holding the service against its whole OpenAPI document."""

    requests: Annotated[int, Field(ge=10, le=100_000)] = Field(default=300, description="The most that are sent.")
    seconds: Annotated[int, Field(ge=1, le=3600)] = Field(default=60, description="The most time that it takes.")
    seed: int = Field(default=1, ge=0, description="The same seed sends the same requests.")
    exclude: tuple[Text, ...] = Field(default=(), description="Operations that are not asked, as in 'DELETE /me'.")
    users: tuple[Mapping[Text, Any], ...] = Field(
        default=(),
        description="Further users, who are asked as whom the first may not: each with the fields of [api.register] that "
        "are other for it.",
    )
    writes: bool = Field(
        default=False,
        description="true: POST, PUT, PATCH and DELETE are sent as well; what they make stays, unless it goes with its user.",
    )


class Api(Section):
    """How one registers, logs in, and sends a token; what is whose. The bundled security journey walks it."""

    model_config = ConfigDict(populate_by_name=True)

    from_openapi: bool = Field(
        default=False, description="true: keys that are not written here are taken from the document at http.openapi."
    )
    derivation: Derivation | None = Field(default=None, description="gonogo's own: what a run took from the document.")
    login: Login | None = None
    register_: Call | None = Field(default=None, alias="register", description="How a stranger gets an account.")
    accounts: Mapping[Text, Account] = Field(
        default_factory=dict, description="Two test users, where nobody can register."
    )
    administrator: Account | None = None
    values: Mapping[Text, SecretName] = Field(
        default_factory=dict, description="Further placeholders, each with the name of the secret that it stands for."
    )
    sent: SentToken = SentToken()
    signed_with: SigningKey | None = Field(
        default=None,
        description="Where the key stands that tokens are signed with: one that is live must verify under it.",
    )
    opaque: bool = Field(default=False, description="true: tokens are no JWTs, and say nothing to who holds them.")
    me: UrlPath | None = Field(
        default=None, description="What tells users who they are (GET), as in /me or /users/{id}."
    )
    who: Expression | None = Field(
        default=None, description="Where that stands in the reply: another value for each user (JMESPath)."
    )
    closed: tuple[UrlPath, ...] = Field(default=(), description="Paths that users may read, and strangers may not.")
    admin: tuple[UrlPath, ...] = Field(default=(), description="Paths that administrators may read only.")
    objects: Mapping[Text, OwnObject] = Field(default_factory=dict)
    lookups: tuple[UrlPath, ...] = Field(
        default=(), description="Paths that find something by a value, as in /users/{user}."
    )
    body_limit: Size | None = Field(default=None, description="The largest body that a login may have.")
    upload: Upload | None = None
    document: Document | None = None
    limits: Mapping[Text, RateLimit] = Field(
        default_factory=dict, description="Classes of routes with how often one user may ask them."
    )
    jwks: UrlPath | None = Field(default=None, description="Where public keys of tokens are published (RFC 7517).")
    public_key: TrustFile | None = Field(default=None, description="The PEM file of the public key of tokens.")
    remove: UrlPath | None = Field(
        default=None, description="Where users delete their own account (DELETE), as in /me or /users/{id}."
    )

    @model_validator(mode="after")
    def _somebody_can_log_in(self) -> Self:
        silent = [key for key in ("login", "me", "who") if getattr(self, key) is None]
        if silent and not self.from_openapi:
            message = (
                f"{silent[0]} is missing: write it, or from_openapi = true to take it from the document at http.openapi"
            )
            raise ValueError(message)
        if not self.from_openapi and self.register_ is None and len(self.accounts) < _ACCOUNTS_NEEDED:
            message = "register is missing: declare how one registers, or two test users as [api.accounts.NAME]"
            raise ValueError(message)
        if self.register_ is not None and self.accounts:
            message = "register and accounts are both declared; leave out the one that is not to be used"
            raise ValueError(message)
        if self.document and self.document.users and self.register_ is None and not self.from_openapi:
            message = "document.users are registered as [api.register] says, and there is none; leave them out"
            raise ValueError(message)
        if self.admin and self.administrator is None:
            message = (
                "admin needs [api.administrator]: that administrators are answered there is the proof of a refusal"
            )
            raise ValueError(message)
        if self.opaque and (self.jwks or self.public_key or self.signed_with):
            message = "opaque: tokens that have a key are no opaque ones; leave out opaque, or jwks, public_key and signed_with"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> Self:
        if taken := sorted(OWN_PLACEHOLDERS & self.values.keys()):
            message = f"values: {', '.join(taken)} is a placeholder of gonogo's own; name it otherwise"
            raise ValueError(message)
        declared = OWN_PLACEHOLDERS | self.values.keys()
        for where, value in self._filled():
            if unknown := sorted(placeholders(value) - declared):
                message = f"{where}: {{{unknown[0]}}} stands for nothing; there are {', '.join(sorted(declared))}"
                raise ValueError(message)
        return self

    def gave(self, key: str) -> bool:
        """Whether the document gave this key: what it says of a path may not be so for every user."""
        return self.derivation is not None and key in self.derivation.taken

    @property
    def signed(self) -> bool:
        """Whether tokens are JWTs."""
        return not self.opaque

    def _filled(self) -> Iterator[tuple[str, object]]:
        calls = {"login": self.login, "register": self.register_, "upload": self.upload, **self.objects, **self.limits}
        for where, call in calls.items():
            if call is not None:
                yield where, [call.path, call.send, call.file.content if call.file else ""]
        yield from (("objects", own.get) for own in self.objects.values())
        yield "lookups", list(self.lookups)
        yield "me", [self.me or "", self.remove or ""]
