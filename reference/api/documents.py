"""A professional's documents: stored only if they are what they claim to be, and shown to nobody else."""

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Annotated

from bson import Binary
from fastapi import APIRouter, HTTPException, Response, UploadFile
from fastapi import File as FilePart
from pydantic import BaseModel

from reference.api.attempts import errors_counted
from reference.api.limits import limit_user
from reference.api.requests import Id
from reference.api.service import CurrentService, Document, Service
from reference.api.stores import CurrentStores
from reference.api.tokens import CurrentProfessional, CurrentUser

router = APIRouter(prefix="/api/documents", tags=["documents"])
LARGEST_BYTES = 1024 * 1024
_SIGNATURES = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class Stored(BaseModel):
    """A document without its content."""

    id: str
    name: str
    content_type: str
    size: int
    sha256: str


class Documents:
    """Keeps and finds them."""

    largest_bytes = LARGEST_BYTES

    def __init__(self, service: Service) -> None:
        self.service = service

    def type_of(self, content: bytes) -> str | None:
        """The type by the first bytes, whatever the upload called it; None for one that is not taken."""
        return next((kind for signature, kind in _SIGNATURES.items() if content.startswith(signature)), None)

    async def keep(self, owner: Document, name: str, content: bytes) -> Document:
        """Store one. Raises 413 and 415."""
        kind = self.type_of(content)
        if len(content) > self.largest_bytes:
            raise HTTPException(413, f"at most {self.largest_bytes} bytes are taken")
        if kind is None:
            raise HTTPException(415, "PDF, PNG or JPEG is expected")
        document = {
            "_id": secrets.token_hex(12),
            "owner_id": owner["_id"],
            "name": name[:200],
            "content_type": kind,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "content": Binary(content),
            "created_at": datetime.now(UTC),
        }
        await self.service.collection("documents").insert_one(document)
        return document

    async def find(self, user: Document, document_id: str) -> Document:
        """The caller's own. Raises 404: whether another one's exists is nobody's business."""
        document = await self.service.collection("documents").find_one({"_id": document_id, **self.visible_to(user)})
        if document is None:
            raise HTTPException(404, "no such document")
        return document

    def visible_to(self, user: Document) -> Document:
        """The filter for what this user may see."""
        return {"owner_id": user["_id"]}


@router.post(
    "",
    status_code=201,
    responses={401: {}, 403: {}, 413: {}, 415: {}, 429: {}},
    dependencies=[errors_counted("uploads")],
)
async def upload(
    file: Annotated[UploadFile, FilePart()], user: CurrentProfessional, stores: CurrentStores, service: CurrentService
) -> Stored:
    """Take one document of a professional."""
    await limit_user(service, "upload", user["_id"])
    try:
        document = await stores.documents.keep(user, file.filename or "document", await file.read())
    except HTTPException:
        service.metrics.uploads.labels("refused").inc()
        raise
    service.metrics.uploads.labels("accepted").inc()
    return _shown(document)


@router.get("", responses={401: {}})
async def own(user: CurrentUser, stores: CurrentStores, service: CurrentService) -> list[Stored]:
    """All of the caller's."""
    documents = service.collection("documents").find(stores.documents.visible_to(user), {"content": 0}).limit(100)
    return [_shown(document) async for document in documents]


@router.get("/{document_id}", responses={401: {}, 404: {}}, response_class=Response)
async def content(document_id: Id, user: CurrentUser, stores: CurrentStores) -> Response:
    """The bytes, as they were uploaded."""
    document = await stores.documents.find(user, document_id)
    return Response(bytes(document["content"]), media_type=document["content_type"])


def _shown(document: Document) -> Stored:
    return Stored(id=document["_id"], **{key: document[key] for key in ("name", "content_type", "size", "sha256")})
