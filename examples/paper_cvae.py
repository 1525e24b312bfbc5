"""A CVAE of the kind of Polyakov et al. 2022 (arXiv 2211.12553), to compare with ours.

From the paper's abstract: a conditional variational autoencoder of gamma images of one TAIGA-IACT
telescope, its only condition the image size, the sum of the amplitudes of the pixels; images are
generated with the Monte Carlo's distribution of sizes. This is its kind of model, written without
the paper's text beyond the abstract and without its code: its layers, latents, loss and
preparation of images are not reproduced, and its data were others.

Chosen here, where one could to its advantage on the data at hand:

* amplitudes are painted directly and latents drawn from N(0, 1): no noise model, no learned prior;
* cleaned images only (pixels that cleaning drops are zero). A noisy image can have a sum below
  zero, of which there is no logarithm, and a decoder without a noise model paints no noise;
* hexagons on the skewed square grid of ctapipe's `CameraGeometry` (29 x 29 for 595 pixels), padded
  to a multiple of 8, amplitudes as square roots, which gives pixels about equal fluctuations;
* three strided convolutions of 16, 32 and 64 channels, their mirror image, 8 latents;
* Gaussian likelihood of width 1 (in square roots of p.e.), the usual squared error. Of the few
  combinations tried (square roots or logarithms, width 0.5, 1 or 2, 8 or 16 latents) this one gave
  the most images that survive cleaning;
* log(size), standardised, as the condition of encoder and decoder; Adam, 2e-3 falling to zero.
"""

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from ctapipe_fastsim.random_streams import random_stream

N_LATENT = 8
BATCH_SIZE = 64
LEARNING_RATE = 2e-3


class PaperCVAE(nn.Module):
    """Convolutional CVAE of cleaned images.

    Parameters
    ----------
    camera_geometry : ctapipe.instrument.CameraGeometry
    size : (N,) array, p.e.
        Sums of the training images' charges, all above zero.
    """

    def __init__(self, camera_geometry, size):
        super().__init__()
        pixel = camera_geometry.image_to_cartesian_representation(
            np.arange(camera_geometry.n_pixels, dtype=float)
        )
        rows, columns = np.nonzero(np.isfinite(pixel))
        order = np.argsort(pixel[rows, columns])
        self.rows, self.columns = rows[order], columns[order]  # of each pixel
        self.n_coarse = -(-max(pixel.shape) // 8)
        self.mean, self.deviation = np.log(size).mean(), np.log(size).std()

        n_flat = 64 * self.n_coarse**2
        self.encoder = nn.Sequential(
            *(nn.Conv2d(2, 16, 3, 2, 1), nn.ReLU()),
            *(nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU()),
            *(nn.Conv2d(32, 64, 3, 2, 1), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(n_flat, 2 * N_LATENT)),
        )
        self.decoder = nn.Sequential(
            *(nn.Linear(N_LATENT + 1, n_flat), nn.ReLU()),
            nn.Unflatten(1, (64, self.n_coarse, self.n_coarse)),
            *(nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU()),
            *(nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU()),
            nn.ConvTranspose2d(16, 1, 4, 2, 1),
        )

    def condition(self, size):
        """Standardised log(size), a (B, 1) tensor."""
        scaled = (np.log(size) - self.mean) / self.deviation
        return torch.as_tensor(scaled, dtype=torch.float32)[:, None]

    def encode(self, amplitude, condition):
        """Mean and log variance of the latents, (B, L) each, of (B, P) square roots of charge."""
        grid = amplitude.new_zeros(len(amplitude), 2, 8 * self.n_coarse, 8 * self.n_coarse)
        grid[:, 0, self.rows, self.columns] = amplitude
        grid[:, 1] = condition[:, :, None]
        return self.encoder(grid).chunk(2, dim=1)

    def decode(self, latent, condition):
        """Expected square root of charge, (B, P)."""
        grid = self.decoder(torch.cat([latent, condition], dim=1))  # (B, 1, H, W)
        return grid[:, 0, self.rows, self.columns]


def negative_elbo(cvae, amplitude, condition):
    """Mean negative evidence lower bound of a batch, without its constant."""
    mean, log_variance = cvae.encode(amplitude, condition)
    latent = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
    error = (cvae.decode(latent, condition) - amplitude).square().sum(dim=1) / 2
    divergence = (mean.square() + log_variance.exp() - log_variance - 1).sum(dim=1) / 2
    return (error + divergence).mean()


def train(camera_geometry, charge, epochs, seed):
    """Train on cleaned images.

    Parameters
    ----------
    camera_geometry : ctapipe.instrument.CameraGeometry
    charge : (N, P) array, p.e.
        Charges above zero where cleaning kept the pixel, else zero; no image without light.
    epochs : int
    seed : int

    Returns
    -------
    PaperCVAE
    """
    torch.manual_seed(int(random_stream("paper CVAE", seed).integers(2**62)))
    size = charge.sum(axis=1)
    cvae = PaperCVAE(camera_geometry, size)
    amplitude = torch.as_tensor(np.sqrt(charge), dtype=torch.float32)
    condition = cvae.condition(size)
    optimizer = torch.optim.Adam(cvae.parameters(), lr=LEARNING_RATE)
    n_steps = epochs * len(torch.arange(len(charge)).split(BATCH_SIZE))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    with tqdm(total=n_steps, desc="paper-style CVAE", unit="batch") as progress:
        for _ in range(epochs):
            for batch in torch.randperm(len(charge)).split(BATCH_SIZE):
                loss = negative_elbo(cvae, amplitude[batch], condition[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                progress.update()
            progress.set_postfix(loss=f"{loss.item():.1f}")
    return cvae


@torch.no_grad()
def generate(cvae, size, rng):
    """Draw one image for every requested size.

    Parameters
    ----------
    cvae : PaperCVAE
    size : (N,) array, p.e.
        Requested sums of charges.
    rng : numpy.random.Generator

    Returns
    -------
    (N, P) array, p.e.
        The decoder's expectation; below zero is taken for zero.
    """
    latent = torch.as_tensor(rng.standard_normal((len(size), N_LATENT), dtype=np.float32))
    blocks = zip(latent.split(512), cvae.condition(size).split(512))
    amplitude = torch.cat([cvae.decode(*block) for block in blocks])
    return amplitude.clamp(min=0).square().numpy()
