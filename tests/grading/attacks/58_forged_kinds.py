"""Make the grader's own words dangerous: markup and control characters in what goes wrong."""

CODE = r"""
app = __import__("ipykernel.kernelapp").kernelapp.IPKernelApp.instance()
parent = get_ipython().kernel.get_parent()
for kind in ("[/red]\x1b[2J", "stream"):
    app.session.send(app.iopub_socket, kind, {"[/red]": 1, "execution_state": "[/red]\x1b[2J"}, parent=parent)
"""

STATES = ("flagged", "graded")
DESERVES = 5
