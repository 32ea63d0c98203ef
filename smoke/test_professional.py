"""A professional proves who they are: documents are taken, refused when they should be, and given back as they were."""

from hashlib import shake_256

import pytest

from gonogo.base.comparing import equal, so
from smoke.people import WorkMe

# As large as a photograph of a paper: what is cut off after the first packet, or the first buffer, shows.
_PDF = b"%PDF-1.4\n%" + shake_256(b"document").digest(512 * 1024) + b"\n%%EOF\n"
_PROGRAM = b"MZ\x90\x00" + b"\x00" * 60


@pytest.mark.check("professional-registers")
def test_professional_registers_and_logs_in(walk: WorkMe) -> None:
    """Without professionals there is nothing to book.

    Fix: POST /api/auth/register must take the role "professional"; read the service's log of this request.
    """
    professional = walk.keep["professional"] = walk.join("professional", "professional")
    role = professional.get("/api/profile").document(200).text("role")
    assert equal(role, "professional", "role"), f"a professional registered, but has the role {role}"


@pytest.mark.check("professional-uploads")
def test_professional_uploads_a_document(walk: WorkMe) -> None:
    """Without documents nobody is verified, so nobody can be booked.

    Fix: look at the disk or bucket where documents are kept, at its rights, and at the proxy's body limit.
    """
    professional = walk.keep["professional"]
    name = f"{walk.world.mark}.pdf"
    stored = professional.upload("/api/documents", name, _PDF, "application/pdf").document(201)
    walk.keep["document"] = stored.text("id")
    listed = [document.text("id") for document in professional.get("/api/documents").documents(200)]
    assert so(walk.keep["document"] in listed, "document", "listed", "not listed"), (
        "a document was accepted, but is not listed"
    )


@pytest.mark.check("professional-document-intact")
def test_document_comes_back_as_it_was(walk: WorkMe) -> None:
    """A document that is cut off fails the verification weeks later, when nobody remembers the upload.

    Fix: compare size and digest after storing; look for a body limit that truncates silently.
    """
    reply = walk.keep["professional"].get(f"/api/documents/{walk.keep['document']}").answers(200)
    content = reply.body.content
    assert so(content == _PDF, "document that comes back", "the same", "another"), (
        f"{len(_PDF)} bytes were uploaded; the {len(content)} bytes that came back are different"
    )


@pytest.mark.check("professional-upload-types")
def test_programs_are_refused(walk: WorkMe) -> None:
    """A program that is stored as a document may run in our own back office after one click.

    Fix: look at the first bytes, not at the name or the declared type; answer 415.
    """
    professional = walk.keep["professional"]
    disguised = professional.upload("/api/documents", f"{walk.world.mark}.pdf", _PROGRAM, "application/pdf")
    disguised.refuses(400, 415, 422)


@pytest.mark.check("professional-upload-role")
def test_strangers_upload_nothing(walk: WorkMe) -> None:
    """Attackers soon find storage that accepts files from anybody.

    Fix: require a professional's token on POST /api/documents.
    """
    walk.stranger.upload("/api/documents", "stranger.pdf", _PDF, "application/pdf").refuses(401, 403)
