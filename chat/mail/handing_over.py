"""Hands one mail to the mail server: smtplib in a thread, with a deadline of the whole."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from enum import Enum
from functools import partial
from typing import BinaryIO

import trio

from chat.domain.mail_server import MailServer

_STEP = 20.0
"""Seconds for each step of a conversation."""

DEADLINE = 60.0
"""Seconds for all of it: a server may answer each step late."""

MOST_ANSWERS = 65_536
"""Bytes that a server may send on a connection: some fifty times the usual amount. Each answer is kept whole."""

MOST = 4
"""Conversations at one time."""


class Outcome(Enum):
    """What became of a mail."""

    SENT = "sent"
    TRY_AGAIN = "try_again"
    """It was not taken now, or perhaps: if the line was lost after the mail was sent, it may arrive twice."""
    REFUSED = "refused"
    """It will never be taken: there is no such mailbox, or the server refuses the content."""


class HandedOver:
    """The outcome, and the answer of the mail server, or what failed, in one line."""

    def __init__(self, outcome: Outcome, answer: str) -> None:
        self.outcome = outcome
        self.answer = "".join(letter if letter.isprintable() else " " for letter in answer)[:300]

    def __repr__(self) -> str:
        return f"HandedOver({self.outcome.value}, {self.answer!r})"


class _Answers:
    """What a server sends on a connection: reading more than `MOST_ANSWERS` bytes fails."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._left = MOST_ANSWERS

    def readline(self, size: int) -> bytes:
        line = self._answers.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise ConnectionAbortedError("the server's answers are too long")
        return line

    def close(self) -> None:
        self._answers.close()


class _BoundedSMTP(smtplib.SMTP):
    """A client that does not keep an endless answer."""

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:  # at first, and after STARTTLS
            self.file = _Answers(self.sock.makefile("rb"))  # type: ignore[union-attr]
        return super().getreply()


class _BoundedSMTPS(_BoundedSMTP, smtplib.SMTP_SSL):
    """The same over TLS from the beginning."""


class _Conversation:
    """One connection, which can be cut from another thread."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None
        self._is_cut = False

    def cut(self) -> None:
        """End the conversation: the thread's next step fails. Sync."""
        self._is_cut = True
        wire = None if self._smtp is None else self._smtp.sock
        if wire is not None:
            with suppress(OSError):
                socket.socket.shutdown(wire, socket.SHUT_RDWR)  # below TLS, which would wait for an answer

    def open(self, note: Callable[[str], object] = lambda _line: None) -> smtplib.SMTP:
        """Connect, begin TLS and log in. Raises OSError, smtplib's errors, and ssl's. Blocks."""
        server = self._server
        if server.security == "tls":
            self._smtp = _BoundedSMTPS(timeout=_STEP, context=ssl.create_default_context())
        else:
            self._smtp = _BoundedSMTP(timeout=_STEP)
        smtp = self._smtp
        # The name is what the certificate is checked against.
        smtp._host = server.host  # type: ignore[attr-defined]
        code, text = smtp.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        note(f"connected to {server.host}:{server.port}")
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            # Raises SMTPNotSupportedError where the server, or somebody on the way, does not offer it.
            code, answer = smtp.starttls(context=ssl.create_default_context())
            if code != 220:
                raise smtplib.SMTPResponseException(code, answer)
        if server.security != "none":
            note("the connection is encrypted, and the certificate is good")
        if server.user is not None:
            smtp.login(server.user, server.password)
            note(f"logged in as {server.user}")
        if self._is_cut:
            raise TimeoutError("it took too long")
        return smtp

    def send(self, message: EmailMessage, to: str) -> HandedOver:
        try:
            self.open().send_message(message, to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return HandedOver(_permanent(code), f"{code} {_text(text)}")
        except smtplib.SMTPDataError as error:
            return HandedOver(_permanent(error.smtp_code), f"{error.smtp_code} {_text(error.smtp_error)}")
        except smtplib.SMTPResponseException as error:
            # Greeting, log-in or sender: something for the operator to correct, so it is kept.
            return HandedOver(Outcome.TRY_AGAIN, f"{error.smtp_code} {_text(error.smtp_error)}")
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return HandedOver(Outcome.TRY_AGAIN, str(error) or type(error).__name__)
        finally:
            self.close()
        return HandedOver(Outcome.SENT, "taken")

    def close(self) -> None:
        """Close the connection, without QUIT: the answer to DATA counts, and a server may let one wait for another."""
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.close()


def _permanent(code: int) -> Outcome:
    return Outcome.REFUSED if 500 <= code <= 599 else Outcome.TRY_AGAIN


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


class MailDoor:
    """Hands mails to a mail server, a few at a time."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self._limiter = trio.CapacityLimiter(MOST)

    async def hand_over(self, message: EmailMessage, to: str) -> HandedOver:
        """Hand a mail over. Takes at most `DEADLINE` seconds. Cancelling: it may have been taken."""
        conversation = _Conversation(self.server)
        try:
            with trio.fail_after(DEADLINE):
                return await trio.to_thread.run_sync(
                    partial(conversation.send, message, to), limiter=self._limiter, abandon_on_cancel=True
                )
        except trio.TooSlowError:
            return HandedOver(Outcome.TRY_AGAIN, f"no answer within {DEADLINE:g} seconds")
        finally:
            conversation.cut()  # ends the thread if it was abandoned


def try_mail_server(server: MailServer, note: Callable[[str], object]) -> str | None:
    """Connect and log in as for a mail, and call `note` for each step. Returns what failed. Blocks; for commands."""
    conversation = _Conversation(server)
    try:
        conversation.open(note)
    except smtplib.SMTPResponseException as error:
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    except (OSError, smtplib.SMTPException) as error:
        return str(error) or type(error).__name__
    finally:
        conversation.close()
    return None


def send_now(server: MailServer, message: EmailMessage, to: str) -> HandedOver:
    """Hand a mail over at once. Blocks; for commands."""
    return _Conversation(server).send(message, to)
