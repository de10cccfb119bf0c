"""Crash the kernel."""

CODE = r"""
import ctypes
ctypes.string_at(0)
"""

STATES = ("flagged",)
DESERVES = 2
