"""Descriptions of a building before it is drawn. Each depends on (seed, number) only."""

from dataclasses import dataclass

from crawler.spiders.demo.town.color import Color


@dataclass(frozen=True, slots=True)
class House:
    """One facade. Lengths in metres."""

    storeys: int  # including the ground floor, without the roof
    bays: int
    bay: float  # width of a bay
    storey: float  # height of an upper storey
    ground: float  # height of the ground floor
    margin: float  # wall between the outer bays and the corner
    wall: str  # a key of surface.MATERIALS
    wall_color: Color
    base: str  # material of the ground floor
    base_color: Color
    trim: Color  # cornices, courses, surrounds
    window: str  # a key of openings.PANES
    window_size: tuple[float, float]  # width as a fraction of the bay, height as a fraction of the storey
    frame: Color
    surround: str  # plain, lintel, moulded, pediment or voussoirs
    shutters: Color | None
    balconies: str  # none, each, floors (storeys 1 and top), slabs or escape
    plan: tuple[str, ...]  # the content of each bay of the ground floor: window, door, shop, arch, blank
    door: str  # panelled, double, arched or glazed
    door_color: Color
    shop_color: Color
    awning: Color | None
    courses: bool  # a string course between storeys
    quoins: bool
    pilasters: bool
    timbers: Color | None  # half-timbering on the upper storeys
    oriel: bool  # a bay window over the height of the upper storeys
    cornice: float  # depth; 0: none
    roof: str  # flat, parapet, eaves, hipped, mansard, gable, stepped or neck
    roof_material: str
    roof_color: Color
    roof_height: float
    dormers: bool
    chimneys: int
    detached: bool

    def floor(self, storey: int) -> float:
        """Return the height of the floor of a storey; storey 0 is the ground floor."""
        return 0.0 if storey == 0 else self.ground + (storey - 1) * self.storey

    @property
    def width(self) -> float:
        return self.bays * self.bay + 2 * self.margin

    @property
    def wall_height(self) -> float:
        return self.floor(self.storeys)

    @property
    def height(self) -> float:
        return self.wall_height + self.roof_height


@dataclass(frozen=True, slots=True)
class Light:
    """The weather when the picture is taken."""

    sun: tuple[float, float]  # offset of a shadow, metres right and down per metre of depth
    sunshine: float  # fraction of direct sun in the light, 0 (overcast) to 1
    warmth: float  # -1 (blue hour) to 1 (evening sun)
    zenith: Color
    horizon: Color
    clouds: float  # 0 (clear) to 1 (covered)
    opposite: (
        tuple[float, float] | None
    )  # heights on the left and right, in metres, up to which other houses shade this one


@dataclass(frozen=True, slots=True)
class Shot:
    """The photographer's choices."""

    size: tuple[int, int]  # of the picture, pixels
    zoom: float  # fraction of the frame that the house fills
    aim: tuple[float, float]  # the centre of the frame, as fractions of the width and height of the house
    yaw: float  # perspective: how much taller one side is than the other, -0.1 to 0.1
    pitch: float  # perspective: how much narrower the top is than the foot, 0 to 0.1
    roll: float  # radians
    exposure: float  # a gain
    contrast: float  # a factor; 1: unchanged
    saturation: float  # a factor; 1: unchanged
    balance: tuple[float, float, float]  # a gain for each of red, green, blue
    vignette: float
    grain: float  # standard deviation of the sensor's noise, 8-bit levels
    blur: float  # radius of the lens blur, pixels
    quality: int  # of the JPEG


@dataclass(frozen=True, slots=True)
class Street:
    """Objects in front of the house."""

    pavement: Color
    trees: tuple[float, ...]  # positions, as fractions of the width of the house
    leaf: Color
    lamp: float | None  # likewise
    car: tuple[float, Color] | None  # likewise
    hedge: bool
    people: tuple[float, ...]  # likewise


@dataclass(frozen=True, slots=True)
class Building:
    """A whole picture: house, neighbours, street, light, camera."""

    seed: int
    number: int
    district: str
    house: House
    left: House | None
    right: House | None
    street: Street
    light: Light
    shot: Shot
