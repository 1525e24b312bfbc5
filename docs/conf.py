"""Configuration of the documentation: ``sphinx-build -W docs FOLDER``."""

import os
import sys
import urllib.request
from pathlib import Path

import ctapipe_fastsim

sys.path.insert(0, str(Path(__file__).parent / "extensions"))
from tutorial_order import TUTORIALS  # noqa: E402

os.environ.setdefault("OMP_NUM_THREADS", "1")  # inherited by the tools that tutorials start

project = "ctapipe-fastsim"
author = "the ctapipe-fastsim developers"
version = release = ctapipe_fastsim.__version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "traits_directive",
]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["sg_execution_times.rst"]
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
smartquotes = False  # options begin with two hyphens

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "tutorials",
    "filename_pattern": "|".join(TUTORIALS),
    "ignore_pattern": rf"^(?!(.*/)?({'|'.join(TUTORIALS)})$)",
    "within_subsection_order": "tutorial_order.tutorial_order",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
}

INVENTORIES = {
    "astropy": "https://docs.astropy.org/en/stable/",
    "ctapipe": "https://ctapipe.readthedocs.io/en/stable/",
    "numpy": "https://numpy.org/doc/stable/",
    "python": "https://docs.python.org/3/",
    "traitlets": "https://traitlets.readthedocs.io/en/stable/",
}


def reachable(address):
    """Whether the names that another project documents can be fetched; offline, they are text."""
    try:
        with urllib.request.urlopen(address + "objects.inv", timeout=5):
            return True
    except OSError:
        return False


intersphinx_mapping = {
    name: (address, None) for name, address in INVENTORIES.items() if reachable(address)
}

html_theme = "pydata_sphinx_theme"
html_title = "ctapipe-fastsim"
html_static_path = ["static"]
html_css_files = ["fastsim.css"]
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "show_toc_level": 2,
}
