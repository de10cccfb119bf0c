"""Send the grader what is no output: wrong kinds, half characters, depths, numbers without end."""

CODE = r"""
app = __import__("ipykernel.kernelapp").kernelapp.IPKernelApp.instance()
kernel = get_ipython().kernel
parent = kernel.get_parent()

def send(kind, content):
    app.session.send(app.iopub_socket, kind, content, parent=parent)

deep = []
for _ in range(400):
    deep = [deep]
print("half: \ud800")
half = {"text/plain": "\ud800", "text/html": 5, "application/json": deep}
send("display_data", {"data": half, "metadata": {"x": deep}})
send("display_data", {"data": {"image/png": {"a": 1}, "text/plain": ["a", 1]}, "metadata": {"image/png": "x"}})
send("execute_result", {"data": {}, "metadata": {}, "execution_count": {"a": float("nan")}})
send("error", {"ename": 5, "evalue": ["x"], "traceback": "x"})
send("stream", {"name": "stdin[/red]", "text": "x"})
send("clear_output", {"wait": True})
"""

DESERVES = 5
