"""The programs that write a database out."""

DUMPERS = ("pg_dump", "mysqldump", "mariadb-dump", "mongodump")
"""The one of each store that reads a running server; `pg_dumpall` begins with the first."""
DUMPER = rf"(?:pg_dump(?:all)?|{'|'.join(DUMPERS[1:])})"
"""A regular expression for the name of one of them."""
