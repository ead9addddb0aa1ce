"""What surrounds every request: middleware, limits on bodies, proofs, and how refusals are told.

Services raise the exceptions of `glozr.errors`; here alone they become pages and JSON.
"""
