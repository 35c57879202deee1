"""Bots that are accounts."""
