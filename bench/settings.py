"""The product's settings with one address more: the empty view that benchmarks compare a door with."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
