"""Hand in under a name that stands for everybody's folder."""

STUDENT = "*"
STATES = ("failed",)  # and nothing else is touched
