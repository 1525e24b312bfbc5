"""Light that lands side by side comes together: a pixel's time follows its brightest neighbour's.

A map of mean times cannot know when each sub-shower, or a muon, arrives; the brighter of two
neighbouring pixels tells. Each pixel with light follows the brightest of its neighbours that
is brighter than itself (of equal ones the first), so that links end at the local maxima.
With n photo-electrons a pixel i has the mean time m_i and the variance v_i = s_i^2 / n_i + c_i^2:
s is the spread of one of them, c that which all of them share. What those of i share correlates
by r_i with what those of j do, the neighbour that it follows. If t_j is likely the time of light, i
expects, as of normal variables,

    m_i + f (t_j - m_j),  f = r_i c_i c_j / v_j,  with the variance  v_i - f^2 v_j .

All of m, s, c and r are maps.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.distributions import StudentT
from torch.nn import functional

from .map_numbers import FEWEST_DEGREES

if TYPE_CHECKING:
    from .network import CVAE, LightMap

__all__ = [
    "LinkedTimes",
    "arrival_log_density",
    "degrees_of_freedom",
    "linked_times",
]


class LinkedTimes(NamedTuple):
    """When light is expected in each of L pixels with light.

    Attributes
    ----------
    image, pixel : (L,) int tensors
        Which pixels.
    odds : (L,) tensor
        Logarithm of those that a pixel shows the time of its light.
    is_linked : (L,) bool tensor
    link_odds : (L,) tensor
        Logarithm of those that the pixel that is followed does, judged by its time.
    free_time, free_spread, linked_time, linked_spread : (L,) tensors, ns
        Mean and spread of the peak time, without and with the link.
    """

    image: torch.Tensor
    pixel: torch.Tensor
    odds: torch.Tensor
    is_linked: torch.Tensor
    link_odds: torch.Tensor
    free_time: torch.Tensor
    free_spread: torch.Tensor
    linked_time: torch.Tensor
    linked_spread: torch.Tensor

    @property
    def expected(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The likelier mean and spread of each pixel, (L,) tensors, ns."""
        link = self.is_linked & (self.link_odds > 0)
        return (
            torch.where(link, self.linked_time, self.free_time),
            torch.where(link, self.linked_spread, self.free_spread),
        )


def linked_times(
    counts: torch.Tensor, times: torch.Tensor, light: "LightMap", network: "CVAE"
) -> LinkedTimes:
    """What is expected of the peak times of B images.

    Parameters
    ----------
    counts, times : (B, P) tensors
        Photo-electrons and peak times (ns).
    light : network.LightMap
    network : CVAE
        Holds neighbours, window and what is learned of times.

    Returns
    -------
    LinkedTimes
    """
    image, pixel = counts.nonzero(as_tuple=True)
    other, is_linked = _followed(counts, network.neighbours, image, pixel)
    n, n_other = counts[image, pixel], counts[image, other]
    time, variance = light.time[image, pixel], light.time_spread[image, pixel] ** 2 / n
    common = light.common_spread[image, pixel]
    free_spread = torch.sqrt(variance + common**2)
    odds = network.time_signal_odds[0] + network.time_signal_odds[1] * torch.log(n)
    density = arrival_log_density(times[image, pixel], time, free_spread, network)
    link_odds = torch.zeros_like(counts).index_put(
        (image, pixel), odds + density + math.log(network.sizes.time_window)
    )[image, other]
    correlation, common_other = light.correlation[image, pixel], light.common_spread[image, other]
    alone = light.time_spread[image, other] ** 2 / n_other
    variance_other = alone + common_other**2
    share = correlation * common * common_other / variance_other
    late = times[image, other] - light.time[image, other]
    unknown = ((1 - correlation**2) * common_other**2 + alone) / variance_other
    linked_spread = torch.sqrt(variance + common**2 * unknown)  # nothing that cancels
    return LinkedTimes(
        *(image, pixel, odds, is_linked, link_odds, time, free_spread),
        *(time + share * late, linked_spread),
    )


def arrival_log_density(
    times: torch.Tensor, mean: torch.Tensor, spread: torch.Tensor, network: "CVAE"
) -> torch.Tensor:
    """Student's t, since light of other particles comes far from the mean; same shapes."""
    arrival = StudentT(degrees_of_freedom(network), validate_args=False)
    return arrival.log_prob((times - mean) / spread) - torch.log(spread)


def degrees_of_freedom(network: "CVAE") -> torch.Tensor:
    """Of Student's t that peak times follow."""
    return functional.softplus(network.time_tail) + FEWEST_DEGREES


def _followed(
    counts: torch.Tensor, neighbours: torch.Tensor, image: torch.Tensor, pixel: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The pixel that each of L pixels follows, itself where there is none, and if there is one."""
    n_pixels = counts.shape[1]
    rank = counts.double() * (n_pixels + 1) - torch.arange(n_pixels, device=counts.device)
    rank = functional.pad(rank, (0, 1), value=-torch.inf)  # of NOBODY, the last one
    around = neighbours[pixel]  # (L, K)
    best, place = rank[image[:, None], around].max(dim=1)
    is_linked = best > rank[image, pixel]
    return torch.where(is_linked, around.gather(1, place[:, None])[:, 0], pixel), is_linked
