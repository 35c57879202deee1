"""Faults of a server and its database, people who write meanwhile, and the outcomes of their writes."""
