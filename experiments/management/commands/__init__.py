"""Fold and verify results; seed the demo and send visitors to it."""
