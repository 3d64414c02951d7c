"""Recipes: all choices of a training run, and the parameters of an evaluation. Imports no torch."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

NO_LABEL = "none"  # the name, on the command line, of images that match no label


def _not_reserved(label: str) -> str:
    if label == NO_LABEL:
        raise ValueError(f"another name: {NO_LABEL} stands for images that match no label")
    return label


Augmentation = Literal["flip", "color", "translation", "cutout"]
_AS_TUPLE = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)  # YAML has no tuples

Augmentations = Annotated[tuple[Augmentation, ...], _AS_TUPLE]
Labels = Annotated[
    tuple[Annotated[str, Field(min_length=1), AfterValidator(_not_reserved)], ...], _AS_TUPLE, Field(max_length=254)
]

DCGAN: dict[str, Any] = {
    "steps": 26_950,  # 500 epochs of about 6,900 images
    "batch": 128,
    "latent": 100,
    "width_g": 64,
    "width_d": 64,
    "lr_g": 2e-4,
    "lr_d": 2e-4,
    "decay": 0,
    "beta1": 0.5,
    "beta2": 0.999,
    "loss": "bce",
    "norm_d": "batch",
    "vision": 0,
    "r1": 0,
    "r2": 0,
    "augment": (),
    "adaptive": 0,
    "ema_images": 0,
    "keep": "last",
}
"""The defaults of `dcgan`: the hyper-parameters of PyTorch's examples/dcgan, and nothing that it does not have."""

OLD_NAMES = {"seed": "dcgan"}
"""Former names of recipes. Version 0.1 accepts them; the metadata of older models contain them."""

ADAPTIVE_AUGMENTATIONS = ("color", "translation", "cutout")
"""The kinds of augmentation whose probability `adaptive` controls."""


