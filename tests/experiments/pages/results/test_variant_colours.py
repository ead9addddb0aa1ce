"""Variants are told apart by colour, by colour-blind readers and in both themes as well."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from numpy.typing import NDArray

Colour = NDArray[np.float64]
SIGHTS = {
    "all colours": np.eye(3),
    "no red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "no blue": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
"""On linear RGB: Machado, Oliveira and Fernandes 2009, severity 1."""
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def tokens(theme: str) -> tuple[list[Colour], Colour]:
    """The ten colours and the surface that they are drawn on, in linear RGB."""
    sheet = (Path(settings.BASE_DIR) / "static" / "css" / "tokens.css").read_text()
    pairs = dict(re.findall(r"--(arm-\d|surface): light-dark\((#\w{6}, #\w{6})\)", sheet))
    side = ("light", "dark").index(theme)
    read = {name: linear(pair.split(", ")[side]) for name, pair in pairs.items()}
    return [read[f"arm-{n}"] for n in range(10)], read["surface"]


def linear(written: str) -> Colour:
    channels = np.array([int(written[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(colour: Colour) -> Colour:
    """CIE L*a*b* under D65."""
    x, y, z = np.cbrt(TO_XYZ @ np.clip(colour, 0, 1) / WHITE)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def nearest(colours: list[Colour]) -> float:
    """How far apart the two most alike are to whoever sees them least apart."""
    return min(
        float(np.linalg.norm(lab(sight @ one) - lab(sight @ other)))
        for sight in SIGHTS.values()
        for one, other in combinations(colours, 2)
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_of_variants_are_told_apart(theme: str) -> None:
    colours, surface = tokens(theme)
    assert nearest(colours[:3]) > 19
    assert nearest(colours[:5]) > 19
    assert nearest(colours) > 12
    for colour in colours:
        light, dark = sorted([TO_XYZ[1] @ colour, TO_XYZ[1] @ surface], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3
