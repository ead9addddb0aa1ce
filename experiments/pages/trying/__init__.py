"""Trying variants on one's own site, before and while visitors meet them."""
