"""Train a Faster R-CNN, and judge it."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn
from tqdm.auto import tqdm

from mlcourse.models.detection.losses import detection_losses
from mlcourse.models.detection.voc_map import voc_map
from mlcourse.models.training import in_eval_mode


def train_detector(
    net,
    images,
    targets: Sequence[Mapping],
    *,
    epochs: int = 10,
    batch_size: int = 4,
    learning_rate: float = 1e-3,
    weight_decay: float = 1e-2,
    augment: bool = True,
    random_state: int = 0,
    after_epoch=None,
    progress: bool = True,
    **draws,
) -> list[dict[str, float]]:
    """Train all of a network at once, in place: proposals and answers in the same step.

    Parameters
    ----------
    net : FasterRCNN
        Left in eval mode.
    images : array or tensor of shape (n, 3, height, width)
        From 0 to 1.
    targets : sequence of dict
        ``"boxes"`` and ``"labels"`` of each image.
    epochs, batch_size : int
    learning_rate : float
        Of AdamW. It rises in the first twentieth of the steps, and falls to 0 along half a cosine.
    weight_decay : float
        Of AdamW.
    augment : bool
        Whether images are mirrored, turned upside down, brought nearer or farther, and coloured anew by chance.
    random_state : int
        For the order of the images, and all else that chance decides.
    after_epoch : callable, optional
        ``after_epoch(epoch, losses)``, from 1 on: to report, or to keep what is there so far.
    progress : bool
        Whether to show a progress bar.
    **draws
        ``anchors_per_image`` and ``regions_per_image`` of `detection_losses`.

    Returns
    -------
    list of dict
        Mean losses of each epoch.

    Raises
    ------
    ValueError
        If there is not one target an image, or nothing to train on.
    FloatingPointError
        If the loss is no number any more.
    """
    images = torch.as_tensor(images, dtype=torch.float32)
    if not len(images) or len(images) != len(targets):
        raise ValueError(f"targets must be one dict for each of the {len(images)} images, and at least one.")
    targets = [{key: torch.as_tensor(target[key]) for key in ("boxes", "labels")} for target in targets]
    generator = torch.Generator().manual_seed(random_state)
    steps = epochs * -(-len(images) // batch_size)
    optimizer = torch.optim.AdamW(net.parameters(), lr=learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps + 1, pct_start=0.05)
    history = []
    with torch.random.fork_rng():  # dropout asks the global generator
        torch.manual_seed(random_state)
        for epoch in tqdm(range(1, epochs + 1), disable=not progress, desc="training"):
            net.train()
            sums = {}
            for batch in torch.randperm(len(images), generator=generator).split(batch_size):
                shown, drawn = images[batch], [targets[i] for i in batch.tolist()]
                if augment:
                    changed = [varied(*one, generator) for one in zip(shown, drawn, strict=True)]
                    shown, drawn = torch.stack([image for image, _ in changed]), [target for _, target in changed]
                losses = detection_losses(net, shown, drawn, generator, **draws)
                loss = sum(losses.values())
                if not bool(loss.isfinite()):
                    net.eval()
                    raise FloatingPointError(f"the loss is {float(loss)} in epoch {epoch}: try a lower learning_rate.")
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(net.parameters(), 5.0)
                optimizer.step()
                schedule.step()
                for name, value in losses.items():
                    sums[name] = sums.get(name, 0.0) + float(value.detach()) * len(batch) / len(images)
            history.append(sums)
            if after_epoch is not None:
                after_epoch(epoch, sums)
    net.eval()
    return history


def varied(image: torch.Tensor, target: Mapping, generator: torch.Generator):
    """Show an image as it might have been: mirrored, nearer or farther, and in another light.

    Parameters
    ----------
    image : tensor of shape (3, height, width)
    target : dict
        ``"boxes"`` and ``"labels"``.
    generator : torch.Generator

    Returns
    -------
    image : tensor of shape (3, height, width)
    target : dict
        Objects of which less than 40 % is left inside are gone.
    """
    boxes, labels = target["boxes"].float(), target["labels"]
    height, width = image.shape[1:]
    chance = torch.rand(10, generator=generator).tolist()
    if chance[0] < 0.5:
        image, boxes = (
            image.flip(2),
            torch.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1),
        )
    if chance[1] < 0.5:
        image, boxes = (
            image.flip(1),
            torch.stack([boxes[:, 0], height - boxes[:, 3], boxes[:, 2], height - boxes[:, 1]], 1),
        )
    # A window of the image, larger or smaller than it, becomes the image.
    zoom, aspect = 0.85 + 0.45 * chance[2], 0.9 + 0.2 * chance[3]
    w, h = width / zoom, height / zoom * aspect
    x, y = (width - w) * chance[4], (height - h) * chance[5]
    columns = (x + (torch.arange(width) + 0.5) * w / width) / width * 2 - 1
    rows = (y + (torch.arange(height) + 0.5) * h / height) / height * 2 - 1
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij")[::-1], dim=-1)
    # What lies outside has the colour that is in the middle of all: the background between cells, for one.
    usual = image.flatten(1).median(dim=1).values[:, None, None]
    image = nn.functional.grid_sample((image - usual)[None], grid[None], align_corners=False)[0] + usual
    boxes = (boxes - boxes.new_tensor([x, y, x, y])) * boxes.new_tensor([width / w, height / h] * 2)
    inside = torch.stack([boxes[:, 0::2].clamp(0, width), boxes[:, 1::2].clamp(0, height)], dim=2).flatten(1)
    area, left = ((b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) for b in (boxes, inside))
    kept = left >= 0.4 * area
    tint = 1 + 0.3 * (image.new_tensor(chance[6:9]) - 0.5)
    image = ((image - 0.5) * (0.8 + 0.4 * chance[9]) + 0.5) * tint[:, None, None]
    return image.clamp(0, 1), {"boxes": inside[kept], "labels": labels[kept]}


def detect(net, images, batch_size: int = 4) -> list[dict]:
    """Let a network find the objects of images, in eval mode, a few at a time.

    Parameters
    ----------
    net : FasterRCNN
        Is in the same mode afterwards as before.
    images : array or tensor of shape (n, 3, height, width)
    batch_size : int

    Returns
    -------
    list of dict
        ``"boxes"``, ``"labels"`` and ``"scores"`` of each image.
    """
    found = []
    with in_eval_mode(net), torch.no_grad():
        for batch in torch.as_tensor(np.asarray(images), dtype=torch.float32).split(batch_size):
            found += net(batch)
    return found


def detection_map(net, images, targets: Sequence[Mapping], **settings) -> dict:
    """Mean average precision that a network reaches on images; see `voc_map`.

    Parameters
    ----------
    net : FasterRCNN
    images : array or tensor of shape (n, 3, height, width)
    targets : sequence of dict
    **settings
        Of `voc_map`.

    Returns
    -------
    dict
        ``"mAP"`` and ``"AP"``.
    """
    return voc_map(detect(net, images), targets, **settings)
