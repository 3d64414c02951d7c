"""The pages of the site, as HTML."""

from html import escape

from crawler.spiders.demo.town.districts import DISTRICTS
from crawler.spiders.demo.town.items import SITE, Item, Town

PER_PAGE = 24
LAST_IS_EMPTY = "harbour"
"""The district whose last full page links to an empty one, as the paging code of some real sites does."""

ROBOTS = "User-agent: *\nDisallow: /private/\n"


def index(town: Town) -> str:
    links = "\n".join(
        f'<li><a href="/district/{district.name}">{escape(district.title)}</a></li>' for district in DISTRICTS
    )
    return _page("Demo Town", f'<ul class="districts">\n{links}\n</ul>\n<p><a href="/private/">Members only</a></p>')


def private() -> str:
    return _page("Members only", "<p>robots.txt asks crawlers not to come here.</p>")


def district(town: Town, name: str, number: int) -> str:
    """Return page `number` (from 1) of a district. After the last page, the list is empty and has no next page.

    Raises:
        KeyError: the district does not exist.
    """
    items = town.districts[name]
    shown = items[(number - 1) * PER_PAGE : number * PER_PAGE]
    cards = "\n".join(f'<li><a href="{escape(item.page)}">{escape(item.title)}</a></li>' for item in shown)
    more = number * PER_PAGE < len(items) or (name == LAST_IS_EMPTY and bool(shown))
    link = f'<p><a rel="next" href="/district/{name}?page={number + 1}">Next page</a></p>' if more else ""
    title = next(district.title for district in DISTRICTS if district.name == name)
    return _page(title, f'<ul class="buildings">\n{cards}\n</ul>\n{link}')


def building(item: Item) -> str:
    """Return the page of one picture. Some pages use absolute URLs, some use absolute paths."""
    source = (SITE if item.index % 2 else "") + item.image
    author = f'<p>Photo: <span class="author">{escape(item.author)}</span></p>' if item.author else ""
    if item.credit:
        license = f'<p>Licence: <a rel="license" href="{escape(item.credit.url)}">{escape(item.credit.name)}</a></p>'
    else:
        license = f'<p class="rights">{escape(item.rights)}</p>' if item.rights else ""
    tags = "".join(f"<li>{escape(tag)}</li>" for tag in item.tags)
    return _page(
        item.title,
        f'<figure><img class="photo" src="{escape(source)}" alt="{escape(item.title)}"></figure>\n'
        f'{author}\n{license}\n<ul class="tags">{tags}</ul>\n'
        f'<p><a href="/district/{item.district}">Back to the district</a></p>',
    )


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head>\n"
        f'<body>\n<h1 class="title">{escape(title)}</h1>\n{body}\n</body>\n</html>\n'
    )
