"""Mail to users: handed to the relay after the reply, and counted, whatever becomes of it."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage

from reference.api.config import MailConfig
from reference.api.metrics import Metrics

_PATIENCE_SECONDS = 5


class Mailer:
    """Speaks to one relay."""

    def __init__(self, config: MailConfig, ca_file: str, metrics: Metrics) -> None:
        self._config = config
        self._ca_file = ca_file
        self._metrics = metrics

    async def send(self, to: str, subject: str, text: str) -> None:
        """Send one message. A relay that is down costs a mail, and never a registration."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._config.sender, to, subject
        message.set_content(text)
        try:
            await asyncio.to_thread(self._hand_over, message)
        except (OSError, smtplib.SMTPException):
            self._metrics.mails.labels("failed").inc()
        else:
            self._metrics.mails.labels("sent").inc()

    def _hand_over(self, message: EmailMessage) -> None:
        with smtplib.SMTP("localhost", self._config.port, timeout=_PATIENCE_SECONDS) as relay:
            relay.starttls(context=ssl.create_default_context(cafile=self._ca_file))
            relay.login(self._config.user, self._config.password)
            relay.send_message(message)
