"""RoI pooling: whatever the size of a region, the same number of features comes out."""

from collections.abc import Sequence
from numbers import Integral

import torch

from mlcourse.models.detection.boxes import checked_boxes


def roi_pool(features: torch.Tensor, boxes: Sequence, size: int | tuple[int, int] = 7, scale: float = 1 / 16):
    """Divide each region into size x size cells, and take the largest value of each channel in each cell.

    The region's edges are rounded to places of the feature map, both of them inside it, so that a region is at least
    one place wide and high. Of a region of h rows, cell i has the rows from floor(i h / size) up to, and without,
    ceil((i + 1) h / size): neighbouring cells may share a row. Cells that lie outside the map are 0.

    No loop runs over regions or cells. First comes a table of the largest value in each window of 1, 2, 4, ... rows and
    columns. Any cell is covered by four windows of the table that may overlap: their largest value is the cell's, and
    exact, for taking a value twice does not change the maximum.

    Parameters
    ----------
    features : tensor of shape (images, channels, height, width)
    boxes : sequence of tensors of shape (n, 4)
        Regions of each image, in pixels of the image.
    size : int or (int, int)
        Cells: rows and columns.
    scale : float
        Places of the feature map a pixel: 1 / stride of the backbone.

    Returns
    -------
    tensor of shape (regions of all images, channels, rows, columns)
        Of the type of the features. Gradients flow back to the features, to the place of each maximum.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit together, or edges are missing or infinite.

    References
    ----------
    R. Girshick: Fast R-CNN, ICCV 2015, section 2.1.

    Examples
    --------
    >>> features = torch.arange(16.0).reshape(1, 1, 4, 4)
    >>> roi_pool(features, [torch.tensor([[0.0, 0.0, 3.0, 3.0], [2.0, 0.0, 3.0, 1.0]])], size=2, scale=1)
    tensor([[[[ 5.,  7.],
              [13., 15.]]],
    <BLANKLINE>
    <BLANKLINE>
            [[[ 2.,  3.],
              [ 6.,  7.]]]])
    """
    rows, columns = (size, size) if isinstance(size, Integral) else tuple(size)
    if not isinstance(features, torch.Tensor) or features.ndim != 4 or 0 in features.shape[1:]:
        shape = tuple(features.shape) if isinstance(features, torch.Tensor) else type(features).__name__
        raise ValueError(f"features must be a tensor of shape (images, channels, height, width), not {shape}.")
    if not all(isinstance(n, Integral) and n > 0 for n in (rows, columns)):
        raise ValueError(f"size must be cells, at least 1, such as 7 or (7, 7), not {size!r}.")
    if len(boxes) != len(features):
        raise ValueError(f"boxes must hold one tensor for each of the {len(features)} images, not {len(boxes)}.")
    boxes = [checked_boxes(one, f"boxes[{i}]") for i, one in enumerate(boxes)]
    regions = torch.cat(boxes).detach().to(features.device)
    if not regions.is_meta and not bool(regions.isfinite().all()):
        raise ValueError("boxes must be numbers, and some edges are missing or infinite: leave those boxes out.")
    image = torch.cat([regions.new_full((len(one),), i, dtype=torch.int64) for i, one in enumerate(boxes)])

    n, channels, height, width = features.shape
    top, bottom = _cells(regions[:, 1], regions[:, 3], scale, rows, height)
    left, right = _cells(regions[:, 0], regions[:, 2], scale, columns, width)
    down, aside = _level(bottom - top), _level(right - left)
    levels = [1 if level.is_meta or not len(level) else int(level.max()) + 1 for level in (down, aside)]
    tables = _window_maxima(features, *levels)
    # One number a cell: which table, and where in it.
    down, aside = down[:, :, None], aside[:, None, :]
    base = ((down * levels[1] + aside) * n + image[:, None, None]) * height
    last = bottom[:, :, None] - 2**down, right[:, None, :] - 2**aside
    corners = [
        (base + y.clamp(min=0)) * width + x.clamp(min=0)
        for y in (top[:, :, None].clamp(max=height - 1), last[0])
        for x in (left[:, None, :].clamp(max=width - 1), last[1])
    ]
    found = tables.index_select(0, corners[0].flatten())
    for corner in corners[1:]:
        found = torch.maximum(found, tables.index_select(0, corner.flatten()))
    found = found.reshape(len(regions), rows, columns, channels).permute(0, 3, 1, 2)
    empty = (bottom <= top)[:, :, None] | (right <= left)[:, None, :]
    return found.masked_fill(empty[:, None], 0)


def _cells(first, last, scale, n, length):
    """Where the n cells of each region begin, and where they end: (regions, n) each, the end not included."""
    # Whole numbers, so that no rounding makes a cell longer than it is. Halves are rounded up.
    first = (first.double() * scale + 0.5).floor().long()
    last = (last.double() * scale + 0.5).floor().long()
    extent = (last - first + 1).clamp(min=1)[:, None]
    i = torch.arange(n, device=first.device)
    begin = i * extent // n + first[:, None]
    end = ((i + 1) * extent + n - 1) // n + first[:, None]
    return begin.clamp(0, length), end.clamp(0, length)


def _level(extent):
    """The largest l with 2**l <= extent; 0 for cells that are empty."""
    return (torch.frexp(extent.double()).exponent.long() - 1).clamp(min=0)


def _window_maxima(features, down, across):
    """Largest values of all windows of 2**i x 2**j places, i < down and j < across, as (windows, channels)."""
    tables, rowwise = [], features.permute(0, 2, 3, 1).contiguous()
    for i in range(down):
        columnwise = rowwise
        for j in range(across):
            tables.append(columnwise)
            columnwise = _larger(columnwise, 2**j, 2)
        rowwise = _larger(rowwise, 2**i, 1)
    return torch.stack(tables).reshape(-1, features.shape[1])


def _larger(table, step, axis):
    """Windows of twice the length: the larger of two neighbours. What would reach over the edge is never read."""
    if table.shape[axis] <= step:
        return table
    length = table.shape[axis] - step
    larger = torch.maximum(table.narrow(axis, 0, length), table.narrow(axis, step, length))
    return torch.cat([larger, table.narrow(axis, length, step)], dim=axis)
