"""The directory in which all temporary files of a run of the tests lie; its processes are known by it."""

RUN_PREFIX = "chat-testrun-"
"""How its name begins."""
