"""Programs that measure the product, and one that breaks it; README.md has what they found."""
