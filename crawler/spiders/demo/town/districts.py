"""The districts of the town, each with its architectural style."""

from dataclasses import dataclass

from crawler.spiders.demo.town.color import Color

Range = tuple[float, float]
Weights = dict[str, float]


@dataclass(frozen=True, slots=True)
class District:
    """The ranges, choices and chances from which `design` draws a house. Lengths in metres; ranges inclusive."""

    name: str  # in URLs
    title: str
    storeys: tuple[int, int]
    bays: tuple[int, int]
    bay: Range
    storey: Range
    ground: Range
    walls: dict[str, tuple[Color, ...]]  # material → colours
    base: Weights  # material of the ground floor; "same": that of the wall
    trim: tuple[Color, ...]
    windows: Weights
    window_width: Range  # fraction of the bay
    window_height: Range  # fraction of the storey
    frames: tuple[Color, ...]
    surrounds: Weights
    balconies: Weights
    floors: Weights  # use of the ground floor: home, shop, arcade
    doors: Weights
    door_colors: tuple[Color, ...]
    roofs: Weights
    roof_material: str
    roof_colors: tuple[Color, ...]
    roof_height: Range
    cornice: Range  # depth
    shutter_colors: tuple[Color, ...] = ((40, 42, 46),)
    shutters: float = 0.0  # from here on: probabilities
    courses: float = 0.0
    quoins: float = 0.0
    pilasters: float = 0.0
    timbers: float = 0.0
    oriel: float = 0.0
    dormers: float = 0.0
    awning: float = 0.0
    trees: float = 0.0  # in front of the house
    detached: bool = False


WHITE: Color = (230, 228, 220)
CREAM: Color = (228, 216, 188)
STONE: Color = (206, 196, 174)
BLACK: Color = (40, 42, 46)
SHOPS: tuple[Color, ...] = ((38, 62, 54), (112, 32, 34), (34, 48, 78), (46, 42, 40), (150, 120, 70), (206, 200, 188))
AWNINGS: tuple[Color, ...] = ((168, 44, 40), (36, 92, 68), (40, 72, 122), (206, 168, 92), (232, 226, 212), (92, 60, 92))

