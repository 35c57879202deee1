"""The databases and worlds of archives."""

from tests.archive.conftest import databases, sites, template

__all__ = ["databases", "sites", "template"]
