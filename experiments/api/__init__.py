"""JSON over HTTP: the runtime's three calls, experiments, results."""
