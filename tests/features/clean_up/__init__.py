"""Tests of clean-ups."""
