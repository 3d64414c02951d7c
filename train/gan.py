"""G, D, the EMA of G and their optimizers: the arithmetic of a training, without its loop."""

from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from train import losses, schedules
from train.augment import N_RANDOM, augment
from train.cuda_graph import CudaGraphed
from train.data import scaled
from train.distributed import SINGLE_PROCESS, ProcessGroup, synchronise_batch_norm
from train.hardware import autocast
from train.networks import Discriminator, Generator, initialise, noise, normalise_spectrally
from train.random_streams import RandomStream
from train.recipe import Recipe
from train.vision import Critic, backbone

BATCH_NORM_IMAGES, BATCH_NORM_CHUNK = 128, 64  # from which `published_generator` takes the statistics of batch norm
ADAPTIVE_IMAGES = 500_000  # in which `augment_p` can rise from 0 to 1 (ADA, arXiv:2006.06676)
N_AUGMENT_CALLS = 4  # in one step: real and generated images for D, then for G

STATS = ("loss_d", "loss_g", "d_real", "d_fake")
"""The statistics of a step: both losses, and the mean probability that D gives to real and to generated images."""

STATEFUL = ("G", "D", "critic", "G_ema", "adam_g", "adam_d")
"""The attributes of `Gan` that have a state_dict of their own."""


class Gan:
    """The networks and optimizers of one training, on one device."""

    def __init__(
        self, recipe: Recipe, size: int, device: torch.device, precision: str, group: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        """Initialise the networks from the recipe's seed.

        Args:
            size: side of the images, one of `train.networks.SIZES`.
            precision: `fp32` or `bf16`.
            group: the processes that share each batch.
        """
        self.recipe, self.size, self.device, self.precision, self.group = recipe, size, device, precision, group
        self.G = Generator(recipe.latent, recipe.width_g, size, recipe.classes)
        self.D = Discriminator(recipe.width_d, size, recipe.norm_d, recipe.classes)
        initialise(self.G, RandomStream.WEIGHTS_G.rng(recipe.seed))
        initialise(self.D, weights_d := RandomStream.WEIGHTS_D.rng(recipe.seed))
        if recipe.norm_d == "spectral":
            normalise_spectrally(self.D, weights_d)
        for network in (self.G, self.D):
            synchronise_batch_norm(network, group)
        weights_critic = RandomStream.WEIGHTS_CRITIC.rng(recipe.seed)
        self.critic = Critic(weights_critic, group, recipe.classes) if recipe.vision else nn.ModuleList()
        self.backbone = backbone(device, precision) if recipe.vision else nn.Identity()
        for part in (self.G, self.D, self.critic):
            part.to(device).to(memory_format=torch.channels_last)
        self.G_ema = deepcopy(self.G).requires_grad_(False)
        self.discriminators = nn.ModuleList([self.D, self.critic])
        self.augment_p = torch.full((), 0.0 if recipe.adaptive else 1.0, device=device)
        self.lr_scale = 1.0  # of both learning rates; lower after a roll-back
        # Collectives stay out of CUDA graphs: what NCCL allows to capture depends on its version.
        self.uses_graphs = device.type == "cuda" and group.world_size == 1
        self.adam_g = self._adam(self.G, recipe.lr_g)
        self.adam_d = self._adam(self.discriminators, recipe.lr_d)
        self._prepare_steps()

    def set_label_frequencies(self, labels: Tensor) -> None:
        """Store in G how frequent each label is, given the labels of all training images (int64, N)."""
        if self.G.label_frequencies is None:
            return
        frequencies = torch.bincount(labels, minlength=len(self.G.label_frequencies)) / len(labels)
        for network in (self.G, self.G_ema):
            assert network.label_frequencies is not None
            network.label_frequencies.copy_(frequencies)

    def update(self, real: Tensor, step: int, labels: Tensor | None = None) -> Tensor:
        """Train for one step: update D, then G, then the EMA of G. Never waits for the device.

        Args:
            real: float32, N×3×S×S in [-1, 1]: this process's part of the batch.
            step: the number of this step, from 0; it determines all random numbers.
            labels: int64, N, of these images, for a conditional model; the generated images get the same ones.

        Returns:
            float32, 4: STATS, means over the whole batch, on the device.
        """
        recipe = self.recipe
        self._set_learning_rates(step)
        rng = RandomStream.STEP.rng(recipe.seed, step, self.device)
        z = noise(recipe.batch, recipe.latent, rng)
        u = torch.rand(recipe.batch, N_AUGMENT_CALLS, N_RANDOM, generator=rng, device=self.device)
        ema_weight = torch.full((), schedules.ema_weight(recipe, step), device=self.device)
        if labels is None:
            labels = torch.zeros(len(real), dtype=torch.long, device=self.device)
        compute = self._penalised_step if schedules.has_gradient_penalty(recipe, step) else self._plain_step
        return compute(real, labels, self.group.shard(z), self.group.shard(u), ema_weight)

    def _step(self, penalised: bool, real: Tensor, labels: Tensor, z: Tensor, u: Tensor, ema_weight: Tensor) -> Tensor:
        """Compute one step, capturable as a CUDA graph: it draws no random number and reads no number from the host.

        Args:
            penalised: whether D's loss includes its gradient penalties.
            real: float32, N×3×S×S in [-1, 1].
            labels: int64, N.
            z: noise, float32, N×latent×1×1.
            u: float32, N×N_AUGMENT_CALLS×N_RANDOM, uniform in [0, 1): for the augmentation.
            ema_weight: float32, a scalar: how far the EMA moves towards G.
        """
        u_d_real, u_d_fake, u_g_real, u_g_fake = u.unbind(1)
        with autocast(self.device, self.precision):
            fake = self.G(self.G.condition(z, labels))
        loss_d, on_real, on_fake = self._discriminator_step(penalised, real, fake, labels, u_d_real, u_d_fake)
        loss_g = self._generator_step(real, fake, labels, u_g_real, u_g_fake)
        threshold = self.decision_threshold(on_real, on_fake)
        on_real, on_fake = on_real - threshold, on_fake - threshold
        stats = [loss_d, loss_g, on_real.sigmoid().mean(), on_fake.sigmoid().mean(), on_real.sign().mean()]
        means = torch.stack(stats)
        self.group.all_reduce_mean([means])
        self._update_augment_p(means[-1])
        self._update_ema(ema_weight)
        return means[: len(STATS)]

    def _discriminator_step(
        self, penalised: bool, real: Tensor, fake: Tensor, labels: Tensor, u_real: Tensor, u_fake: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Update D and the critic; return D's loss and its logits for real and generated images, detached."""
        recipe = self.recipe
        self.adam_d.zero_grad()
        # Detached: without augmentation `real` is the input of the graph itself, which must not require a gradient.
        real = self._augment(real.detach(), u_real).requires_grad_(penalised and recipe.r1 > 0)
        fake = self._augment(fake.detach(), u_fake).requires_grad_(penalised and recipe.r2 > 0)
        on_real, on_fake = self._discriminate(real, labels), self._discriminate(fake, labels)
        objective = loss = losses.loss_d(recipe.loss, on_real, on_fake)
        for gamma, images, logits in ((recipe.r1, real, on_real), (recipe.r2, fake, on_fake)):
            if images.requires_grad:
                objective = objective + gamma * recipe.penalty_every * losses.gradient_penalty(images, logits)
        if recipe.vision:
            critic_real, critic_fake = (self._criticise(images.detach(), labels) for images in (real, fake))
            objective = objective + sum(
                losses.loss_d("hinge", *logits) for logits in zip(critic_real, critic_fake, strict=True)
            )
        torch.autograd.backward(objective)
        self.group.all_reduce_mean(_gradients(self.discriminators))
        self.adam_d.step()
        return loss.detach(), on_real.detach(), on_fake.detach()

    def _generator_step(self, real: Tensor, fake: Tensor, labels: Tensor, u_real: Tensor, u_fake: Tensor) -> Tensor:
        """Update G, from which `fake` was computed; return its loss, detached."""
        recipe = self.recipe
        self.adam_g.zero_grad()
        self.discriminators.requires_grad_(False)  # saves the computation of gradients that nobody uses
        on_real = self._discriminate(self._augment(real, u_real), labels) if recipe.loss == "relativistic" else None
        fake = self._augment(fake, u_fake)
        objective = loss = losses.loss_g(recipe.loss, on_real, self._discriminate(fake, labels))
        if recipe.vision:
            objective = objective + recipe.vision * sum(
                losses.loss_g("hinge", None, logits) for logits in self._criticise(fake, labels)
            )
        torch.autograd.backward(objective)
        self.discriminators.requires_grad_(True)
        self.group.all_reduce_mean(_gradients(self.G))
        self.adam_g.step()
        return loss.detach()

    def _update_augment_p(self, r_t: Tensor) -> None:
        """Raise the probability of augmentation while D overfits: while r_t, the mean sign of D's logits for real
        images, is above `recipe.adaptive` (ADA, arXiv:2006.06676)."""
        if self.recipe.adaptive:
            overfits = (r_t - self.recipe.adaptive).sign()
            self.augment_p.add_(overfits, alpha=self.recipe.batch / ADAPTIVE_IMAGES).clamp_(0, 1)

    @torch.no_grad()
    def _update_ema(self, weight: Tensor) -> None:
        if self.recipe.ema_images:
            for average, current in zip(self.G_ema.parameters(), self.G.parameters(), strict=True):
                average.lerp_(current, weight)

    def published_generator(self) -> Generator:
        """Return a copy of the generator to publish at this step, in evaluation mode and without gradients.

        The statistics of batch norm are recomputed from 128 images (standing statistics, Brock et al. 2019,
        arXiv:1809.11096): the EMA has none of its own, and G's running statistics lag behind its weights.
        """
        G = deepcopy(self.G_ema if self.recipe.ema_images else self.G).requires_grad_(False)
        for module in G.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
                module.momentum = None  # a plain mean over all batches
        rng = RandomStream.BATCH_NORM.rng(self.recipe.seed, device=self.device)
        with torch.no_grad():
            z = noise(BATCH_NORM_IMAGES, self.recipe.latent, rng)
            for part in torch.split(G.condition(z, G.draw_labels(len(z), rng)), BATCH_NORM_CHUNK):
                G.train()(part)
        return G.eval()

    @torch.no_grad()
    def scores(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return D's logits for images, augmented as in training and in one batch; leave D unchanged.

        Args:
            images: uint8, N×3×S×S, on the device.
            labels: int64, N.

        Returns:
            float32, N, on the device.
        """
        rng = RandomStream.PROBE.rng(self.recipe.seed, device=self.device)
        u = torch.rand(len(images), N_RANDOM, generator=rng, device=self.device)
        before = deepcopy(self.D.state_dict())
        logits = self._discriminate(self._augment(scaled(images), u), labels)
        self.D.load_state_dict(before)  # running statistics and singular vectors have changed
        return logits

    def decision_threshold(self, real: Tensor, fake: Tensor) -> Tensor | float:
        """Return the logit above which D classifies an image as real, given its logits for real and generated images.

        It is 0, except for the relativistic loss, which is invariant to a constant offset of the logits; there it is
        the midpoint of the mean logits of real (N) and generated (M) images.
        """
        if self.recipe.loss != "relativistic":
            return 0.0
        means = torch.stack([real.detach().mean(), fake.detach().mean()])
        self.group.all_reduce_mean([means])
        return means.mean()

    def is_finite(self) -> bool:
        """Return whether all weights and averages are finite, in all processes. Waits for the device."""
        parts = (self.G, self.D, self.critic, self.G_ema)
        finite = torch.stack([tensor.isfinite().all() for part in parts for tensor in part.state_dict().values()])
        return not self.group.any(not finite.all().item(), self.device)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next step depends on, besides its number; the tensors are not copied."""
        parts = {name: getattr(self, name).state_dict() for name in STATEFUL}
        return parts | {"augment_p": self.augment_p, "lr_scale": self.lr_scale}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned.

        Raises:
            KeyError, RuntimeError, ValueError: it is the state of other networks.
        """
        for name in STATEFUL:
            getattr(self, name).load_state_dict(state[name])
        self.augment_p.copy_(state["augment_p"])
        self.lr_scale = state["lr_scale"]
        self._prepare_steps()  # a captured graph refers to the old state of the optimizers

    def _adam(self, network: nn.Module, lr: float) -> torch.optim.Adam:
        return torch.optim.Adam(
            network.parameters(),
            lr=torch.tensor(lr, device=self.device) if self.uses_graphs else lr,  # a graph reads it from a tensor
            betas=(self.recipe.beta1, self.recipe.beta2),
            fused=True,
            capturable=self.uses_graphs,
        )

    def _prepare_steps(self) -> None:
        self._plain_step, self._penalised_step = (
            CudaGraphed(partial(self._step, penalised)) if self.uses_graphs else partial(self._step, penalised)
            for penalised in (False, True)
        )

    def _set_learning_rates(self, step: int) -> None:
        for adam, lr in ((self.adam_g, schedules.lr_g(self.recipe, step)), (self.adam_d, self.recipe.lr_d)):
            for group in adam.param_groups:
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(lr * self.lr_scale)
                else:
                    group["lr"] = lr * self.lr_scale

    def _augment(self, images: Tensor, u: Tensor) -> Tensor:
        return augment(images, self.recipe.augment, u, self.augment_p if self.recipe.adaptive else None)

    def _discriminate(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return D's logits, float32."""
        with autocast(self.device, self.precision):
            logits: Tensor = self.D(images, labels)
        return logits.float()

    def _criticise(self, images: Tensor, labels: Tensor) -> list[Tensor]:
        """Return the logits of each head of the critic, float32."""
        with autocast(self.device, self.precision):
            return [logits.float() for logits in self.critic(self.backbone(images), labels)]


def _gradients(network: nn.Module) -> list[Tensor]:
    return [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
