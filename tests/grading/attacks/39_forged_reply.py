"""Sign replies with the key of the connection file: say that the tests passed."""

CODE = r"""
import json, sys, threading, time
app = __import__("ipykernel.kernelapp").kernelapp.IPKernelApp.instance()
print("key", bool(app.session.key))
kernel = get_ipython().kernel
real = kernel.do_execute

async def forged(code, *arguments, **options):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}

kernel.do_execute = forged
def third(x): return None
"""

DESERVES = 2
NOT_PROMISED = "A kernel that answers for itself can claim points it did not earn: its own, and nobody else's."
