"""The command line: it parses, calls and shows; everything else is below it."""

import gc

# Nothing that is imported becomes garbage, and looking for some all the while takes a twentieth of
# the time of a short command. Here, because the imports begin here.
gc.set_threshold(50_000)