DISTRICTS = (
    District(
        name="boulevards",
        title="The Boulevards",
        storeys=(4, 5),
        bays=(3, 4),
        bay=(2.3, 3.0),
        storey=(3.1, 3.6),
        ground=(3.6, 4.4),
        walls={
            "stone": ((212, 196, 164), (200, 184, 154), (220, 208, 180), (188, 172, 146)),
            "stucco": ((216, 204, 180), (202, 190, 170)),
        },
        base={"same": 0.6, "stone": 0.4},
        trim=((234, 224, 200), (222, 210, 184)),
        windows={"french": 0.85, "segmental": 0.15},
        window_width=(0.44, 0.56),
        window_height=(0.70, 0.80),
        frames=(WHITE, (222, 220, 212), (96, 92, 86)),
        surrounds={"moulded": 0.5, "pediment": 0.35, "lintel": 0.15},
        shutters=0.22,
        shutter_colors=((196, 194, 186), (146, 158, 160), (222, 216, 202)),
        balconies={"floors": 0.6, "each": 0.35, "none": 0.05},
        floors={"shop": 0.6, "home": 0.4},
        doors={"double": 0.5, "arched": 0.5},
        door_colors=((44, 72, 62), (36, 52, 86), (98, 52, 36), (40, 40, 44)),
        roofs={"mansard": 0.95, "flat": 0.05},
        roof_material="slate",
        roof_colors=((92, 98, 110), (104, 106, 112), (80, 90, 104)),
        roof_height=(2.4, 3.4),
        cornice=(0.35, 0.6),
        courses=0.9,
        quoins=0.15,
        pilasters=0.2,
        dormers=0.95,
        awning=0.55,
        trees=0.25,
    ),
    District(
        name="terraces",
        title="Brick Terraces",
        storeys=(3, 4),
        bays=(2, 4),
        bay=(2.1, 2.7),
        storey=(2.9, 3.4),
        ground=(3.0, 3.6),
        walls={
            "brick": ((152, 84, 62), (134, 72, 56), (178, 142, 98), (120, 74, 60), (164, 104, 74)),
            "painted brick": ((224, 218, 206), (150, 168, 178), (196, 120, 112), (222, 190, 120)),
        },
        base={"same": 0.5, "stucco": 0.5},
        trim=(WHITE, CREAM, (214, 206, 190)),
        windows={"sash": 0.65, "plain sash": 0.35},
        window_width=(0.40, 0.52),
        window_height=(0.54, 0.66),
        frames=(WHITE, WHITE, (60, 62, 64)),
        surrounds={"lintel": 0.6, "voussoirs": 0.25, "moulded": 0.15},
        shutters=0.06,
        shutter_colors=(BLACK, (40, 62, 58)),
        balconies={"none": 0.85, "floors": 0.15},
        floors={"home": 0.8, "shop": 0.2},
        doors={"panelled": 0.7, "arched": 0.3},
        door_colors=((24, 28, 36), (132, 26, 30), (28, 74, 56), (30, 52, 104), (216, 170, 44), (96, 124, 148)),
        roofs={"parapet": 0.5, "eaves": 0.5},
        roof_material="slate",
        roof_colors=((84, 86, 94), (96, 84, 80)),
        roof_height=(1.4, 2.4),
        cornice=(0.15, 0.3),
        courses=0.6,
        quoins=0.1,
        oriel=0.3,
        dormers=0.3,
        awning=0.4,
        trees=0.2,
    ),
    District(
        name="harbour",
        title="Old Harbour",
        storeys=(3, 5),
        bays=(2, 3),
        bay=(1.8, 2.3),
        storey=(2.8, 3.3),
        ground=(3.2, 3.8),
        walls={
            "brick": ((110, 58, 48), (92, 56, 50), (138, 74, 58), (74, 54, 52)),
            "painted brick": ((62, 74, 84), (166, 72, 58), (216, 206, 182), (64, 92, 74), (226, 178, 96)),
        },
        base={"same": 0.7, "stone": 0.3},
        trim=(WHITE, (232, 226, 206), (214, 204, 178)),
        windows={"lattice": 0.6, "sash": 0.4},
        window_width=(0.56, 0.70),
        window_height=(0.60, 0.72),
        frames=(WHITE, (238, 232, 214)),
        surrounds={"lintel": 0.4, "plain": 0.3, "moulded": 0.3},
        shutters=0.18,
        shutter_colors=((130, 34, 34), (36, 70, 56), (40, 58, 92)),
        balconies={"none": 1.0},
        floors={"home": 0.6, "shop": 0.4},
        doors={"panelled": 0.6, "double": 0.4},
        door_colors=((36, 66, 54), (120, 32, 34), (32, 42, 66), (52, 40, 34)),
        roofs={"stepped": 0.35, "neck": 0.3, "gable": 0.25, "parapet": 0.1},
        roof_material="clay",
        roof_colors=((150, 84, 62), (110, 70, 60)),
        roof_height=(2.8, 4.0),
        cornice=(0.1, 0.22),
        courses=0.4,
        quoins=0.1,
        dormers=0.2,
        awning=0.4,
        trees=0.15,
    ),
    District(
        name="oldtown",
        title="Old Town",
        storeys=(2, 4),
        bays=(2, 4),
        bay=(2.2, 2.9),
        storey=(2.7, 3.1),
        ground=(2.9, 3.4),
        walls={
            "stucco": (
                (236, 206, 140),
                (214, 150, 120),
                (160, 186, 160),
                (176, 196, 212),
                (238, 224, 196),
                (222, 178, 170),
                (200, 176, 142),
                (196, 202, 178),
            ),
            "rubble": ((186, 174, 150), (166, 154, 134)),
        },
        base={"same": 0.75, "rubble": 0.25},
        trim=(WHITE, (234, 222, 196), (188, 172, 146)),
        windows={"casement": 0.8, "segmental": 0.2},
        window_width=(0.36, 0.46),
        window_height=(0.46, 0.56),
        frames=(WHITE, (120, 82, 54), (232, 228, 214)),
        surrounds={"plain": 0.25, "moulded": 0.45, "lintel": 0.3},
        shutters=0.6,
        shutter_colors=((72, 100, 76), (120, 62, 46), (84, 110, 134), (148, 104, 64), (96, 96, 92)),
        balconies={"none": 0.9, "each": 0.1},
        floors={"home": 0.55, "shop": 0.45},
        doors={"arched": 0.55, "panelled": 0.45},
        door_colors=((94, 60, 38), (64, 84, 66), (110, 42, 38), (60, 72, 92)),
        roofs={"eaves": 0.55, "gable": 0.45},
        roof_material="clay",
        roof_colors=((168, 92, 62), (150, 80, 58), (178, 112, 78)),
        roof_height=(2.6, 3.8),
        cornice=(0.12, 0.3),
        courses=0.25,
        quoins=0.15,
        timbers=0.38,
        oriel=0.08,
        dormers=0.5,
        awning=0.3,
        trees=0.1,
    ),
    District(
        name="arcades",
        title="The Arcades",
        storeys=(3, 4),
        bays=(3, 4),
        bay=(2.5, 3.2),
        storey=(3.1, 3.7),
        ground=(3.6, 4.4),
        walls={
            "stucco": (
                (222, 160, 92),
                (206, 118, 82),
                (232, 190, 124),
                (214, 142, 122),
                (198, 102, 72),
                (236, 208, 158),
                (226, 174, 146),
            )
        },
        base={"same": 0.55, "stone": 0.45},
        trim=((236, 226, 204), (222, 206, 178), STONE),
        windows={"arched": 0.45, "casement": 0.4, "segmental": 0.15},
        window_width=(0.36, 0.44),
        window_height=(0.56, 0.66),
        frames=((108, 76, 52), WHITE, (86, 66, 52)),
        surrounds={"moulded": 0.45, "pediment": 0.3, "lintel": 0.15, "plain": 0.1},
        shutters=0.65,
        shutter_colors=((48, 86, 66), (62, 98, 76), (98, 72, 52), (86, 104, 108)),
        balconies={"none": 0.55, "each": 0.25, "floors": 0.2},
        floors={"arcade": 0.6, "home": 0.25, "shop": 0.15},
        doors={"arched": 0.8, "double": 0.2},
        door_colors=((96, 62, 40), (46, 76, 60), (72, 50, 40)),
        roofs={"hipped": 0.9, "flat": 0.1},
        roof_material="clay",
        roof_colors=((178, 104, 72), (166, 96, 70), (190, 126, 88)),
        roof_height=(1.0, 1.7),
        cornice=(0.4, 0.7),
        courses=0.75,
        quoins=0.35,
        pilasters=0.15,
        awning=0.3,
        trees=0.15,
    ),
    District(
        name="foundry",
        title="Foundry Quarter",
        storeys=(4, 5),
        bays=(3, 4),
        bay=(2.2, 2.8),
        storey=(3.2, 3.8),
        ground=(3.8, 4.6),
        walls={
            "brick": ((142, 66, 50), (118, 64, 52), (160, 88, 62), (98, 58, 50)),
            "stone": ((128, 84, 66), (112, 76, 62), (196, 184, 160)),
            "painted brick": ((204, 198, 186), (92, 98, 104)),
        },
        base={"same": 0.5, "stone": 0.5},
        trim=((176, 150, 120), (206, 194, 170), (92, 66, 54), (64, 74, 70)),
        windows={"segmental": 0.35, "plain sash": 0.4, "arched": 0.25},
        window_width=(0.50, 0.64),
        window_height=(0.62, 0.72),
        frames=((52, 50, 48), (70, 42, 36), (44, 62, 58), WHITE),
        surrounds={"lintel": 0.4, "voussoirs": 0.35, "moulded": 0.25},
        balconies={"escape": 0.45, "none": 0.55},
        floors={"shop": 0.7, "home": 0.3},
        doors={"double": 0.6, "glazed": 0.4},
        door_colors=((54, 40, 34), (40, 56, 52), (34, 36, 40)),
        roofs={"flat": 1.0},
        roof_material="zinc",
        roof_colors=((110, 112, 114),),
        roof_height=(0.5, 0.9),
        cornice=(0.5, 0.9),
        courses=0.5,
        pilasters=0.45,
        awning=0.45,
        trees=0.2,
    ),
    District(
        name="newtown",
        title="New Town",
        storeys=(4, 5),
        bays=(3, 4),
        bay=(2.7, 3.5),
        storey=(2.7, 3.0),
        ground=(2.9, 3.6),
        walls={
            "concrete": ((186, 182, 174), (164, 162, 158), (206, 200, 190)),
            "stucco": ((222, 220, 214), (214, 202, 180), (176, 190, 196), (222, 200, 160)),
            "brick": ((176, 132, 96), (150, 110, 88)),
            "zinc": ((120, 126, 132), (150, 104, 80)),
        },
        base={"concrete": 0.5, "same": 0.5},
        trim=((226, 224, 218), (120, 122, 124), (90, 92, 96)),
        windows={"modern": 0.6, "band": 0.4},
        window_width=(0.50, 0.80),
        window_height=(0.48, 0.60),
        frames=((60, 62, 66), WHITE, (92, 78, 66)),
        surrounds={"plain": 1.0},
        balconies={"slabs": 0.65, "none": 0.35},
        floors={"home": 0.5, "shop": 0.5},
        doors={"glazed": 1.0},
        door_colors=((70, 72, 76), (120, 84, 58), (196, 196, 192)),
        roofs={"flat": 1.0},
        roof_material="concrete",
        roof_colors=((170, 168, 164),),
        roof_height=(0.25, 0.5),
        cornice=(0, 0.12),
        courses=0.3,
        pilasters=0.15,
        awning=0.1,
        trees=0.35,
    ),
    District(
        name="gardens",
        title="Garden Suburb",
        storeys=(2, 2),
        bays=(2, 4),
        bay=(2.5, 3.2),
        storey=(2.7, 3.0),
        ground=(2.8, 3.1),
        walls={
            "siding": (
                (236, 234, 226),
                (176, 192, 204),
                (232, 216, 164),
                (160, 180, 156),
                (160, 88, 76),
                (120, 136, 150),
            ),
            "brick": ((162, 92, 70), (146, 86, 66), (186, 140, 104)),
            "stucco": ((238, 230, 212), (226, 204, 172)),
        },
        base={"same": 0.7, "brick": 0.2, "rubble": 0.1},
        trim=(WHITE, WHITE, (222, 214, 196)),
        windows={"sash": 0.5, "casement": 0.35, "plain sash": 0.15},
        window_width=(0.38, 0.54),
        window_height=(0.48, 0.58),
        frames=(WHITE, WHITE, (70, 72, 76)),
        surrounds={"moulded": 0.6, "plain": 0.2, "lintel": 0.2},
        shutters=0.5,
        shutter_colors=(BLACK, (46, 76, 62), (50, 66, 98), (120, 44, 42)),
        balconies={"none": 1.0},
        floors={"home": 1.0},
        doors={"panelled": 0.8, "arched": 0.2},
        door_colors=((150, 36, 36), (36, 72, 56), (40, 60, 104), (98, 62, 40), (228, 222, 210), (216, 166, 60)),
        roofs={"gable": 0.4, "hipped": 0.3, "eaves": 0.3},
        roof_material="clay",
        roof_colors=((120, 76, 62), (92, 92, 98), (146, 88, 66), (78, 76, 78)),
        roof_height=(2.2, 3.4),
        cornice=(0.2, 0.4),
        courses=0.2,
        quoins=0.1,
        timbers=0.15,
        oriel=0.25,
        dormers=0.3,
        trees=0.5,
        detached=True,
    ),
)