class Recipe(BaseModel):
    """All choices of a training run. `recipe` chooses the defaults, and each other field replaces one of them.

    The generator and the discriminator are always those of DCGAN (Radford et al. 2016, arXiv:1511.06434); the size of
    the images determines their depth.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: Literal["dcgan", "facade"] = Field(
        default="facade",
        description="where the defaults come from: `dcgan` is the article's DCGAN, `facade` is what measurements chose "
        "for a few thousand images",
    )
    steps: int = Field(default=5_250, ge=1, description="updates of each network")
    batch: int = Field(default=64, ge=2, description="images per step")
    seed: int = Field(
        default=0,
        ge=0,
        lt=2**32,
        description="of all random numbers: weights, order of the images, noise, augmentation",
    )

    latent: int = Field(default=100, ge=1, description="length of the noise vector z (DCGAN: nz)")
    width_g: int = Field(default=64, ge=1, description="feature maps before G's last layer (DCGAN: ngf)")
    width_d: int = Field(default=64, ge=1, description="feature maps after D's first layer (DCGAN: ndf)")

    labels: Labels = Field(
        default=(),
        description="classes of a conditional model: names of sources, or tags (the sub-folders of a folder are tags); "
        "an image has the first label that it matches; empty for an unconditional model",
    )

    lr_g: float = Field(default=4e-4, gt=0, description="G's learning rate (DCGAN: 2e-4; two rates: arXiv:1706.08500)")
    lr_d: float = Field(default=8e-4, gt=0, description="D's learning rate")
    decay: float = Field(
        default=0.714,
        ge=0,
        le=1,
        description="fraction of the steps, at the end, over which G's learning rate falls linearly to `decay_to` of "
        "its value; D's rate is constant, so that D stays ahead of G (two time scales, arXiv:1706.08500)",
    )
    decay_to: float = Field(
        default=0.167,
        ge=0,
        le=1,
        description="G's learning rate at the last step, as a fraction of `lr_g` (the end_factor of "
        "torch.optim.lr_scheduler.LinearLR)",
    )
    beta1: float = Field(default=0.5, ge=0, lt=1, description="Adam's first decay rate (DCGAN: 0.5)")
    beta2: float = Field(default=0.99, ge=0, lt=1, description="Adam's second decay rate (DCGAN: 0.999)")
    loss: Literal["bce", "hinge", "relativistic"] = Field(
        default="bce",
        description="`bce` is the non-saturating loss (arXiv:1406.2661), `hinge` the hinge loss (arXiv:1705.02894), "
        "`relativistic` the relativistic paired loss (arXiv:1807.00734, arXiv:2501.05441)",
    )
    norm_d: Literal["batch", "spectral", "none"] = Field(
        default="batch", description="normalization in D: DCGAN's batch norm, or spectral norm (arXiv:1802.05957)"
    )
    vision: float = Field(
        default=20,
        ge=0,
        description="weight in G's loss of a second discriminator, which sees features of a network trained on "
        "ImageNet (vision-aided training, arXiv:2112.09130); 0 for none",
    )
    r1: float = Field(
        default=0, ge=0, description="weight of the squared gradient of D at real images (arXiv:1801.04406)"
    )
    r2: float = Field(
        default=0, ge=0, description="weight of the squared gradient of D at generated images (arXiv:1801.04406)"
    )
    penalty_every: int = Field(
        default=16,
        ge=1,
        description="steps between two gradient penalties, whose weight is multiplied by it (lazy regularization, "
        "arXiv:1912.04958)",
    )

    augment: Augmentations = Field(
        default=("flip", "translation"),
        description="augmentations of all images that D sees, real and generated (DiffAugment, arXiv:2006.10738)",
    )
    adaptive: float = Field(
        default=0,
        ge=0,
        lt=1,
        description="target for the mean sign of D's logits at real images (ADA's r_t, arXiv:2006.06676: 0.6): above "
        "it the probability of augmentation rises, by 1 in 500,000 images, below it falls; 0 always augments",
    )
    ema_images: int = Field(
        default=100_000,
        ge=0,
        description="longest half-life, in images, of the exponential moving average (EMA) of G's weights, which is "
        "published (arXiv:1710.10196, arXiv:2006.06676); 0 publishes G itself",
    )
    ema_ramp: float = Field(
        default=0.15,
        gt=0,
        le=1,
        description="the half-life is at most this fraction of the images seen so far (StyleGAN2-ADA's code: 0.05)",
    )

    measure_every: int = Field(default=500, ge=1, description="steps between two measurements of KSD")
    measure_images: int = Field(default=1000, ge=10, description="generated images of a measurement")
    patience: int = Field(
        default=0, ge=0, description="measurements without a lower KSD after which training ends; 0 to train all steps"
    )
    keep: Literal["best", "last"] = Field(
        default="best", description="publish the weights of the lowest KSD against training images, or the last ones"
    )

    roll_back: bool = Field(
        default=False,
        description="if a loss is not finite, return to the last measurement, once, and halve both learning rates; "
        "otherwise training ends with an error",
    )

    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto", description="of the convolutions; `auto` is bf16 if the hardware supports it natively"
    )
    deterministic: bool = Field(
        default=True, description="equal runs give equal bytes; false allows algorithms that may be faster"
    )

    @model_validator(mode="before")
    @classmethod
    def _apply_named_defaults(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        name = values.get("recipe")
        if isinstance(name, str) and name in OLD_NAMES:
            values = values | {"recipe": OLD_NAMES[name]}
        return DCGAN | values if values.get("recipe") == "dcgan" else values

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        for field, names in (("augment", self.augment), ("labels", self.labels)):
            if len(set(names)) < len(names):
                raise ValueError(f"each name in {field} once")
        return self

    @model_validator(mode="after")
    def _something_to_adapt(self) -> Self:
        if self.adaptive and not set(self.augment) & set(ADAPTIVE_AUGMENTATIONS):
            raise ValueError(f"one of {', '.join(ADAPTIVE_AUGMENTATIONS)} in augment, for adaptive to control")
        return self

    @property
    def classes(self) -> int:
        """The number of classes of a conditional model: the labels, and images without one; 0 without labels."""
        return len(self.labels) + 1 if self.labels else 0


class EvaluateParams(BaseModel):
    """The parameters of an evaluation: the same for all models, since FSD depends on the number of images."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n: int = Field(default=1000, ge=10, description="generated images, and the most training images, for each metric")
    seed: int = Field(default=0, ge=0, lt=2**32, description="of the noise, the choice of images and the projections")
