"""Names for the town: streets, people, licences, and the hostile or foreign text that real sites contain."""

from dataclasses import dataclass

STREETS = (
    "Lindenweg", "Chandler Street", "Rue des Tanneurs", "Via dei Portici", "Quay of Ropes", "Mill Lane", "Calle Mayor",
    "Saddlers' Row", "Bridge Street", "Place du Marché", "Kanalgade", "Orchard Road", "Foundry Yard", "Rosengasse",
    "Harbour Steps", "Bell Court", "Avenue de la Gare", "Old Wall", "Fishmarket", "Cooper's Hill", "Largo do Sol",
    "Station Parade", "Dyers' Alley", "Union Square", "Vicolo Stretto", "Promenade", "King's Acre", "Bakers' Close",
)  # fmt: skip

AUTHORS = (
    "Ada Merriweather", "Jean-Luc Fontenay", "Giulia Bassi", "Håkon Sørlie", "Zofia Wiśniewska", "M. Okonkwo",
    "Ines de Almeida", "Theo van Dijk", "Lucía Ibáñez", "R. K. Narang", "Elif Yıldız", "Sam Carver", "Petra Novotná",
    "Dimitris Kalos", "Mei Tanaka", "Olu Adeyemi", "Greta Lindqvist", "Tomasz Zieliński", "Hannah Weiss", "Paul Dubois",
    "Clara Jensen", "Ivan Petrov", "Nora O’Brien", "Ruth Abelson", "Demo Town Archive",
)  # fmt: skip

STRANGE_TITLES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    'O\'Hara & Sons — "The Corner" <b>bold</b>',
    "First line\nsecond line\twith a tab",
    "بيت على الميناء القديم",
    "The \u202eedisni tuo\u202c house",
    "坂の上の古い家",
    "{{ 7 * 7 }} ${7*7} %s",
    '=HYPERLINK("http://example.invalid","click")',
    "| a | b |\n|---|---|\n[x](javascript:alert(3))",
    "A very long title " + "that does not end " * 20,
    "🏠 House with a 👻",
)

STRANGE_AUTHORS = (
    "<b onmouseover=alert(4)>Mallory</b>",
    "',);DROP TABLE images;--",
    "محمد الفاسي",
    "山田 花子",
    "Q\u200bzero\u200bwidth & Co. <q@example.invalid>",
)

TAGS = ("facade", "street", "architecture", "windows", "front", "town", "house")


@dataclass(frozen=True, slots=True)
class Credit:
    """A licence as a page writes it, and its normalised id."""

    id: str
    name: str
    url: str


CREDITS = (
    Credit("CC-BY-SA-4.0", "CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    Credit("CC-BY-SA-4.0", "CC-BY-SA-4.0", "http://creativecommons.org/licenses/by-sa/4.0"),
    Credit(
        "CC-BY-SA-4.0",
        "Creative Commons Attribution-Share Alike 4.0",
        "https://creativecommons.org/licenses/by-sa/4.0/deed.en",
    ),
    Credit("CC-BY-4.0", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
    Credit("CC-BY-4.0", "Attribution 4.0 International", "https://creativecommons.org/licenses/by/4.0/deed.en"),
    Credit("CC-BY-2.0", "CC BY 2.0", "https://creativecommons.org/licenses/by/2.0/"),
    Credit("CC-BY-2.0", "Some rights reserved (BY)", "http://creativecommons.org/licenses/by/2.0"),
    Credit("CC0-1.0", "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    Credit("CC0-1.0", "CC0", "http://creativecommons.org/publicdomain/zero/1.0/deed.en"),
    Credit("PDM-1.0", "Public Domain Mark 1.0", "https://creativecommons.org/publicdomain/mark/1.0/"),
    Credit("PDM-1.0", "Public domain", "http://creativecommons.org/publicdomain/mark/1.0"),
)
