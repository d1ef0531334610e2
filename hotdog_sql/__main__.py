"""Lets `python -m hotdog_sql` do what `hotdog-sql` does."""

from hotdog_sql.cli.main import main

if __name__ == "__main__":
    main()
