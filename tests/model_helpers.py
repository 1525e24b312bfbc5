"""Small trainings, and generators of models."""

from ctapipe_fastsim.generator import EventGenerator
from ctapipe_fastsim.training import TrainingOptions

SMALL_TRAINING = TrainingOptions(
    epochs=2,
    batch_size=128,
    learning_rate=1e-3,
    patience=5,
    n_latent=2,
    n_local=1,
    hidden=8,
    seed=1,
    device="cpu",
)


def run_epochs(run, n):
    """Train for n epochs."""
    for _ in range(n):
        run.run_epoch(lambda steps: None)
    return run


def event_generator(model, n_thrown, seed=1, obs_id=1, **options):
    """Events of ``n_thrown`` showers of a model's first primary, in its own array."""
    thrown = model.thrown[0].replace(n_thrown=n_thrown)
    return EventGenerator(model, model.subarray, [thrown], seed=seed, obs_id=obs_id, **options)
