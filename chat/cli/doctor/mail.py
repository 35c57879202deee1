"""Checks of the mail server: whether it is reached, encrypted, and accepts the log-in; no mail is sent."""

from collections.abc import Iterator

from chat.cli.doctor.finding import Finding, fail, ok, warn
from chat.settings.config import Config


def check_mail(config: Config) -> Iterator[Finding]:
    """Yield what is wrong with the mail server, or that it works; nothing where none is set."""
    server = config.mail_server()
    if server is None:
        return
    from chat.mail.handing_over import try_mail_server  # late: smtplib is loaded where there is a mail server

    if problem := try_mail_server(server, lambda _step: None):
        yield fail("mail", f"{server.host}:{server.port}: {problem}; correct mail_url, mails wait meanwhile")
    elif server.security == "none":
        yield warn(
            "mail", f"{server.host}:{server.port} works, unencrypted: leave out ?tls=none if it has STARTTLS"
        )
    else:
        yield ok("mail", f"{server.host}:{server.port} works; `chat mail test ADDRESS` sends a mail")
