"""What beta testers read first."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

router = APIRouter()
_ONBOARDING = """Welcome to WorkMe.

1. Register with the beta code of your invitation.
2. Complete your profile; professionals upload their documents.
3. Search, book, pay. Tell us what is wrong under Feedback.
"""


@router.get("/help/onboarding", response_class=PlainTextResponse)
def onboarding() -> str:
    """How to begin."""
    return _ONBOARDING
