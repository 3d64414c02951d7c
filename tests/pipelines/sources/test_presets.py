"""The presets of the docs are valid sources of params.yaml."""

from pathlib import Path

import pytest

from crawler.spiders.commons.spider import Commons, CommonsParams
from pipelines import params

ROOT = Path(__file__).parents[3]
PRESETS = sorted((ROOT / "docs" / "presets").glob("*.yaml"))


def with_preset(preset: Path) -> params.Params:
    values = params.read(ROOT / "params.yaml")
    return params.validated({**values, **params.read(preset)}, preset.name)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.stem)
def test_a_preset_is_valid(preset):
    assert params.read(preset).keys() == {"sources"}
    with_preset(preset)


def test_the_article_has_44_queries():
    entries = with_preset(ROOT / "docs" / "presets" / "article.yaml").sources.values()
    assert {entry.kind for entry in entries} == {"commons"}
    queries = {entry.search for entry in entries if isinstance(entry, CommonsParams)}
    assert len(queries) == 44
    for query in ("Baroque facade Prague", "Gothic facade Paris", "Art Nouveau facade Riga"):
        assert query in queries


def test_a_query_is_sent_to_the_wiki_as_it_is_written():
    entry = with_preset(ROOT / "docs" / "presets" / "article.yaml").source("art-nouveau-riga")
    assert isinstance(entry, CommonsParams)
    [request] = Commons(params=entry).first_requests()
    assert request.url.startswith("https://commons.wikimedia.org/w/api.php?")
    assert "gsrsearch=Art+Nouveau+facade+Riga" in request.url
