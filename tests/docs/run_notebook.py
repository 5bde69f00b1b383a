#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs examples/notebook.ipynb without a browser and looks at what it shows:

    run_notebook.py NOTEBOOK [--html FILE]

Needs nbclient and ipykernel (cmake/test-venv.sh), matplotlib, and atp_backup on PYTHONPATH.
"""
import argparse
import base64
import html
import pathlib
import sys

import nbformat
from nbclient import NotebookClient


def outputs(notebook, kind):
    return [output["data"][kind] for cell in notebook.cells if cell.cell_type == "code"
            for output in cell.outputs if kind in output.get("data", {})]


def page_of(notebook):
    parts = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(f"<pre>{html.escape(cell.source)}</pre>")
            continue
        parts.append(f"<pre style='background:#eee'>{html.escape(cell.source)}</pre>")
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                parts.append(f"<img src='data:image/png;base64,{data['image/png']}'>")
            elif "text/html" in data:
                parts.append(data["text/html"])
            elif "text/plain" in data:
                parts.append(f"<pre>{html.escape(data['text/plain'])}</pre>")
    return "<meta charset='utf-8'>" + "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=pathlib.Path)
    parser.add_argument("--html", type=pathlib.Path)
    options = parser.parse_args()
    notebook = nbformat.read(options.notebook, as_version=4)
    if any(cell.cell_type == "code" and cell.outputs for cell in notebook.cells):
        sys.exit("the notebook is kept without outputs")
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    if options.html:
        options.html.write_text(page_of(notebook))
    pictures = [base64.b64decode(image) for image in outputs(notebook, "image/png")]
    pages = outputs(notebook, "text/html")
    assert len(pictures) == 3 and all(len(picture) > 3000 for picture in pictures), "pictures"
    assert any("<b style='color:#1a7f37'>verified</b>" in page for page in pages), "a report that holds"
    assert any("package.stored_sha256" in page for page in pages), "a report that does not"
    assert any("the same" in text for text in outputs(notebook, "text/plain")), "the comparison"
    print(f"{len(notebook.cells)} cells, {len(pictures)} pictures, {len(pages)} tables")


if __name__ == "__main__":
    main()
