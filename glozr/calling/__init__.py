"""Calls to addresses that people type: where they may lead (`reach`), how they end (`timely`)."""
