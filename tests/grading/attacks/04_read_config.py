"""Read the settings of the course, where passwords of databases are."""

CODE = r"""
attempt("config", lambda: open("@COURSE@/nbgrader_config.py").read())
attempt("up", lambda: open("../../../nbgrader_config.py").read())
"""
