"""Verbs of the browser for the steps of journeys: ``walk.browser.page()``."""

from typing import TYPE_CHECKING

from gonogo.families.browser.section import Browser
from gonogo.families.verbs import Verbs

if TYPE_CHECKING:  # of the extra, which whoever opens no page does without
    from playwright.sync_api import Page

_COMPANION = "browser"


class BrowserVerbs(Verbs[Browser]):
    """``walk.browser``."""

    model = Browser

    def page(self) -> "Page":
        """Open a page of a real Chromium, with cookies of its own, which stays open until the journey ends.

        It is Playwright's own ``Page``. Relative URLs are the service's, names lead where ``[hosts]`` says, and
        certificates are verified as the environment trusts. Only the step's own thread may use it.
        """
        from gonogo.families.browser.session import BrowserSession  # noqa: PLC0415 - needs the extra

        session = self.walk.companions.get(_COMPANION)
        if not isinstance(session, BrowserSession):
            self.world.touched = True
            session = BrowserSession(self.section, self.world, self.walk.index, self.walk.requests.append)
            self.walk.companions[_COMPANION] = session
        return session.page()
