"""Convert HTML fragments, as descriptions and credits often are, to plain text."""

from bs4 import BeautifulSoup

_UNSEEN = 'script, style, [hidden], [style*="display:none" i], [style*="display: none" i]'
_APART = "br, p, div, li, td, th, dd, dt"


def plain_text(html: str) -> str:
    """Return the visible text on one line. Hidden elements are skipped (Commons repeats names in them for machines)."""
    if "<" in html or "&" in html:
        soup = BeautifulSoup(html, "lxml")
        for element in soup.select(_UNSEEN):
            element.decompose()
        for element in soup.select(_APART):
            element.append(" ")
        html = soup.get_text()
    return " ".join(html.split())
