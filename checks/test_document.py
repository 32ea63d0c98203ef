"""The rest of the OpenAPI document: every operation, asked within a declared budget and held against what it promises.

A journey of gonogo's own: walked wherever the environment file declares ``[api.document]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gonogo.base.comparing import nothing
from gonogo.base.errors import Unobserved

if TYPE_CHECKING:
    from gonogo.families.api.document import Conformance
    from gonogo.journey.walk import Walk

_MOST_SHOWN = 5


@pytest.mark.check("document-answers")
def test_operations_answer_at_all(walk: Walk) -> None:
    """This is the control: if operations do not answer a user, their refusals prove nothing.

    Fix: implement what is documented, or remove it; else check that http.openapi and [api] belong to this service.
    """
    conformance = walk.api.held_against_document()
    if not conformance.statuses:
        raise Unobserved(f"no operation of the document got an answer: {conformance.shown}", hint=_reasons(conformance))
    walk.keep["conformance"] = conformance
    answered = {status for statuses in conformance.statuses.values() for status in statuses}
    if not conformance.served and min(answered) < 500:  # noqa: PLR2004 - server errors are document-errors' own
        raise Unobserved(
            f"no operation of the document is answered with 2xx, but with {', '.join(map(str, sorted(answered)))}",
            hint="check [api], and whether the document describes this service",
        )
    dead = ", ".join(conformance.dead)
    assert nothing(conformance.dead, "operations that are dead"), (
        f"the document has operations that the service does not have: {dead} (they get only 404, 405 or 501)"
    )


@pytest.mark.check("document-errors")
def test_nothing_breaks_the_service(walk: Walk) -> None:
    """Users send every request that the document allows, and some that are slightly wrong: none may break the service.

    Fix: send the request by hand, find its trace in the log, and answer 4xx to what is wrong.
    """
    _none(walk, "errors")


@pytest.mark.check("document-tokens")
def test_documented_tokens_are_demanded(walk: Walk) -> None:
    """One forgotten line makes an operation public although the document demands a token.

    Fix: require the token at this route, on the server; write security = [] in the document only if that is intended.
    """
    _none(walk, "tokens")
    conformance: Conformance = walk.keep["conformance"]
    if conformance.untried and not conformance.enforced:
        raise Unobserved(
            f"no operation could show whether a token is demanded: {', '.join(sorted(conformance.untried))}",
            hint="give [api] a user who may read one of these operations",
        )


@pytest.mark.check("document-replies")
def test_replies_fit_their_schemas(walk: Walk) -> None:
    """Clients are generated from the document: a field that is missing, or of another type, breaks them all at once.

    Fix: change the reply, or the schema, and tell the users of the API which.
    """
    _none(walk, "replies")


@pytest.mark.check("document-refuses")
def test_what_schemas_forbid_is_refused(walk: Walk) -> None:
    """A negative price or an empty title that was accepted stays in the database, and breaks everything that reads it.

    Fix: validate every request by the schema that the document shows, before anything is stored, and answer 422.
    """
    _none(walk, "refusals")
    conformance: Conformance = walk.keep["conformance"]
    # Nothing can be forbidden where nothing is to be filled in; what was not asked may forbid something.
    if not any(conformance.refusing.values()) and (conformance.violated or conformance.left):
        raise Unobserved(
            "no operation could show whether anything is refused: none gives requests that its schemas allow a different answer",
            hint="permit api.document.writes, or give [api] a user who may ask more",
        )


@pytest.mark.check("document-operators")
def test_operators_are_no_texts(walk: Walk) -> None:
    """A search that passes operators in brackets on to MongoDB shows everybody everything.

    Fix: validate the type of each parameter (a text must be a string), and never pass a parsed query to find().
    """
    _none(walk, "operators")
    conformance: Conformance = walk.keep["conformance"]
    if "" not in conformance.operators:
        raise Unobserved(f"not every text was tried: {conformance.ended}", hint="raise api.document.requests")
    if conformance.texts and not any(conformance.operators.values()):
        shown = ", ".join(sorted(conformance.texts))
        raise Unobserved(f"no operation with a text answers, so nothing could be tried: {shown}")


@pytest.mark.check("document-routes")
def test_what_is_used_is_documented(walk: Walk) -> None:
    """Partners never find a route that works but is not documented, and nobody reviews it.

    Fix: describe the route; frameworks leave out routes that are marked as not in the schema.
    """
    _none(walk, "routes")


@pytest.mark.check("document-statuses")
def test_statuses_are_documented(walk: Walk) -> None:
    """Clients do not handle a status that the document does not name.

    Fix: add the status with its body to the document, or answer with one that is there.
    """
    _none(walk, "statuses")


@pytest.mark.check("document-methods")
def test_other_methods_are_refused(walk: Walk) -> None:
    """A method that nobody documented, and that answers, was left over from a tutorial or a debugger.

    Fix: answer 405 with an Allow header; frameworks do so automatically for routes that name their methods.
    """
    _none(walk, "methods")


@pytest.mark.check("document-covered")
def test_whole_document_was_asked(walk: Walk) -> None:
    """An operation that was not tested may be wrong.

    Fix: raise api.document.requests, permit what is missing, or look at these operations yourself.
    """
    conformance: Conformance = walk.keep["conformance"]
    assert nothing(conformance.left, "operations that were not asked"), f"{conformance.shown}: {_reasons(conformance)}"


def _none(walk: Walk, kind: str) -> None:
    """No departure of this kind, at any operation that was asked."""
    departures = walk.keep["conformance"].of(kind)
    shown = "\n".join(map(str, departures[:_MOST_SHOWN]))
    more = f"\nand {len(departures) - _MOST_SHOWN} more operations" if len(departures) > _MOST_SHOWN else ""
    assert nothing(list(map(str, departures[:_MOST_SHOWN])), "operations that depart from the document"), (
        f"{shown}{more}"
    )


def _reasons(conformance: Conformance) -> str:
    return "; ".join(f"{operation}: {reason}" for operation, reason in conformance.left.items())
