"""The vertical plane on which the town is drawn, measured in metres."""

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw

from crawler.spiders.demo.town.color import Color, shaded

Point = tuple[float, float]
SHADE_SCALE = 2
"""The shade layer has half of the albedo's resolution, since shadows are soft."""


class Canvas:
    """The frontal view: x to the right and y up, in metres, with (0, 0) at the foot of the house.

    `albedo` is RGBX; X is 255 where something is drawn, and all four are 0 where the sky is visible. `shade` is L at
    half that resolution: 255 in the sun, 0 in cast shadow. `sun` is the offset of the shadow
    of an object one metre in front of the wall, in metres (right, down).
    """

    def __init__(self, size: tuple[int, int], unit: float, origin: Point, sun: Point) -> None:
        self.size = size
        self.unit = unit
        self.origin = origin
        self.sun = sun
        self.albedo = Image.new("RGBX", size, (0, 0, 0, 0))
        self.shade = Image.new("L", (size[0] // SHADE_SCALE + 1, size[1] // SHADE_SCALE + 1), 255)
        self._pen = ImageDraw.Draw(self.albedo)
        self._shade_pen = ImageDraw.Draw(self.shade)

    @property
    def left(self) -> float:
        """The x of the left edge, in metres."""
        return -self.origin[0] / self.unit

    @property
    def right(self) -> float:
        """The x of the right edge, in metres."""
        return (self.size[0] - self.origin[0]) / self.unit

    def pixel(self, x: float, y: float) -> Point:
        return (self.origin[0] + x * self.unit, self.origin[1] - y * self.unit)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[int, int, int, int]:
        """Return the pixels (left, top, right, bottom) of a rectangle in metres; right and bottom are exclusive."""
        (x, y), unit = self.origin, self.unit
        return (round(x + x0 * unit), round(y - y1 * unit), round(x + x1 * unit), round(y - y0 * unit))

    def pixels(self, width: float, height: float) -> tuple[int, int]:
        """Return the size in pixels of a sprite whose width and height are in metres."""
        return (max(4, round(width * self.unit)), max(4, round(height * self.unit)))

    def sees(self, x0: float, y0: float, x1: float, y1: float) -> bool:
        left, top, right, bottom = self.box(x0, y0, x1, y1)
        return left < self.size[0] and right > 0 and top < self.size[1] and bottom > 0

    def rect(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        left, top, right, bottom = self.box(x0, y0, x1, y1)
        if right > left and bottom > top:
            self._pen.rectangle((left, top, right - 1, bottom - 1), fill=(*color, 255))

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        self._pen.polygon([self.pixel(x, y) for x, y in points], fill=(*color, 255))

    def line(self, points: Sequence[Point], color: Color, width: float) -> None:
        """Draw a polyline; `width` is in metres, and at least one pixel."""
        self._pen.line(
            [self.pixel(x, y) for x, y in points], fill=(*color, 255), width=max(1, round(width * self.unit))
        )

    def ellipse(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        left, top, right, bottom = self.box(x0, y0, x1, y1)
        if right > left and bottom > top:
            self._pen.ellipse((left, top, right, bottom), fill=(*color, 255))

    def dim(self, points: Sequence[Point], light: int = 0) -> None:
        """Set the sunlight (0–255) on a polygon."""
        self._shade_pen.polygon([self._shade_pixel(x, y) for x, y in points], fill=light)

    def dim_rect(self, x0: float, y0: float, x1: float, y1: float, light: int = 0) -> None:
        if x1 > x0 and y1 > y0:
            self.dim([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], light)

    def dim_ellipse(self, x0: float, y0: float, x1: float, y1: float, light: int = 0) -> None:
        left, bottom = self._shade_pixel(x0, y0)
        right, top = self._shade_pixel(x1, y1)
        if right > left and bottom > top:
            self._shade_pen.ellipse((left, top, right, bottom), fill=light)

    def overshadow(self, points: Sequence[Point], light: int = 0) -> None:
        """Shade a polygon by a distant object; parts that are in shadow already do not get darker."""
        veil = Image.new("L", self.shade.size, 255)
        ImageDraw.Draw(veil).polygon([self._shade_pixel(x, y) for x, y in points], fill=light)
        self.shade.paste(ImageChops.darker(self.shade, veil))

    def cast(self, x0: float, y0: float, x1: float, y1: float, depth: float, light: int = 0) -> None:
        """Cast the shadow of a box that protrudes `depth` metres from the wall; the box itself stays lit."""
        dx, dy = self.sun[0] * depth, self.sun[1] * depth
        if dx >= 0:
            hull = [(x0, y0), (x0, y1), (x1, y1), (x1 + dx, y1 - dy), (x1 + dx, y0 - dy), (x0 + dx, y0 - dy)]
        else:
            hull = [(x1, y0), (x1, y1), (x0, y1), (x0 + dx, y1 - dy), (x0 + dx, y0 - dy), (x1 + dx, y0 - dy)]
        self.dim(hull, light)
        self.dim_rect(x0, y0, x1, y1, 255)

    def sink(self, x0: float, y0: float, x1: float, y1: float, depth: float) -> None:
        """Cast the shadow inside an opening whose pane is `depth` metres behind the wall."""
        dx, dy = self.sun[0] * depth, self.sun[1] * depth
        self.dim_rect(x0, y0, x1, y1, 255)
        self.dim_rect(x0, max(y0, y1 - dy), x1, y1)
        if dx >= 0:
            self.dim_rect(x0, y0, min(x1, x0 + dx), y1)
        else:
            self.dim_rect(max(x0, x1 + dx), y0, x1, y1)

    def block(self, x0: float, y0: float, x1: float, y1: float, depth: float, color: Color) -> None:
        """Draw a box that protrudes `depth` metres: its shadow, its face, a light upper and a dark lower edge."""
        self.cast(x0, y0, x1, y1, depth)
        self.rect(x0, y0, x1, y1, color)
        edge = min(0.05, (y1 - y0) / 3)
        if edge * self.unit >= 1:
            self.rect(x0, y1 - edge, x1, y1, shaded(color, 1.12))
            self.rect(x0, y0, x1, y0 + edge, shaded(color, 0.72))

    def tile(
        self, x0: float, y0: float, x1: float, y1: float, tile: Image.Image, mask: Image.Image | None = None
    ) -> None:
        """Fill a rectangle with repetitions of an RGB `tile`; `mask` is L, of the size of the rectangle."""
        left, top, right, bottom = self.box(x0, y0, x1, y1)
        if mask is None:
            left, top = max(left, 0), max(top, 0)
            right, bottom = min(right, self.size[0]), min(bottom, self.size[1])
        if right <= left or bottom <= top:
            return
        # Doubling the covered part needs few pastes, however small the tile.
        cover = Image.new("RGBX", (right - left, bottom - top))
        cover.paste(tile, (0, 0))
        width, height = tile.size
        while width < cover.width:
            cover.paste(cover.crop((0, 0, min(width, cover.width - width), height)), (width, 0))
            width *= 2
        while height < cover.height:
            cover.paste(cover.crop((0, 0, cover.width, min(height, cover.height - height))), (0, height))
            height *= 2
        self.albedo.paste(cover, (left, top), mask)

    def paste(self, x: float, y: float, sprite: Image.Image, mask: Image.Image | None = None) -> None:
        """Paste `sprite` with its lower left corner at (x, y)."""
        left, bottom = self.pixel(x, y)
        self.albedo.paste(sprite, (round(left), round(bottom) - sprite.height), mask)

    def _shade_pixel(self, x: float, y: float) -> Point:
        left, top = self.pixel(x, y)
        return (left / SHADE_SCALE, top / SHADE_SCALE)
