"""Why the server could not start, in words for the person who starts it."""


class CannotStart(Exception):
    """The server refuses to start; the text is one line that says why and what to do."""
