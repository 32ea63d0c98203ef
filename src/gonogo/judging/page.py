"""The page of pytest-html, kept in memory: it is written as tests left it, and raw text is never on a disk."""

import io
import os

import pytest


class PageInMemory:
    """A pytest plugin. Stands where pytest-html expects the path of its file."""

    arguments = (
        *("-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin"),
        # Whatever pytest-html does with its path one day: what it writes there is gone.
        *(f"--html={os.devnull}", "--self-contained-html"),
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.content = ""
        """The whole page; empty as long as there is none."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Take the place of the path."""
        for plugin in config.pluginmanager.get_plugins():
            if hasattr(plugin, "_report_path") and hasattr(plugin, "_report"):
                plugin._report_path = self  # noqa: SLF001 - pytest-html offers no other way than a file
                plugin._report.title = self.name  # noqa: SLF001 - which it takes from its path

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Empty what pytest-html keeps of every test: modules of checks keep the configuration, and it all plugins."""
        for plugin in config.pluginmanager.get_plugins():
            if hasattr(plugin, "_report_path") and hasattr(plugin, "_report"):
                vars(plugin).clear()

    def open(self, mode: str, *, encoding: str) -> io.StringIO:
        """A stream that becomes the content when it is closed."""
        del mode, encoding
        return _ResultsPage(self)


class _ResultsPage(io.StringIO):
    def __init__(self, page: PageInMemory) -> None:
        super().__init__()
        self._page = page

    def close(self) -> None:
        if not self.closed:
            self._page.content = self.getvalue()
        super().close()
