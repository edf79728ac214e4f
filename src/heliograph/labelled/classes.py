"""Our classes, and what the classes of known data sets are among them."""

from collections.abc import Mapping
from typing import Final, TypeAlias

CLASSES: Final = ("person", "vehicle", "two-wheeler")
"""What our detector tells apart, in the order of its outputs."""

PERSON, VEHICLE, TWO_WHEELER = CLASSES

ClassMap: TypeAlias = Mapping[int | str, str]
"""From a data set's class, by id or by name, to ours. What is not in it is ignored."""

SIMULATOR: ClassMap = {0: PERSON, 1: VEHICLE, 2: TWO_WHEELER}
"""The recordings that `heliograph.simulation` writes."""

GEN1: ClassMap = {0: VEHICLE, 1: PERSON}
"""Prophesee Gen1: 0 car, 1 pedestrian (de Tournemire et al., arXiv 2001.08499)."""

MEGAPIXEL: ClassMap = {0: PERSON, 1: TWO_WHEELER, 2: VEHICLE, 3: VEHICLE, 4: VEHICLE}
"""Prophesee 1 Mpx: 0 pedestrian, 1 two wheeler, 2 car, 3 truck, 4 bus, 5 traffic sign,
6 traffic light (Perot et al., NeurIPS 2020). Signs and lights are none of ours."""

ETRAM: ClassMap = {
    0: PERSON,
    1: VEHICLE,
    2: TWO_WHEELER,
    3: VEHICLE,
    4: TWO_WHEELER,
    5: VEHICLE,
}
"""eTraM: 0 pedestrian, 1 car, 2 bicycle, 3 bus, 4 motorbike, 5 truck, then tram and
wheelchair (Verma et al., CVPR 2024). The authors' own files disagree on which of the
last two is 6 and which is 7, so both are left unjudged."""

PEDRO: ClassMap = {0: PERSON}
"""PEDRo: persons only (Boretti et al., CVPR Workshops 2023)."""

COCO: ClassMap = {
    "person": PERSON,
    "pedestrian": PERSON,
    "vehicle": VEHICLE,
    "car": VEHICLE,
    "truck": VEHICLE,
    "bus": VEHICLE,
    "two-wheeler": TWO_WHEELER,
    "bicycle": TWO_WHEELER,
    "motorcycle": TWO_WHEELER,
}
"""COCO's names (Lin et al., arXiv 1405.0312), our own, and *pedestrian*."""

CLASS_MAPS: Mapping[str, ClassMap] = {
    "simulator": SIMULATOR,
    "gen1": GEN1,
    "1mpx": MEGAPIXEL,
    "etram": ETRAM,
    "pedro": PEDRO,
    "coco": COCO,
}
"""The maps by the name that commands know them by."""
