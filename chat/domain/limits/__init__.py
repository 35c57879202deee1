"""Limits of use, for each person and each address."""
