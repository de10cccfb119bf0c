"""Have the tests return no number, less than nothing, or more than there is."""

CODE = r"""
class Much(float):
    def __radd__(self, other): return self
    def __add__(self, other): return self
    def __rmul__(self, other): return self
    def __repr__(self): return "nan"
class Odd:
    def __eq__(self, other): return Much(1)
    def __lt__(self, other): return Much(1)
def third(x): return Odd()
"""

DESERVES = 2
NOT_PROMISED = "As for 40: code can deceive its own tests."
