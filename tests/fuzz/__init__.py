"""Many made-up calls; GLOZR_FUZZ_CASES says how many."""
