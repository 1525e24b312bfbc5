import numpy as np
from comparison_helpers import toy_sample

from ctapipe_fastsim.validation.cross_fit import cross_fitted


def test_no_image_is_judged_by_its_own_shower():
    reference = toy_sample(1)
    generated = reference[::3]
    taught = []

    def fit(first, second):
        taught.append(np.unique(first.shower))
        np.testing.assert_array_equal(np.unique(second.shower), taught[-1])

        def predict(sample):
            assert not np.intersect1d(sample.shower, taught[-1]).size
            return sample.shower + 0.5

        return predict

    predictions = cross_fitted(fit, (reference, generated), seed=1)
    for sample, predicted in zip((reference, generated), predictions):
        np.testing.assert_array_equal(predicted, sample.shower + 0.5)
    assert [len(numbers) for numbers in taught] == [125, 125]
    assert not np.intersect1d(*taught).size
