"""Rules for what people type: names, texts, and texts about wrong values."""
