"""Support conversations."""
