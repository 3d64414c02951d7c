"""Writes the generated pages of docs/reference: `make docs`, or `python -m docs.generate`."""

from docs.generate.pages import FOLDER, pages

for name, content in pages().items():
    (FOLDER / name).write_text(content, encoding="utf-8")
