"""What hotdog-sql is measured beside: each a program of its own."""
