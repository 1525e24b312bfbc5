"""ctapipe's default image cleaning and image parameters for many images at a time.

One file for each group of parameters, as in ctapipe.image, whose definitions these are; the
loops over images and pixels are compiled. ctapipe's own code makes some hundred small arrays
for each image, which is what it spends its time on.
"""

from .cleaning import clean_images
from .pixels import CameraPixels
from .table import image_checks, image_parameters, light_parameters, true_image_parameters

__all__ = [
    "CameraPixels",
    "clean_images",
    "image_checks",
    "image_parameters",
    "light_parameters",
    "true_image_parameters",
]
