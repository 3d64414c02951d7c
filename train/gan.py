"""G, D, the running average of G and their optimisers: one update of all of them, and nothing of the loop around."""

from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from train import losses
from train.augment import DRAWS, augment
from train.cuda_graph import CudaGraphed
from train.data import scaled
from train.distributed import ALONE, ProcessGroup, synchronise
from train.hardware import autocast
from train.networks import Discriminator, Generator, initialise, noise, normalise_spectrally
from train.random_streams import Purpose, stream
from train.recipe import Recipe
from train.vision import Critic, backbone

STANDING_IMAGES = 128
ADAPTIVE_IMAGES = 500_000  # in which the strength of augmentation goes from nothing to all (arXiv:2006.06676)

SHOWINGS = 4  # of images to D in one step: real and generated ones for D, then for G

PARTS = ("G", "D", "critic", "average", "adam_g", "adam_d")
"""What the next step depends on, besides its number."""

FIGURES = ("loss_d", "loss_g", "d_real", "d_fake")
"""What a step reports: both losses, and D's mean probability that real and generated images are real."""


class Gan:
    """The state of a training, on one device."""

    def __init__(
        self, recipe: Recipe, size: int, device: torch.device, precision: str, share: ProcessGroup = ALONE
    ) -> None:
        self.recipe, self.size, self.device, self.precision, self.share = recipe, size, device, precision, share
        self.G = Generator(recipe.latent, recipe.width_g, size, recipe.classes)
        self.D = Discriminator(recipe.width_d, size, recipe.norm_d, recipe.classes)
        initialise(self.G, stream(recipe.seed, Purpose.WEIGHTS_G))
        initialise(self.D, weights_d := stream(recipe.seed, Purpose.WEIGHTS_D))
        if recipe.norm_d == "spectral":
            normalise_spectrally(self.D, weights_d)
        for network in (self.G, self.D):
            synchronise(network, share)
        critic_weights = stream(recipe.seed, Purpose.WEIGHTS_CRITIC)
        self.critic = Critic(critic_weights, share, recipe.classes) if recipe.vision else nn.ModuleList()
        self.backbone = backbone(device, precision) if recipe.vision else nn.Identity()
        for part in (self.G, self.D, self.critic):
            part.to(device).to(memory_format=torch.channels_last)
        self.average = deepcopy(self.G).requires_grad_(False)
        self.strength = torch.full((), 0.0 if recipe.adaptive else 1.0, device=device)
        self.pace = 1.0  # times the recipe's learning rates
        self.judges = nn.ModuleList([self.D, self.critic])
        betas = (recipe.beta1, recipe.beta2)
        # Collectives stay out of graphs: what NCCL lets one capture depends on its version.
        self.graphs = device.type == "cuda" and share.world == 1
        self.adam_g, self.adam_d = (
            # A graph reads the present rate from a tensor.
            torch.optim.Adam(
                network.parameters(),
                lr=torch.tensor(lr, device=device) if self.graphs else lr,
                betas=betas,
                fused=True,
                capturable=self.graphs,
            )
            for network, lr in ((self.G, recipe.lr_g), (self.judges, recipe.lr_d))
        )
        self._prepare_steps()

    def meet(self, labels: Tensor) -> None:
        """Tell G how frequent each label is: those of all training images, int64."""
        if self.G.shares is not None:
            shares = torch.bincount(labels, minlength=len(self.G.shares)) / len(labels)
            for network in (self.G, self.average):
                assert network.shares is not None
                network.shares.copy_(shares)

    def update(self, real: Tensor, step: int, labels: Tensor | None = None) -> Tensor:
        """One step of D, then one of G, then of the average.

        Nothing here waits for the device: no value is read back.

        Args:
            real: float32, N×3×S×S in [-1, 1]: this process's share of the batch.
            step: of this update, from 0.
            labels: int64, N, of these images, where the recipe has labels; generated images get the same.

        Returns:
            float32, 4: FIGURES of the whole batch, on the device.
        """
        recipe = self.recipe
        self._set_rates(step)
        rng = stream(recipe.seed, Purpose.STEP, step, self.device)
        z = noise(recipe.batch, recipe.latent, rng)
        u = torch.rand(recipe.batch, SHOWINGS, DRAWS, generator=rng, device=self.device)
        images = (step + 1) * recipe.batch
        half_life = max(min(recipe.ema_images, images * recipe.ema_ramp), 1e-9)
        weight = torch.full((), 1 - 0.5 ** (recipe.batch / half_life), device=self.device)
        penalised = (recipe.r1 > 0 or recipe.r2 > 0) and step % recipe.penalty_every == 0
        if labels is None:
            labels = torch.zeros(len(real), dtype=torch.long, device=self.device)
        compute = self._penalised if penalised else self._plain
        return compute(real, labels, self.share.of(z), self.share.of(u), weight)

    def _step(self, penalised: bool, real: Tensor, labels: Tensor, z: Tensor, u: Tensor, weight: Tensor) -> Tensor:
        """The arithmetic of `update`: nothing random, no number from the host, so that a GPU can replay it.

        Args:
            penalised: whether D pays for its gradients in this step.
            real: float32, N×3×S×S.
            labels: int64, N.
            z: noise, N×latent×1×1.
            u: uniform numbers, N×SHOWINGS×DRAWS.
            weight: a scalar, how far the average moves towards G.
        """
        recipe, share = self.recipe, self.share
        u_real, u_fake, u_rival, u_g = u.unbind(1)
        with autocast(self.device, self.precision):
            fake = self.G(self.G.place(z, labels))

        self.adam_d.zero_grad()
        # Detached, since unaugmented it is shown as it is, and a graph has to write into its input again.
        shown_real = self._show(real.detach(), u_real).requires_grad_(penalised and recipe.r1 > 0)
        shown_fake = self._show(fake.detach(), u_fake).requires_grad_(penalised and recipe.r2 > 0)
        on_real, on_fake = self._judge(shown_real, labels), self._judge(shown_fake, labels)
        objective = loss_d = losses.loss_d(recipe.loss, on_real, on_fake)
        for gamma, images, logits in ((recipe.r1, shown_real, on_real), (recipe.r2, shown_fake, on_fake)):
            if images.requires_grad:
                objective = objective + gamma * recipe.penalty_every * losses.gradient_penalty(images, logits)
        if recipe.vision:
            looks = (self._look(images.detach(), labels) for images in (shown_real, shown_fake))
            pairs = zip(*looks, strict=True)
            objective = objective + sum(losses.loss_d("hinge", *pair) for pair in pairs)
        torch.autograd.backward(objective)
        share.average(_gradients(self.judges))
        self.adam_d.step()

        self.adam_g.zero_grad()
        self.judges.requires_grad_(False)  # their gradients would be thrown away
        rival = self._judge(self._show(real, u_rival), labels) if recipe.loss == "relativistic" else None
        shown = self._show(fake, u_g)
        objective = loss_g = losses.loss_g(recipe.loss, rival, self._judge(shown, labels))
        if recipe.vision:
            objective = objective + recipe.vision * sum(
                losses.loss_g("hinge", None, one) for one in self._look(shown, labels)
            )
        torch.autograd.backward(objective)
        self.judges.requires_grad_(True)
        share.average(_gradients(self.G))
        self.adam_g.step()

        boundary = self.boundary(on_real, on_fake)
        on_real, on_fake = on_real - boundary, on_fake - boundary
        figures = [loss_d, loss_g, on_real.sigmoid().mean(), on_fake.sigmoid().mean(), on_real.sign().mean()]
        found = torch.stack([figure.detach() for figure in figures])
        share.average([found])
        if recipe.adaptive:
            overfitting = found[-1] - recipe.adaptive
            self.strength.add_(overfitting.sign(), alpha=recipe.batch / ADAPTIVE_IMAGES).clamp_(0, 1)
        if recipe.ema_images:
            self._follow(weight)
        return found[: len(FIGURES)]

    def published(self) -> Generator:
        """A copy of the generator as it would be published now, in evaluation mode.

        The averaged weights never saw a batch, and G's own running statistics lag behind its weights; so the statistics
        of batch norm are taken anew, over 128 images (standing statistics, Brock et al. 2019, arXiv:1809.11096).
        """
        G = deepcopy(self.average if self.recipe.ema_images else self.G).requires_grad_(False)
        norms = [module for module in G.modules() if isinstance(module, nn.BatchNorm2d)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over all that comes
        rng = stream(self.recipe.seed, Purpose.STANDING, device=self.device)
        with torch.no_grad():
            z = noise(STANDING_IMAGES, self.recipe.latent, rng)
            for part in torch.split(G.place(z, G.draw_labels(len(z), rng)), 64):
                G.train()(part)
        return G.eval()

    @torch.no_grad()
    def scores(self, images: Tensor, labels: Tensor) -> Tensor:
        """D's logits, N, for images (uint8, N×3×S×S) and their labels (int64, N), shown as in training, in one
        batch."""
        rng = stream(self.recipe.seed, Purpose.JUDGE, device=self.device)
        u = torch.rand(len(images), DRAWS, generator=rng, device=self.device)
        before = deepcopy(self.D.state_dict())
        logits = self._judge(self._show(scaled(images), u), labels)
        self.D.load_state_dict(before)  # a look must leave no trace in running statistics
        return logits

    def boundary(self, real: Tensor, fake: Tensor) -> Tensor | float:
        """The logit from which on D takes an image for real, given its logits for real and generated ones (N, M).

        It is 0, but for the relativistic loss, which holds real images against generated ones alone: it leaves D's
        logits a free offset, and half way between the two means takes the place of 0.
        """
        if self.recipe.loss != "relativistic":
            return 0.0
        means = torch.stack([real.detach().mean(), fake.detach().mean()])
        self.share.average([means])
        return means.mean()

    def is_finite(self) -> bool:
        """Whether all weights and averages are finite, in all processes. Waits for the device."""
        parts = (self.G, self.D, self.critic, self.average)
        finite = torch.stack([tensor.isfinite().all() for part in parts for tensor in part.state_dict().values()])
        return not self.share.any(not finite.all().item(), self.device)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on besides its number; `restore` takes it back."""
        return {name: getattr(self, name).state_dict() for name in PARTS} | {
            "strength": self.strength,
            "pace": self.pace,
        }

    def restore(self, state: dict[str, Any]) -> None:
        for name in PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.strength.copy_(state["strength"])
        self.pace = state["pace"]
        self._prepare_steps()  # a graph would go on with the optimisers' old state

    def _prepare_steps(self) -> None:
        self._plain, self._penalised = (
            CudaGraphed(partial(self._step, penalised)) if self.graphs else partial(self._step, penalised)
            for penalised in (False, True)
        )

    def _set_rates(self, step: int) -> None:
        """The learning rates of a step: G's falls to `decay_to` over the last `decay`, D's stays (see the recipe)."""
        recipe = self.recipe
        left = min(1.0, (recipe.steps - step) / (recipe.steps * recipe.decay)) if recipe.decay else 1.0
        lr_g = recipe.lr_g * (recipe.decay_to + (1 - recipe.decay_to) * left)
        for adam, lr in ((self.adam_g, lr_g), (self.adam_d, recipe.lr_d)):
            for group in adam.param_groups:
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(lr * self.pace)
                else:
                    group["lr"] = lr * self.pace

    def _show(self, images: Tensor, u: Tensor) -> Tensor:
        return augment(images, self.recipe.augment, u, self.strength if self.recipe.adaptive else None)

    def _judge(self, images: Tensor, labels: Tensor) -> Tensor:
        """D's logits, float32."""
        with autocast(self.device, self.precision):
            logits: Tensor = self.D(images, labels)
        return logits.float()

    def _look(self, images: Tensor, labels: Tensor) -> list[Tensor]:
        """The critic's logits of each head, float32."""
        with autocast(self.device, self.precision):
            return [logits.float() for logits in self.critic(self.backbone(images), labels)]

    @torch.no_grad()
    def _follow(self, weight: Tensor) -> None:
        for average, current in zip(self.average.parameters(), self.G.parameters(), strict=True):
            average.lerp_(current, weight)


def _gradients(network: nn.Module) -> list[Tensor]:
    return [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
