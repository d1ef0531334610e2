"""The command line: it parses, calls and shows; everything else is below it."""
