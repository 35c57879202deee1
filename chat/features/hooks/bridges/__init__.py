"""Bridges: outgoing hooks that post in a gateway of a matterbridge, and read what comes from its networks."""
