"""RAW files: a header of lines, then words in one of Prophesee's encodings."""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from heliograph.camera.reading import evt2, evt3, evt21, raw_header
from heliograph.camera.reading.errors import ForeignFileError
from heliograph.camera.reading.evt3_share import decode_share
from heliograph.camera.reading.pieces import Words
from heliograph.camera.reading.raw_form import Lead, RawForm
from heliograph.camera.reading.recording import Decode, DecodeShare, Opened
from heliograph.camera.reading.sources import Source


@dataclass(frozen=True, slots=True)
class Format:
    """One encoding: its name in a header, its word, its decoders and what leads in."""

    name: str
    word: np.dtype[np.unsignedinteger]
    decode: Decode
    lead: Lead
    decode_share: DecodeShare | None = None


FORMATS = MappingProxyType(
    {
        "EVT2": Format("EVT2", np.dtype("<u4"), evt2.decode, evt2.lead),
        "EVT21": Format("EVT21", np.dtype("<u8"), evt21.decode, evt21.lead),
        "EVT3": Format("EVT3", np.dtype("<u2"), evt3.decode, evt3.lead, decode_share),
    }
)
LEGACY = MappingProxyType(
    {"EVT21": Format("EVT21", np.dtype("<u8"), evt21.decode_legacy, evt21.lead_legacy)}
)
"""Encodings whose words are laid out another way where the header says so."""


def open_raw(source: Source) -> Opened:
    """Read the header of a RAW file; raises `ForeignFileError` for other encodings."""
    header = raw_header.parse(source.head, name=source.name)
    formats = {**FORMATS, **LEGACY} if header.legacy else FORMATS
    if header.format not in formats:
        raise ForeignFileError(
            f"{source.name}: the header says {header.format}; supported are RAW files "
            "with EVT2, EVT2.1 (EVT21) or EVT3 events"
        )
    encoding = formats[header.format]
    at = header.payload_at
    words = Words(
        source.stream,
        encoding.word,
        first=source.head[at:],
        at=at,
        origin=source.origin,
    )
    return Opened(
        format=encoding.name,
        pieces=words,
        decode=encoding.decode,
        raw=RawForm(words, header.fields, encoding.name, encoding.lead),
        decode_share=encoding.decode_share,
        size=header.size,
        ask="the header tells no geometry and its plugin "
        f"({header.fields.get('plugin_name', 'none named')}) is not known",
        nothing=f"no {encoding.name} time word in the {{bytes}} bytes after the header "
        f"(byte {at}); the recording is empty, or its payload is in another format "
        "than its header says",
    )
