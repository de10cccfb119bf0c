"""Give oneself full marks, and others none, in the gradebook."""

CODE = r"""
import sqlite3

def forge():
    with sqlite3.connect("@COURSE@/gradebook.db") as gradebook:
        gradebook.execute("update student set first_name = '@MARK@'")
        gradebook.execute("update grade set manual_score = 0, auto_score = 0")

attempt("update", forge)
attempt("append", lambda: open("@COURSE@/gradebook.db", "ab").write(b"@MARK@"))
attempt("journal", lambda: open("@COURSE@/gradebook.db-journal", "wb").write(b"@MARK@"))
"""
