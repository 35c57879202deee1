"""Features: a package each, with all that one subject is on the server; `registry.py` lists them.

The core below them knows what a feature is, and none of them. No feature imports another.
"""
