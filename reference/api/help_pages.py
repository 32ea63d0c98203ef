"""What beta testers, and everybody whose data WorkMe has, may read without an account."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter()
PUBLISHED = datetime.now(UTC) - timedelta(days=1)
"""When their texts were last changed: the day before this service was started."""
_PAGES: Mapping[str, tuple[str, Sequence[str]]] = {
    "/help/onboarding": (
        "Welcome to the WorkMe beta",
        (
            "Register with the beta code of your invitation: it stands at the end of the mail, and works for you alone.",
            (
                "Complete your profile. Clients say where they live; professionals say what they do, for which price and in "
                "which cities, and upload an identity document and their certificates. We look at them within one day."
            ),
            (
                "Search for a service in your city, book a time, and pay by card or PIX. The professional gets your request "
                "at once and has a day to accept it; until then nothing is taken from you."
            ),
            "Tell us what is wrong, or what you miss, under Feedback. If you ask for an answer, you get one within a day.",
        ),
    ),
    "/help/guide": (
        "Guide for beta testers of WorkMe",
        (
            "The beta lasts four weeks, and takes fifty people. Everything that you pay for is real, and so is the money.",
            (
                "In the first week, please register, complete your profile and search for three services. In the second, book "
                "one of them. In the third, pay and rate it. In the fourth, ask the assistant whatever you would ask a person."
            ),
            (
                "If a page does not load, note the time and what you clicked, and write to us under Feedback. If you paid and "
                "got no receipt within ten minutes, write to beta-support@workme.com.br; we refund what we cannot explain."
            ),
            "You may leave the beta at any time: removing your account removes your data, bookings and documents.",
        ),
    ),
    "/help/faq": (
        "Questions and answers about WorkMe",
        (
            "How do I cancel a booking? Up to 24 hours before it begins, under Bookings; your payment is returned in full.",
            "When does the professional get the money? Two days after the booking was completed, by PIX.",
            "My beta code is refused. Codes are for one person: ask whoever invited you for another one.",
            (
                "Which documents do I upload? An identity card and, for electricians and plumbers, the certificate; as PDF, PNG "
                "or JPEG, up to 1 MiB each."
            ),
            "I forgot my password. Write to us from the address that you registered with, and we send you a link.",
        ),
    ),
    "/help/features": (
        "What WorkMe does",
        (
            "Search: services by city and kind, cheapest or nearest first. Results are at most a minute old.",
            "Bookings: requested, accepted, completed, rated. Both sides see every step, and get a mail for each of them.",
            "Payments: by card and PIX, in reais, through Stripe. Receipts come by mail; refunds take up to five days.",
            "Documents: professionals upload identity and certificates, which only they and we can see.",
            "Assistant: answers questions about services and prices, in Portuguese and English, and never about persons.",
        ),
    ),
    "/help/emergency": (
        "What we do when WorkMe is down",
        (
            "Whoever notices first calls the technical lead. What happens next is told on this page, every half an hour.",
        ),
    ),
    "/privacy": (
        "Privacy policy of WorkMe",
        (
            (
                "WorkMe Serviços Digitais Ltda., São Paulo, is the controller of your personal data under the LGPD. Questions, "
                "and requests to see, correct or remove your data, go to privacidade@workme.com.br."
            ),
            (
                "We keep your name, address, bookings and documents for as long as you have an account, and receipts for five "
                "years, as tax law asks. Payments are made by Stripe, which has your card; we never see its number."
            ),
            (
                "What you ask the assistant is sent to the provider of its language model, without your name and address. "
                "Errors of the service are sent to Sentry, without personal data."
            ),
            "Removing your account removes everything but receipts, at once from the service and from backups in a week.",
        ),
    ),
}


def page_of(title: str, paragraphs: Sequence[str]) -> str:
    """The whole page, as HTML."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{text}</html>'


def _show(request: Request) -> HTMLResponse:
    dated = {"Last-Modified": format_datetime(PUBLISHED, usegmt=True)}
    return HTMLResponse(page_of(*_PAGES[request.url.path]), headers=dated)


for _path in _PAGES:
    router.add_api_route(_path, _show, name=_path, response_class=HTMLResponse)
