"""What a reader sees of a fragment of HTML: descriptions and credits come as such."""

from bs4 import BeautifulSoup

_UNSEEN = 'script, style, [hidden], [style*="display:none" i], [style*="display: none" i]'
_APART = "br, p, div, li, td, th, dd, dt"


def plain_text(html: str) -> str:
    """The text on one line. What is hidden is left out (Commons says a name twice so, once for machines)."""
    if "<" in html or "&" in html:
        soup = BeautifulSoup(html, "lxml")
        for element in soup.select(_UNSEEN):
            element.decompose()
        for element in soup.select(_APART):
            element.append(" ")
        html = soup.get_text()
    return " ".join(html.split())
