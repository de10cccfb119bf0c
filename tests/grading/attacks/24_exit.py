"""End the kernel without a word."""

CODE = r"""
import os
os._exit(0)
"""

STATES = ("flagged",)
DESERVES = 2
