"""Read everybody's grades out of the gradebook."""

CODE = r"""
import os, sqlite3
attempt("by its path", lambda: open("@COURSE@/gradebook.db", "rb").read())
attempt("through SQLite", lambda: sqlite3.connect("@COURSE@/gradebook.db").execute("select * from student").fetchall())
for folder, _, names in os.walk("/home"):
    for name in names:
        if name == "gradebook.db":
            attempt(folder, lambda: open(os.path.join(folder, name), "rb").read())
"""
