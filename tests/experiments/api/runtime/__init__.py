"""The calls of the runtime over HTTP."""
