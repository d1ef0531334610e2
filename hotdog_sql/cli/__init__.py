"""The command-line interface: parses options, calls the API and prints the results."""
