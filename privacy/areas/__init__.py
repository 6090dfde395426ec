"""The area codes of `common.areas`, under the name that what binds knows them by."""

from common.areas import AREAS, Area, area_of, known, normalise_code, same_province

__all__ = ["AREAS", "Area", "area_of", "known", "normalise_code", "same_province"]
