"""What a model is made of: every choice of a training run as one typed, hashable value."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

NO_LABEL = "none"  # what the command line calls the images that no label fits


def _free(label: str) -> str:
    if label == NO_LABEL:
        raise ValueError(f"another name: {NO_LABEL} stands for the images that no label fits")
    return label


Augmentation = Literal["flip", "color", "translation", "cutout"]
_AS_TUPLE = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)  # YAML has no tuples

Augmentations = Annotated[tuple[Augmentation, ...], _AS_TUPLE]
Labels = Annotated[
    tuple[Annotated[str, Field(min_length=1), AfterValidator(_free)], ...], _AS_TUPLE, Field(max_length=254)
]

SEED: dict[str, Any] = {
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
"""The article's DCGAN, whatever `facade` comes to be: PyTorch's examples/dcgan, hyper-parameter for hyper-parameter."""

ADAPTED = ("color", "translation", "cutout")
"""The kinds of augmentation whose strength `adaptive` sets."""


class Recipe(BaseModel):
    """A whole recipe. `recipe` picks the defaults, every other field overrides one of them.

    The generator and the discriminator are always DCGAN's (Radford et al. 2016, arXiv:1511.06434); their depth follows
    the size of the images.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: Literal["seed", "facade"] = Field(
        default="facade",
        description="where the defaults come from: `seed` is the article's DCGAN to the letter, "
        "`facade` is what measurement chose for a few thousand images",
    )
    steps: int = Field(default=5_250, ge=1, description="updates of each network")
    batch: int = Field(default=64, ge=2, description="images a step")
    seed: int = Field(
        default=0, ge=0, lt=2**32, description="of everything random: weights, order, noise, augmentation"
    )

    latent: int = Field(default=100, ge=1, description="length of the noise vector z (DCGAN)")
    width_g: int = Field(default=64, ge=1, description="feature maps before G's last layer, ngf (DCGAN)")
    width_d: int = Field(default=64, ge=1, description="feature maps after D's first layer, ndf (DCGAN)")

    labels: Labels = Field(
        default=(),
        description="names of sources, or tags (a folder's sub-folders are tags), that G and D are told of each image: "
        "the first that fits it; no names, no labels",
    )

    lr_g: float = Field(default=4e-4, gt=0, description="G's learning rate (DCGAN: 2e-4; two rates: arXiv:1706.08500)")
    lr_d: float = Field(default=8e-4, gt=0, description="D's learning rate")
    decay: float = Field(
        default=0.714,
        ge=0,
        le=1,
        description="share of the steps, the last ones, in which G's learning rate falls linearly to `decay_to` of "
        "itself; D's stays, so that G follows a D that has kept up with it (two time scales, arXiv:1706.08500)",
    )
    decay_to: float = Field(
        default=0.167,
        ge=0,
        le=1,
        description="what `decay` leaves of G's learning rate at the end, as a share of `lr_g` (the end_factor of "
        "torch.optim.lr_scheduler.LinearLR)",
    )
    beta1: float = Field(default=0.5, ge=0, lt=1, description="Adam's first decay rate (DCGAN)")
    beta2: float = Field(default=0.99, ge=0, lt=1, description="Adam's second decay rate (DCGAN: 0.999)")
    loss: Literal["bce", "hinge", "relativistic"] = Field(
        default="bce",
        description="bce is the non-saturating loss (arXiv:1406.2661), hinge that of arXiv:1705.02894, "
        "relativistic the paired one (arXiv:1807.00734, arXiv:2501.05441)",
    )
    norm_d: Literal["batch", "spectral", "none"] = Field(
        default="batch",
        description="what keeps D's layers in range: DCGAN's batch norm, or spectral norm (arXiv:1802.05957)",
    )
    vision: float = Field(
        default=20,
        ge=0,
        description="weight in G's loss of a second discriminator, which looks through a network that was trained on "
        "ImageNet (vision-aided training, arXiv:2112.09130); 0 has none",
    )
    r1: float = Field(default=0, ge=0, description="weight of D's squared gradient at real images (arXiv:1801.04406)")
    r2: float = Field(default=0, ge=0, description="weight of D's squared gradient at generated images (same paper)")
    penalty_every: int = Field(
        default=16, ge=1, description="steps between two gradient penalties, weighted as much more (arXiv:1912.04958)"
    )

    augment: Augmentations = Field(
        default=("flip", "translation"),
        description="what D sees of real and generated images alike (DiffAugment, arXiv:2006.10738)",
    )
    adaptive: float = Field(
        default=0,
        ge=0,
        lt=1,
        description="mean sign of D's logits at real images above which the augmentation grows stronger, from nothing "
        "in 500,000 images to all (ADA's r_t, arXiv:2006.06676: 0.6); 0 augments at full strength throughout",
    )
    ema_images: int = Field(
        default=100_000,
        ge=0,
        description="half-life, in images, of the running average of G's weights that is published (arXiv:1710.10196, "
        "arXiv:2006.06676), at most; 0 publishes G itself",
    )
    ema_ramp: float = Field(
        default=0.15,
        gt=0,
        le=1,
        description="the half-life is at most this share of the images seen so far (StyleGAN2-ADA's code: 0.05)",
    )

    measure_every: int = Field(default=500, ge=1, description="steps between two measurements of KSD")
    measure_images: int = Field(default=1000, ge=10, description="generated images a measurement is taken on")
    patience: int = Field(
        default=0, ge=0, description="measurements without a lower KSD after which training ends early; 0 never does"
    )
    keep: Literal["best", "last"] = Field(
        default="best", description="publish the weights of the lowest KSD against training images, or the last ones"
    )

    roll_back: bool = Field(
        default=False,
        description="on a loss that is not finite go back, once, to the last measurement, and on from there with half "
        "the learning rates; else training ends with the step",
    )

    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto", description="of the convolutions; auto takes bf16 where the hardware computes it natively"
    )
    deterministic: bool = Field(default=True, description="equal runs give equal bytes, even where that costs speed")

    @model_validator(mode="before")
    @classmethod
    def _start_from_the_named_defaults(cls, values: Any) -> Any:
        return SEED | values if isinstance(values, dict) and values.get("recipe") == "seed" else values

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        for field, names in (("augment", self.augment), ("labels", self.labels)):
            if len(set(names)) < len(names):
                raise ValueError(f"{field} names something twice: {', '.join(names)}")
        return self

    @model_validator(mode="after")
    def _something_to_adapt(self) -> Self:
        if self.adaptive and not set(self.augment) & set(ADAPTED):
            raise ValueError(f"adaptive sets the strength of {', '.join(ADAPTED)}; augment names none of them")
        return self

    @property
    def classes(self) -> int:
        """How many labels the networks know, the one of images that no label fits included; 0 without labels."""
        return len(self.labels) + 1 if self.labels else 0


class EvaluateParams(BaseModel):
    """How models are compared: the same for all of them, since FSD depends on the number of images."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n: int = Field(default=1000, ge=10, description="images generated, and training images at most, for every metric")
    seed: int = Field(
        default=0, ge=0, lt=2**32, description="of the noise, of the choice of images, of the projections"
    )
