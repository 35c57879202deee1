"""Retention: rules, holds, and what is removed."""
