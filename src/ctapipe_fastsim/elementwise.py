"""Logarithms and exponentials of arrays in single precision, compiled.

They work in place on rows short enough for fast memory, without branches, so that processors do
several numbers at once; errors are a few of the last digits.
"""

import numpy as np
from numba import njit

from .array_types import FloatArray

__all__ = ["arsinh", "exponential", "logarithm", "logit", "softplus"]

SINGLE = np.float32
ONE, TWO, HALF = SINGLE(1), SINGLE(2), SINGLE(0.5)
MANTISSA = np.int32(23)  # bits
BIAS = np.int32(127)  # of the exponent
BITS_OF_ROOT_HALF = np.int32(SINGLE(np.sqrt(0.5)).view(np.int32))
LOG_2, LOG_2_FIRST = np.log(2), SINGLE(0.693359375)  # its first nine bits: products are exact
LOG_2_REST, PER_LOG_2 = SINGLE(LOG_2 - 0.693359375), SINGLE(1 / LOG_2)
LOWEST, HIGHEST = SINGLE(-87), SINGLE(88)  # of the exponential's arguments


@njit(cache=True, nogil=True, error_model="numpy")
def logarithm(values: FloatArray) -> None:
    """Natural logarithm of normal positive numbers, (N,) float32 array.

    Of 2^k m, m near 1, it is k log 2 + 2 artanh s, s = (m - 1) / (m + 1), as a series in s.
    """
    bits = values.view(np.int32)
    power = np.empty(len(values), np.int32)
    for i in range(len(values)):
        power[i] = (bits[i] - BITS_OF_ROOT_HALF) >> MANTISSA
        bits[i] -= power[i] << MANTISSA
    for i in range(len(values)):
        s = (values[i] - ONE) / (values[i] + ONE)
        z = s * s
        series = SINGLE(2 / 3) + z * (SINGLE(2 / 5) + z * (SINGLE(2 / 7) + z * SINGLE(2 / 9)))
        values[i] = s * (TWO + z * series) + SINGLE(power[i]) * SINGLE(LOG_2)


@njit(cache=True, nogil=True, error_model="numpy")
def exponential(values: FloatArray) -> None:
    """Exponential, (N,) float32 array; of what is not between `LOWEST` and `HIGHEST`, of these.

    Of k log 2 + r it is 2^k times the series of exp r.
    """
    scale = np.empty(len(values), np.int32)
    for i in range(len(values)):
        x = min(max(LOWEST, values[i]), HIGHEST)  # in this order, what is not a number is lowest
        k = np.floor(x * PER_LOG_2 + HALF)
        r = x - k * LOG_2_FIRST - k * LOG_2_REST
        series = SINGLE(1 / 24) + r * (SINGLE(1 / 120) + r * SINGLE(1 / 720))
        values[i] = ONE + r * (ONE + r * (HALF + r * (SINGLE(1 / 6) + r * series)))
        scale[i] = (np.int32(k) + BIAS) << MANTISSA
    values *= scale.view(np.float32)


@njit(cache=True, nogil=True, error_model="numpy")
def logit(values: FloatArray) -> None:
    """Log odds of probabilities between 0 and 1, (N,) float32 array."""
    for i in range(len(values)):
        values[i] = values[i] / (ONE - values[i])
    logarithm(values)


@njit(cache=True, nogil=True, error_model="numpy")
def arsinh(values: FloatArray) -> None:
    """Inverse hyperbolic sine, (N,) float32 array."""
    size = np.abs(values)
    size += np.sqrt(size * size + ONE)
    logarithm(size)
    for i in range(len(values)):
        values[i] = np.copysign(size[i], values[i])


@njit(cache=True, nogil=True, error_model="numpy")
def softplus(values: FloatArray) -> None:
    """log(1 + exp x), (N,) float32 array; x where it is beyond 20."""
    smooth = np.minimum(values, SINGLE(20))
    exponential(smooth)
    smooth += ONE
    logarithm(smooth)
    for i in range(len(values)):
        values[i] = max(values[i], smooth[i])
