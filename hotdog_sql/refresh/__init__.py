"""Download and update of the official files."""
