"""The official files: fetched, kept current, and what is known of those on disk."""
