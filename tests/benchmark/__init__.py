"""How fast hotdog-sql is, on files of true size that anyone can make."""
